"""Clusters to connect to, as tests need them, and what arrives there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from exporter.kube.connection import Cluster, ClusterChoice
from tests.unit.kube.kubeconfigs import Asked


class Clock:
    """Seconds, moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


async def ask(cluster: Cluster, asked: Asked, *, refused: bool = False) -> str:
    """The Authorization header that a request arrives with."""
    await cluster.load(refused=refused)
    async with cluster.get("/api/v1/events", {}) as response:
        assert response.status == 200
        await response.read()
    return asked.tokens[-1]


def cluster_of(path: Path, clock: Callable[[], float] | None = None, **environ: str) -> Cluster:
    return Cluster(ClusterChoice(str(path)), environ, clock=clock or Clock())


def in_pod(
    folder: Path, *, token: str, host: str = "10.96.0.1", clock: Callable[[], float] | None = None
) -> Cluster:
    """A cluster as a pod sees it, with ``folder`` as the mounted service account."""
    import trustme

    (folder / "token").write_text(token)
    trustme.CA().cert_pem.write_to_path(folder / "ca.crt")
    environ = {"KUBERNETES_SERVICE_HOST": host, "KUBERNETES_SERVICE_PORT": "443"}
    environ["KUBECONFIG"] = ""
    choice = ClusterChoice(service_account=folder)
    return Cluster(choice, environ, clock=clock or Clock())
