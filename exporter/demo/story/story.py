# SPDX-License-Identifier: Apache-2.0
"""The play: a cluster is built, runs, and is never quite well.

The same seed and the same times give the same story, to the last byte.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from exporter.demo import cast
from exporter.demo.cluster import NODES, NORMAL, Cluster
from exporter.demo.event_objects import ObjectRef
from exporter.demo.incidents import (
    bad_image,
    crash_loop,
    full_node,
    missing_config,
    node_failure,
    quota,
    unlively,
    unready,
)
from exporter.demo.pod_scenes import Part
from exporter.demo.stage import Scene, Stage
from exporter.demo.workload_scenes import Rollouts, agents, autoscaling, cron_job, rollouts

_COMPACT_EVERY = 300.0  # seconds; what is older than that is forgotten, as a real API server does
_LONGEST_NAP = 0.5
_HOUSEKEEPING = 1.0


class Story:
    """All scenes on one stage, from the cluster's `now` on; `liveliness` above 1: less rest."""

    def __init__(self, cluster: Cluster, *, liveliness: float = 1.0) -> None:
        self.stage = Stage(cluster, liveliness=liveliness)
        stage, deployments = self.stage, Rollouts(self.stage)
        stage.play(_housekeeping(stage))
        stage.play(_control_plane(stage))
        for node in NODES:
            stage.play(_join(stage, node))
        stage.play(agents(stage, cast.AGENT))
        for workload in cast.DEPLOYMENTS:
            stage.play(deployments.install(workload))
        stage.play(rollouts(stage, deployments, cast.ROLLED))
        stage.play(rollouts(stage, deployments, (cast.TRANSCODER,)))
        stage.play(autoscaling(stage, deployments, cast.WEB))
        stage.play(cron_job(stage, cast.TICK, 60.0))
        stage.play(cron_job(stage, cast.REPORT, 300.0))
        stage.play(bad_image(stage, deployments, cast.CHECKOUT))
        stage.play(crash_loop(stage, deployments, cast.BOOKING))
        stage.play(full_node(stage, cast.REINDEX))
        stage.play(unready(stage, cast.QUERY))
        stage.play(unlively(stage, cast.API))
        stage.play(quota(stage, deployments, cast.GREEDY))
        stage.play(missing_config(stage, deployments, cast.CART))
        stage.play(node_failure(stage))

    def advance(self, now: float) -> None:
        """Everything that should have happened by `now` has happened."""
        self.stage.advance(now)


async def play(story: Story, clock: Callable[[], float], *, speed: float = 1.0) -> None:
    """Let the story follow `clock` for ever, `speed` story seconds to each of its seconds.

    With a speed above 1 the story's time, and so the times in its events, run ahead of the clock.
    """
    began, at = clock(), story.stage.now
    while True:
        story.advance(at + (clock() - began) * speed)
        wait = (story.stage.next_due() - story.stage.now) / speed
        await asyncio.sleep(min(max(wait, 0.0), _LONGEST_NAP))


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


def _control_plane(stage: Stage) -> Part:
    """The leaders of the control plane are found."""
    cluster = stage.cluster
    for component in ("kube-controller-manager", "default-scheduler"):
        yield stage.between(0.1, 0.8)
        name = component.replace("default", "kube")
        lease = cluster.owner("Lease", "kube-system", name, "coordination.k8s.io/v1")
        message = f"control-1_{cluster.uid()} became leader"
        cluster.control(component, lease, NORMAL, "LeaderElection", message)


def _join(stage: Stage, name: str) -> Part:
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
