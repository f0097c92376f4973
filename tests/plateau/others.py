"""What else happens in a cluster: controllers of somebody's own, slow repeats, nodes for hire."""

from __future__ import annotations

from exporter.demo.recorders import ObjectRef
from exporter.demo.story.cluster import NORMAL, WARNING
from exporter.demo.story.stage import Scene, Stage

OPERATORS = 240
"""They take turns: two minutes apart, each is quiet for seven hours after its one."""
_SHIFT = 120.0
_VERBS = ("Sync", "Adopt", "Drain", "Promote", "Rotate", "Migrate", "Verify", "Prune")
_NOUNS = ("Shard", "Bucket", "Topic", "Tenant", "Replica", "Backup", "Schema", "Key", "Lease")


def operators(stage: Stage) -> Scene:
    """The controllers wake one after the other, round and round."""
    number = 0
    while True:
        stage.play(_operator(stage, number))
        number = (number + 1) % OPERATORS
        yield _SHIFT


def reminder(stage: Stage, ttl: float) -> Scene:
    """An event that repeats more slowly than it lives: it returns under its old name, with its
    count. After half a day somebody looks after it.
    """
    cluster = stage.cluster
    name = f"tls-{cluster.suffix()}"
    ref = ObjectRef("Certificate", name, "infra", cluster.uid(), "cert-manager.io/v1")
    until = stage.now + stage.between(36_000.0, 50_000.0)
    message = "The certificate request has failed to complete and will be retried"
    while stage.now < until:
        component = "cert-manager-certificates-issuing"
        cluster.control(component, ref, WARNING, "RequestFailed", message)
        yield stage.between(1.03 * ttl, 1.8 * ttl)


def spot_node(stage: Stage) -> Scene:
    """A node that is hired for some hours; of every second nobody hears how it ended."""
    cluster = stage.cluster
    name = f"spot-{cluster.suffix(8)}"
    ref = ObjectRef("Node", name, uid=name)
    cluster.kubelet(name, ref, NORMAL, "Starting", "Starting kubelet.")
    yield stage.between(5.0, 20.0)
    status = f"Node {name} status is now: "
    cluster.kubelet(name, ref, NORMAL, "NodeReady", status + "NodeReady")
    yield stage.between(3600.0, 10_800.0)
    cluster.control("node-controller", ref, NORMAL, "NodeNotReady", status + "NodeNotReady")
    if stage.rng.random() < 0.5:
        yield stage.between(60.0, 300.0)
        message = f"Node {name} event: Removing Node {name} from Controller"
        cluster.control("node-controller", ref, NORMAL, "RemovingNode", message)


def _operator(stage: Stage, number: int) -> Scene:
    """One shift: its own component, kind and reasons, of which each is known to it alone."""
    cluster = stage.cluster
    noun = _NOUNS[number % len(_NOUNS)]
    until = stage.now + stage.between(2400.0, 4800.0)
    while stage.now < until:
        ref = ObjectRef(noun, f"{noun.lower()}-{cluster.suffix(6)}", "infra", cluster.uid())
        for verb in stage.rng.sample(_VERBS, 3):
            message = f"{verb} of {ref.name} done"
            cluster.control(f"operator-{number}", ref, NORMAL, f"{verb}{noun}{number}", message)
            yield stage.between(1.0, 30.0)
        yield stage.between(60.0, 240.0)
