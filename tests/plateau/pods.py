"""Pods that come and go under ever new names, in namespaces that come and go."""

from __future__ import annotations

from collections.abc import Generator

from exporter.demo.recorders import ObjectRef
from exporter.demo.story import cast
from exporter.demo.story.cast import Image, Workload
from exporter.demo.story.cluster import NORMAL, Pod
from exporter.demo.story.pod_scenes import (
    crash,
    fail_liveness,
    fail_readiness,
    fail_to_pull,
    pull_image,
    run_container,
)
from exporter.demo.story.stage import Scene, Stage

_MIB = 1 << 20
_NOT_READY = "HTTP probe failed with statuscode: 503"


def preview(stage: Stage) -> Scene:
    """A namespace for an hour or so, in which a pipeline tries one version after the other."""
    namespace = f"preview-{stage.cluster.suffix(7)}"
    until = stage.now + stage.between(3000.0, 5400.0)
    while stage.now < until:
        stage.play(_version(stage, namespace))
        yield stage.between(50.0, 70.0)


def job(stage: Stage) -> Scene:
    """A job of a few pods, which ends."""
    cluster = stage.cluster
    workload = _workload(stage, "batch", "crunch")
    owner = cluster.owner("Job", "batch", f"crunch-{cluster.suffix(8)}", "batch/v1")
    for _ in range(stage.rng.randrange(1, 4)):
        pod = yield from _scheduled(stage, owner, workload)
        yield from pull_image(stage, pod)
        yield from run_container(stage, pod)
    yield stage.between(20.0, 300.0)
    cluster.control("job-controller", owner, NORMAL, "Completed", "Job completed")
    cluster.forget(owner)


def new_pod(stage: Stage, kind: str, namespace: str, name: str) -> tuple[ObjectRef, Pod]:
    """A new owner of that kind with its first pod, which is not yet scheduled."""
    cluster = stage.cluster
    version = "batch/v1" if kind == "Job" else "apps/v1"
    owner = cluster.owner(kind, namespace, f"{name}-{cluster.suffix(10)}", version)
    pod = cluster.pod(owner, _workload(stage, namespace, name))
    cluster.forget(owner)  # it is asked for no more: the reference is enough
    return owner, pod


def _version(stage: Stage, namespace: str) -> Scene:
    """One version of an app: a pod that starts, has its troubles, and is taken down again."""
    cluster = stage.cluster
    owner, pod = new_pod(stage, "ReplicaSet", namespace, "app")
    yield stage.between(0.005, 0.05)
    pod = cluster.schedule(pod)
    fate = stage.rng.random()
    if fate < 0.05:
        error = stage.rng.choice(cast.pull_errors(pod.image.name))
        yield from fail_to_pull(stage, pod, error, stage.now + stage.between(60.0, 240.0))
    else:
        yield from pull_image(stage, pod)
        yield from run_container(stage, pod)
        if fate < 0.15:
            yield from crash(stage, pod, stage.now + stage.between(60.0, 240.0))
        elif fate < 0.35:
            yield from fail_readiness(stage, pod, _NOT_READY, stage.now + stage.between(20.0, 90.0))
        elif fate < 0.45:
            yield from fail_liveness(stage, pod)
        yield stage.between(60.0, 900.0)
    message = f"Deleted pod: {pod.ref.name}"
    cluster.control("replicaset-controller", owner, NORMAL, "SuccessfulDelete", message)
    message = f"Stopping container {pod.container}"
    cluster.kubelet(pod.node, pod.container_ref, NORMAL, "Killing", message)
    cluster.images.discard((pod.node, pod.image.name))


def _scheduled(stage: Stage, owner: ObjectRef, workload: Workload) -> Generator[float, None, Pod]:
    pod = stage.cluster.pod(owner, workload)
    yield stage.between(0.005, 0.05)
    return stage.cluster.schedule(pod)


def _workload(stage: Stage, namespace: str, name: str) -> Workload:
    """With an image that nobody has pulled before."""
    tag = f"registry.example.com/{namespace}/{name}:{stage.cluster.suffix(8)}"
    image = Image(tag, stage.rng.randrange(10, 400) * _MIB, stage.between(0.5, 9.0))
    return Workload(namespace, name, "main", image, 1)
