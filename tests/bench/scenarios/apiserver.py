"""What an occurrence costs at a real API server's own pace: kube-apiserver and etcd, over TLS."""

from __future__ import annotations

from tests.bench.feeding.control_plane import control_plane
from tests.bench.scenarios.bench import REPEATS, Bench, Figures, cluster
from tests.bench.subjects.server import Server
from tests.bench.subjects.subject import Subject

_PACE = 1000
_NAMESPACES = 20
_WARM_UP = 200


def apiserver(bench: Bench, subject: Subject) -> Figures:
    """CPU per occurrence at about 1 000 a second, or as many as this machine's server takes.

    The rate that was reached is told: a slower one costs more an occurrence, for fewer come with
    one wake-up.
    """
    with (
        control_plane(bench.directory, _NAMESPACES) as plane,
        Server(subject, plane.kubeconfig, bench.directory) as server,
    ):
        server.until(subject.ready_path or subject.metrics_path)
        server.settle()
        # The writer's connections are opened, the server's caches filled.
        plane.write(cluster(_NAMESPACES), _WARM_UP, _PACE, REPEATS)
        server.settle()
        before = server.cpu()
        wrote = plane.write(cluster(_NAMESPACES), bench.size.written, _PACE, REPEATS)
        server.settle()
        spent = server.cpu() - before
        assert not wrote["failed"], f"the API server refused: {wrote['failed']}"
        counted = server.counted(_WARM_UP + wrote["written"])
    return {
        "apiserver_cpu": spent / wrote["written"] * 1e6,
        "apiserver_rate": wrote["written"] / (wrote["ended"] - wrote["began"]),
        **{f"apiserver_{key}": value for key, value in counted.items()},
    }
