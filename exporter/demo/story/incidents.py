# SPDX-License-Identifier: Apache-2.0
"""What goes wrong in the story's cluster; each scene is one incident, from its start to its end."""

from __future__ import annotations

from dataclasses import replace

from exporter.demo.recorders import ObjectRef
from exporter.demo.story import cast
from exporter.demo.story.cast import NODES, Workload
from exporter.demo.story.cluster import NORMAL, WARNING
from exporter.demo.story.pod_scenes import (
    crash,
    fail_liveness,
    fail_readiness,
    fail_to_pull,
    place,
    run_container,
    start_pod,
    stop_pod,
    wait_for_room,
)
from exporter.demo.story.stage import Scene, Stage
from exporter.demo.story.workload_scenes import Rollouts

_EVICT_AFTER = 300.0  # seconds that a pod tolerates a node that is not ready


def bad_image(stage: Stage, deployments: Rollouts, workload: Workload) -> Scene:
    """A release whose image cannot be pulled; after some minutes it is taken back."""
    cluster = stage.cluster
    repository = workload.image.name.rpartition(":")[0]
    image = replace(workload.image, name=f"{repository}:v3.0.{stage.rng.randrange(40)}")
    broken = replace(workload, image=image)
    error = stage.rng.choice(cast.pull_errors(image.name))
    owner = deployments.replica_set(workload)
    deployments.scaled(workload, f"Scaled up replica set {owner.name} from 0 to 1")
    pod = yield from place(stage, owner, broken)
    yield from fail_to_pull(stage, pod, error, stage.now + stage.between(240.0, 720.0))
    deployments.scaled(workload, f"Scaled down replica set {owner.name} from 1 to 0")
    message = f"Deleted pod: {pod.ref.name}"
    cluster.control("replicaset-controller", owner, NORMAL, "SuccessfulDelete", message)
    cluster.running(workload).remove(pod)


def crash_loop(stage: Stage, deployments: Rollouts, workload: Workload) -> Scene:
    """A pod that cannot live: started, crashed, and held back for longer and longer."""
    pod = yield from start_pod(stage, deployments.replica_set(workload), workload)
    yield from crash(stage, pod, stage.now + stage.between(420.0, 1200.0))
    yield from stop_pod(stage, workload, pod)


def full_node(stage: Stage, workload: Workload) -> Scene:
    """A batch of pods that no node has room for, until something else ends."""
    cluster = stage.cluster
    name = f"{workload.name}-{cluster.suffix()}"
    job = cluster.owner("Job", workload.namespace, name, "batch/v1")
    why = stage.rng.choice(cast.NO_ROOM)
    until = stage.now + stage.between(90.0, 600.0)
    for _ in range(workload.replicas):
        yield stage.between(0.01, 0.1)
        pod = cluster.pod(job, workload)
        until += stage.between(0.0, 20.0)
        stage.play(wait_for_room(stage, workload, pod, why, until))
    yield until - stage.now + stage.between(60.0, 120.0)
    cluster.control("job-controller", job, NORMAL, "Completed", "Job completed")
    cluster.running(workload).clear()
    cluster.forget(job)


def unready(stage: Stage, workload: Workload) -> Scene:
    """The readiness probes of a Deployment fail for a while: something behind it is slow."""
    messages = (
        "HTTP probe failed with statuscode: 503",
        (
            'Get "http://10.244.3.17:8080/ready": dial tcp 10.244.3.17:8080: connect: connection'
            " refused"
        ),
    )
    message = stage.rng.choice(messages)
    until = stage.now + stage.between(30.0, 180.0)
    for pod in stage.cluster.running(workload)[:2]:
        stage.play(fail_readiness(stage, pod, message, until))
    yield until - stage.now


def unlively(stage: Stage, workload: Workload) -> Scene:
    """A container hangs, until its liveness probe has it restarted."""
    running = stage.cluster.running(workload)
    if running:
        yield from fail_liveness(stage, stage.rng.choice(running))


def quota(stage: Stage, deployments: Rollouts, workload: Workload) -> Scene:
    """A ReplicaSet wants more pods than its namespace may have; the tries come ever less often."""
    cluster = stage.cluster
    owner = deployments.replica_set(workload)
    wanted = workload.replicas + 4
    deployments.scaled(workload, f"Scaled up replica set {owner.name} from 0 to {wanted}")
    for _ in range(workload.replicas):
        yield stage.between(0.01, 0.1)
        stage.play(start_pod(stage, owner, workload))
    retry = 0.02
    while retry < 600.0:
        yield retry
        retry *= 2
        message = (
            f'Error creating: pods "{owner.name}-{cluster.suffix()}" is forbidden: exceeded'
            f" quota: pods, requested: pods=1, used: pods={workload.replicas},"
            f" limited: pods={workload.replicas}"
        )
        cluster.control("replicaset-controller", owner, WARNING, "FailedCreate", message)
    for pod in list(cluster.running(workload)):
        stage.play(stop_pod(stage, workload, pod))


def missing_config(stage: Stage, deployments: Rollouts, workload: Workload) -> Scene:
    """A pod waits for a ConfigMap that somebody forgot, and starts when it is there."""
    cluster = stage.cluster
    message = 'MountVolume.SetUp failed for volume "config" : configmap "cart-config" not found'
    pod = yield from place(stage, deployments.replica_set(workload), workload)
    until, retry = stage.now + stage.between(40.0, 260.0), 0.5
    while stage.now < until:
        cluster.kubelet(pod.node, pod.ref, WARNING, "FailedMount", message)
        yield retry
        retry = min(2 * retry, 122.0)
    yield from run_container(stage, pod)
    yield stage.pause(600.0)
    yield from stop_pod(stage, workload, pod)


def node_failure(stage: Stage) -> Scene:
    """A node stops to report and comes back; if it takes long, its pods are evicted."""
    cluster = stage.cluster
    name = stage.rng.choice(NODES)
    node = cluster.owner("Node", "", name, "v1")
    began = stage.now
    cluster.not_ready.add(name)
    message = f"Node {name} status is now: NodeNotReady"
    cluster.control("node-controller", node, NORMAL, "NodeNotReady", message)
    lost = list(cluster.on_node(name))
    for pod in lost:
        yield stage.between(0.005, 0.05)
        cluster.control("node-controller", pod.ref, WARNING, "NodeNotReady", "Node is not ready")
    away = stage.between(45.0, 420.0)
    if away > _EVICT_AFTER:
        yield began + _EVICT_AFTER - stage.now
        for pod in lost:
            where = f"{pod.ref.namespace}/{pod.ref.name}"
            # The taint manager knows a pod by its name only.
            ref = ObjectRef("Pod", pod.ref.name, pod.ref.namespace)
            message = f"Marking for deletion Pod {where}"
            cluster.control(
                "taint-eviction-controller",
                ref,
                NORMAL,
                "TaintManagerEviction",
                message,
            )
            yield stage.between(0.005, 0.05)
    yield max(0.0, began + away - stage.now)
    cluster.not_ready.discard(name)
    message = f"Node {name} status is now: NodeReady"
    # The kubelet does not know its node's uid.
    ref = ObjectRef("Node", name)
    cluster.kubelet(name, ref, NORMAL, "NodeReady", message)
