# SPDX-License-Identifier: Apache-2.0
"""What happens to one pod, in the words of a current scheduler and kubelet.

The message texts are those of Kubernetes 1.36, as recorded.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

from exporter.demo.recorders import ObjectRef
from exporter.demo.story.cast import Workload
from exporter.demo.story.cluster import NORMAL, WARNING, Pod
from exporter.demo.story.stage import Scene, Stage

# Scenes that bring a pod about return it.
PodScene = Generator[float, None, Pod]

_RETRY_CAP = 300.0  # the longest back-off of the kubelet, in seconds
_SYNC = (11.0, 15.0)  # seconds between two looks of the kubelet at a pod that waits
_SECOND, _MINUTE, _HOUR = 1000, 60_000, 3_600_000


def pull_image(stage: Stage, pod: Pod) -> Scene:
    """Have the image on the node: it is there, or it is pulled."""
    cluster, node, image = stage.cluster, pod.node, pod.image
    if (node, image.name) in cluster.images:
        message = (
            f'Container image "{image.name}" already present on machine'
            " and can be accessed by the pod"
        )
        cluster.kubelet(node, pod.container_ref, NORMAL, "Pulled", message)
        return
    message = f'Pulling image "{image.name}"'
    cluster.kubelet(node, pod.container_ref, NORMAL, "Pulling", message)
    spent = image.pull * stage.between(0.7, 1.6)
    total = spent + image.queue * stage.between(0.0, 1.0)
    yield total
    cluster.images.add((node, image.name))
    message = (
        f'Successfully pulled image "{image.name}" in {go_duration(spent)}'
        f" ({go_duration(total)} including waiting). Image size: {image.size} bytes."
    )
    cluster.kubelet(node, pod.container_ref, NORMAL, "Pulled", message)


def run_container(stage: Stage, pod: Pod) -> Scene:
    """Create and start the container."""
    yield stage.between(0.02, 0.2)
    stage.cluster.kubelet(pod.node, pod.container_ref, NORMAL, "Created", "Container created")
    yield stage.between(0.03, 0.4)
    stage.cluster.kubelet(pod.node, pod.container_ref, NORMAL, "Started", "Container started")


def place(stage: Stage, owner: ObjectRef, workload: Workload, node: str = "") -> PodScene:
    """Create a pod of `owner` and bind it to a node; it runs from now on as far as others see."""
    pod = stage.cluster.pod(owner, workload)
    yield stage.between(0.005, 0.05)
    pod = stage.cluster.schedule(pod, node)
    stage.cluster.running(workload).append(pod)
    yield stage.between(0.2, 0.9)
    return pod


def start_pod(stage: Stage, owner: ObjectRef, workload: Workload, node: str = "") -> PodScene:
    """A pod from its creation to its running container."""
    pod = yield from place(stage, owner, workload, node)
    yield from pull_image(stage, pod)
    yield from run_container(stage, pod)
    return pod


def start_scheduled(stage: Stage, pod: Pod) -> Scene:
    """The rest of the way for a pod that has its node."""
    yield stage.between(0.2, 0.9)
    yield from pull_image(stage, pod)
    yield from run_container(stage, pod)


def stop_pod(stage: Stage, workload: Workload, pod: Pod) -> Scene:
    """The kubelet stops a pod that was deleted."""
    running = stage.cluster.running(workload)
    if pod in running:
        running.remove(pod)
    yield stage.between(0.05, 0.6)
    message = f"Stopping container {pod.container}"
    stage.cluster.kubelet(pod.node, pod.container_ref, NORMAL, "Killing", message)


def fail_to_pull(stage: Stage, pod: Pod, error: str, until: float) -> Scene:
    """The image cannot be pulled: attempts with a growing pause, and an echo of each failure."""
    cluster, ref = stage.cluster, pod.container_ref
    image = pod.image.name
    back_off = 10.0
    while stage.now < until:
        cluster.kubelet(pod.node, ref, NORMAL, "Pulling", f'Pulling image "{image}"')
        yield stage.between(0.3, 2.0)
        message = f'Failed to pull image "{image}": {error}'
        cluster.kubelet(pod.node, ref, WARNING, "Failed", message)
        yield 0.001
        cluster.kubelet(pod.node, ref, WARNING, "Failed", "Error: ErrImagePull")
        retry = stage.now + back_off
        back_off = min(2 * back_off, _RETRY_CAP)
        while stage.now < min(retry, until):
            yield stage.between(*_SYNC)
            message = f'Back-off pulling image "{image}"'
            cluster.kubelet(pod.node, ref, NORMAL, "BackOff", message)
            yield 0.001
            cluster.kubelet(pod.node, ref, WARNING, "Failed", "Error: ImagePullBackOff")


def crash(stage: Stage, pod: Pod, until: float) -> Scene:
    """A container that ends soon after each start, with a growing pause in between."""
    cluster, ref = stage.cluster, pod.container_ref
    where = f"{pod.ref.name}_{pod.ref.namespace}({pod.ref.uid})"
    message = f"Back-off restarting failed container {pod.container} in pod {where}"
    back_off = 10.0
    while stage.now < until:
        yield stage.between(0.5, 4.0)  # how long it lives
        retry = stage.now + back_off
        back_off = min(2 * back_off, _RETRY_CAP)
        while stage.now < min(retry, until):
            yield stage.between(*_SYNC)
            cluster.kubelet(pod.node, ref, WARNING, "BackOff", message)
        yield from pull_image(stage, pod)
        yield from run_container(stage, pod)


def fail_readiness(stage: Stage, pod: Pod, message: str, until: float) -> Scene:
    """A readiness probe fails every ten seconds; nothing is restarted."""
    while stage.now < until:
        yield stage.between(9.9, 10.1)
        text = f"Readiness probe failed: {message}"
        stage.cluster.kubelet(pod.node, pod.container_ref, WARNING, "Unhealthy", text)


def fail_liveness(stage: Stage, pod: Pod) -> Scene:
    """A liveness probe fails three times; the container is killed and started again."""
    cluster, ref = stage.cluster, pod.container_ref
    text = (
        "Liveness probe failed: Get "
        f'"http://10.244.{stage.rng.randrange(1, 6)}.{stage.rng.randrange(2, 250)}:8080/healthz":'
        " context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
    )
    for _ in range(3):
        yield stage.between(9.9, 10.1)
        cluster.kubelet(pod.node, ref, WARNING, "Unhealthy", text)
    yield 0.01
    message = f"Container {pod.container} failed liveness probe, will be restarted"
    cluster.kubelet(pod.node, ref, NORMAL, "Killing", message)
    yield stage.between(0.5, 8.0)
    yield from pull_image(stage, pod)
    yield from run_container(stage, pod)


def wait_for_room(stage: Stage, workload: Workload, pod: Pod, why: str, until: float) -> PodScene:
    """No node has room: the scheduler tries again and again, until one has."""
    cluster = stage.cluster
    cluster.cannot_schedule(pod, why)
    # The first failure writes the pod's condition, so the next event is about a newer version.
    yield stage.between(0.1, 1.0)
    pod = replace(pod, ref=replace(pod.ref, resource_version=str(cluster.store.revision)))
    while stage.now < until:
        cluster.cannot_schedule(pod, why)
        yield stage.between(5.0, 60.0)
    pod = cluster.schedule(pod)
    cluster.running(workload).append(pod)
    yield from start_scheduled(stage, pod)
    return pod


def go_duration(duration: float) -> str:
    """A duration in seconds as a current kubelet prints it, in whole milliseconds.

    `317ms`, `30.543s`, `1m2.5s`, `1h0m3s`, `0s`: units are Go's, trailing zeros are dropped.
    """
    total = round(duration * 1000)
    if total == 0:
        return "0s"
    if total < _SECOND:
        return f"{total}ms"
    hours, rest = divmod(total, _HOUR)
    minutes, rest = divmod(rest, _MINUTE)
    text = f"{rest / _SECOND:.3f}".rstrip("0").rstrip(".") + "s"
    if hours or minutes:
        text = f"{minutes}m{text}"
    return f"{hours}h{text}" if hours else text
