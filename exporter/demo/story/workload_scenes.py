# SPDX-License-Identifier: Apache-2.0
"""What controllers do without anything being wrong: rollouts, scaling, jobs, agents."""

from __future__ import annotations

from dataclasses import replace

from exporter.demo.recorders import ObjectRef
from exporter.demo.story.cast import NODES, Workload
from exporter.demo.story.cluster import NORMAL
from exporter.demo.story.pod_scenes import start_pod, stop_pod
from exporter.demo.story.stage import Scene, Stage

_JOB_HISTORY = 3  # finished jobs that a CronJob keeps


class Rollouts:
    """The ReplicaSets of all Deployments: which is current, how large it is, who is busy."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._current: dict[tuple[str, str], tuple[str, int]] = {}
        self._busy: set[tuple[str, str]] = set()
        self._releases = 0

    def size(self, workload: Workload) -> int:
        """How many replicas a Deployment has; 0 if it is not installed."""
        return self._current.get(_key(workload), ("", 0))[1]

    def replica_set(self, workload: Workload) -> ObjectRef:
        """A reference to a new ReplicaSet of a Deployment."""
        name = f"{workload.name}-{self._stage.cluster.suffix(10)}"
        return self._stage.cluster.owner("ReplicaSet", workload.namespace, name)

    def install(self, workload: Workload) -> Scene:
        """Install a Deployment: one ReplicaSet, all of its pods at once."""
        self._current[_key(workload)] = (self.replica_set(workload).name, 0)
        yield from self.scale(workload, workload.replicas)

    def scale(self, workload: Workload, size: int) -> Scene:
        """Change the number of replicas; nothing happens while a rollout is under way."""
        key = _key(workload)
        if key in self._busy:
            return
        name, old = self._current[key]
        self._current[key] = (name, size)
        if size > old:
            yield from self._grow(workload, name, old, size)
        elif size < old:
            yield from self._shrink(workload, name, old, size)

    def roll(self, workload: Workload) -> Scene:
        """Bring out a new version, one pod up and one pod down at a time."""
        key = _key(workload)
        if key in self._busy:
            return
        self._busy.add(key)
        stage = self._stage
        self._releases += 1
        repository = workload.image.name.rpartition(":")[0]
        tag = f"v2.{self._releases}.{stage.rng.randrange(9)}"
        version = replace(workload, image=replace(workload.image, name=f"{repository}:{tag}"))
        old, size = self._current[key]
        new = self.replica_set(workload).name
        for step in range(size):
            yield from self._grow(version, new, step, step + 1)
            yield stage.between(1.0, 6.0) + version.image.pull  # it becomes ready
            yield from self._shrink(workload, old, size - step, size - step - 1)
        self._current[key] = (new, size)
        self._busy.discard(key)

    def scaled(self, workload: Workload, message: str) -> None:
        """The deployment controller reports a change of size."""
        cluster = self._stage.cluster
        owner = cluster.owner("Deployment", workload.namespace, workload.name)
        cluster.control("deployment-controller", owner, NORMAL, "ScalingReplicaSet", message)

    def _grow(self, version: Workload, name: str, old: int, new: int) -> Scene:
        self.scaled(version, f"Scaled up replica set {name} from {old} to {new}")
        owner = self._stage.cluster.owner("ReplicaSet", version.namespace, name)
        for _ in range(old, new):
            yield self._stage.between(0.01, 0.1)
            self._stage.play(start_pod(self._stage, owner, version))

    def _shrink(self, workload: Workload, name: str, old: int, new: int) -> Scene:
        self.scaled(workload, f"Scaled down replica set {name} from {old} to {new}")
        cluster = self._stage.cluster
        mine = [pod for pod in cluster.running(workload) if pod.ref.name.startswith(f"{name}-")]
        owner = cluster.owner("ReplicaSet", workload.namespace, name)
        for pod in mine[: old - new]:
            yield self._stage.between(0.01, 0.1)
            message = f"Deleted pod: {pod.ref.name}"
            cluster.control("replicaset-controller", owner, NORMAL, "SuccessfulDelete", message)
            self._stage.play(stop_pod(self._stage, workload, pod))


def autoscale(stage: Stage, deployments: Rollouts, workload: Workload) -> Scene:
    """The load of a Deployment comes or goes, and its autoscaler follows."""
    cluster = stage.cluster
    old = deployments.size(workload)
    new = stage.rng.choice([size for size in range(2, 9) if size != old])
    scaler = cluster.owner(
        "HorizontalPodAutoscaler", workload.namespace, workload.name, "autoscaling/v2"
    )
    why = (
        "cpu resource utilization (percentage of request) above target"
        if new > old
        else "All metrics below target"
    )
    message = f"New size: {new}; reason: {why}"
    cluster.control("horizontal-pod-autoscaler", scaler, NORMAL, "SuccessfulRescale", message)
    yield stage.between(0.02, 0.2)
    yield from deployments.scale(workload, new)


def cron_job(stage: Stage, workload: Workload, period: float) -> Scene:
    """A CronJob: every `period` seconds a Job with one pod; the last three Jobs are kept."""
    cluster = stage.cluster
    owner = cluster.owner("CronJob", workload.namespace, workload.name, "batch/v1")
    kept: list[str] = []
    while True:
        yield period - stage.now % period + stage.between(0.0, 0.3)
        # A Job's name ends in the minutes since 1970 of its schedule.
        name = f"{workload.name}-{int(stage.now // 60)}"
        job = cluster.owner("Job", workload.namespace, name, "batch/v1")
        cluster.control(
            "cronjob-controller",
            owner,
            NORMAL,
            "SuccessfulCreate",
            f"Created job {name}",
        )
        pod = yield from start_pod(stage, job, workload)
        yield stage.between(2.0, 12.0)
        cluster.running(workload).remove(pod)
        cluster.control("job-controller", job, NORMAL, "Completed", "Job completed")
        yield stage.between(0.01, 0.2)
        message = f"Saw completed job: {name}, condition: Complete"
        cluster.control("cronjob-controller", owner, NORMAL, "SawCompletedJob", message)
        kept.append(name)
        if len(kept) > _JOB_HISTORY:
            gone = kept.pop(0)
            message = f"Deleted job {gone}"
            cluster.control("cronjob-controller", owner, NORMAL, "SuccessfulDelete", message)
            cluster.forget(cluster.owner("Job", workload.namespace, gone, "batch/v1"))


def agents(stage: Stage, workload: Workload) -> Scene:
    """A DaemonSet puts one pod on each node."""
    owner = stage.cluster.owner("DaemonSet", workload.namespace, workload.name)
    for node in NODES:
        yield stage.between(0.01, 0.1)
        stage.play(start_pod(stage, owner, workload, node))


def _key(workload: Workload) -> tuple[str, str]:
    """The identity of a Deployment over all versions of its image."""
    return (workload.namespace, workload.name)
