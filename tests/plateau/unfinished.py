"""What never ends: openings whose closing nobody will ever write."""

from __future__ import annotations

from exporter.demo.recorders import ObjectRef
from exporter.demo.story import cast
from exporter.demo.story.cluster import NORMAL
from exporter.demo.story.stage import Scene, Stage
from tests.plateau.pods import new_pod

_WAITING = (
    'Waiting for a volume to be created either by the external provisioner "csi.example.com" or'
    " manually by the system administrator. If volume creation is delayed, please verify that the"
    " provisioner is running and correctly registered."
)


def unfinished(stage: Stage) -> Scene:
    """Any of them."""
    yield from stage.rng.choice((_homeless, _stranded, _job, _certificate, _claim))(stage)


def _homeless(stage: Stage) -> Scene:
    """A pod that no node has room for, given up after some tries."""
    _, pod = new_pod(stage, "ReplicaSet", "sandbox", "greedy")
    for _ in range(stage.rng.randrange(1, 5)):
        stage.cluster.cannot_schedule(pod, stage.rng.choice(cast.NO_ROOM))
        yield stage.between(10.0, 400.0)


def _stranded(stage: Stage) -> Scene:
    """A pod whose node dies while it pulls the image."""
    _, pod = new_pod(stage, "ReplicaSet", "sandbox", "stranded")
    yield stage.between(0.005, 0.05)
    pod = stage.cluster.schedule(pod)
    yield stage.between(0.2, 0.9)
    message = f'Pulling image "{pod.image.name}"'
    stage.cluster.kubelet(pod.node, pod.container_ref, NORMAL, "Pulling", message)


def _job(stage: Stage) -> Scene:
    """A job that is deleted while it runs."""
    new_pod(stage, "Job", "batch", "abandoned")
    yield 0.0


def _certificate(stage: Stage) -> Scene:
    """A certificate that no issuer ever answers for."""
    ref = _named(stage, "Certificate", "cert-manager.io/v1")
    message = "Issuing certificate as Secret does not exist"
    stage.cluster.control("cert-manager-certificates-trigger", ref, NORMAL, "Issuing", message)
    yield 0.0


def _claim(stage: Stage) -> Scene:
    """A volume claim whose provisioner does not run, until somebody deletes it."""
    ref = _named(stage, "PersistentVolumeClaim", "v1")
    for _ in range(stage.rng.randrange(3, 12)):
        stage.cluster.control(
            "persistentvolume-controller", ref, NORMAL, "ExternalProvisioning", _WAITING
        )
        yield 15.0


def _named(stage: Stage, kind: str, version: str) -> ObjectRef:
    cluster = stage.cluster
    return ObjectRef(kind, f"lost-{cluster.suffix(8)}", "sandbox", cluster.uid(), version)
