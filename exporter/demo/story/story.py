# SPDX-License-Identifier: Apache-2.0
"""The play: a cluster is built, runs, and is never quite well.

The same seed and the same times give the same story, to the last byte.
"""

from __future__ import annotations

from collections.abc import Callable

from exporter.demo.recorders import ObjectRef
from exporter.demo.story import cast
from exporter.demo.story.cast import NODES
from exporter.demo.story.cluster import NORMAL, Cluster
from exporter.demo.story.incidents import (
    bad_image,
    crash_loop,
    full_node,
    missing_config,
    node_failure,
    quota,
    unlively,
    unready,
)
from exporter.demo.story.stage import Scene, Stage
from exporter.demo.story.workload_scenes import Rollouts, agents, autoscale, cron_job

_COMPACT_EVERY = 300.0  # seconds; what is older than that is forgotten, as a real API server does
_HOUSEKEEPING = 1.0
_REVIEW = 10.0  # seconds within which a review begins all that it shows

# A scene to be played many times, and about how many seconds of rest lie between.
_Recurring = tuple[float, Callable[[], Scene]]


class Story:
    """All scenes on one stage, from the cluster's `now` on; `liveliness` above 1: less rest."""

    def __init__(self, cluster: Cluster, *, liveliness: float = 1.0) -> None:
        self._stage = stage = Stage(cluster, liveliness=liveliness)
        deployments = Rollouts(stage)
        stage.play(_housekeeping(stage))
        stage.play(_control_plane(stage))
        for node in NODES:
            stage.play(_join(stage, node))
        stage.play(agents(stage, cast.AGENT))
        for workload in cast.DEPLOYMENTS:
            stage.play(deployments.install(workload))
        stage.play(cron_job(stage, cast.TICK, 60.0))
        stage.play(cron_job(stage, cast.REPORT, 300.0))
        stage.play(stage.recur(700.0, lambda: node_failure(stage)))
        self._recurring: tuple[_Recurring, ...] = (
            (150.0, lambda: deployments.roll(stage.rng.choice(cast.ROLLED))),
            (150.0, lambda: deployments.roll(cast.TRANSCODER)),
            (240.0, lambda: deployments.roll(cast.THUMBNAILER)),
            (240.0, lambda: autoscale(stage, deployments, cast.WEB)),
            (200.0, lambda: bad_image(stage, deployments, cast.CHECKOUT)),
            (120.0, lambda: crash_loop(stage, deployments, cast.BOOKING)),
            (300.0, lambda: full_node(stage, cast.REINDEX)),
            (240.0, lambda: unready(stage, cast.QUERY)),
            (300.0, lambda: unlively(stage, cast.API)),
            (120.0, lambda: quota(stage, deployments, cast.GREEDY)),
            (400.0, lambda: missing_config(stage, deployments, cast.CART)),
        )
        for mean, scene in self._recurring:
            stage.play(stage.recur(mean, scene))

    def advance(self, now: float) -> float:
        """Everything that should have happened by `now` has; seconds until something does next."""
        return self._stage.advance(now)

    def review(self) -> None:
        """Show everything that recurs once more, soon: who begins to watch need not wait for it."""
        for _, scene in self._recurring:
            self._stage.play(_after(self._stage.between(0.0, _REVIEW), scene))


def _after(delay: float, scene: Callable[[], Scene]) -> Scene:
    yield delay
    yield from scene()


def _housekeeping(stage: Stage) -> Scene:
    """What goes on behind the events: expiry, compaction, recorders' timers, other writes."""
    cluster = stage.cluster
    compacted, known = stage.now, cluster.store.revision
    while True:
        yield _HOUSEKEEPING
        cluster.store.advance(stage.rng.randrange(4))
        cluster.scheduler.tick(stage.now)
        cluster.store.expire(stage.now)
        if stage.now - compacted >= _COMPACT_EVERY:
            cluster.store.compact(known)
            compacted, known = stage.now, cluster.store.revision


def _control_plane(stage: Stage) -> Scene:
    """The leaders of the control plane are found."""
    cluster = stage.cluster
    for component in ("kube-controller-manager", "default-scheduler"):
        yield stage.between(0.1, 0.8)
        name = component.replace("default", "kube")
        lease = cluster.owner("Lease", "kube-system", name, "coordination.k8s.io/v1")
        message = f"control-1_{cluster.uid()} became leader"
        cluster.control(component, lease, NORMAL, "LeaderElection", message)


def _join(stage: Stage, name: str) -> Scene:
    """A node's kubelet starts and the node becomes a member."""
    cluster, ref = stage.cluster, ObjectRef("Node", name)
    yield stage.between(0.1, 2.0)
    status = f"Node {name} status is now: "
    for reason, message in (
        ("Starting", "Starting kubelet."),
        ("NodeHasSufficientMemory", f"{status}NodeHasSufficientMemory"),
        ("NodeHasNoDiskPressure", f"{status}NodeHasNoDiskPressure"),
        ("NodeHasSufficientPID", f"{status}NodeHasSufficientPID"),
        ("NodeAllocatableEnforced", "Updated Node Allocatable limit across pods"),
    ):
        cluster.kubelet(name, ref, NORMAL, reason, message)
        yield stage.between(0.01, 0.1)
    node = cluster.owner("Node", "", name, "v1")
    message = f"Node {name} event: Registered Node {name} in Controller"
    cluster.control("node-controller", node, NORMAL, "RegisteredNode", message)
    yield stage.between(1.0, 4.0)
    cluster.kubelet(name, ref, NORMAL, "NodeReady", f"{status}NodeReady")
