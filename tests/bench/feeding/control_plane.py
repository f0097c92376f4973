"""A real API server with its store, and the process that writes to it."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.bench.feeding.events import Load
from tests.bench.processes import Process, module
from tests.envtest.assets import AssetsMissingError, find_assets


class SkippedError(Exception):
    """There is no API server to be had here; the text says what is missing."""


@dataclass(frozen=True, slots=True)
class ControlPlane:
    """A running API server: who may list and watch events there, and who writes them."""

    kubeconfig: Path
    _writer: Process

    def write(self, load: Load, events: int, rate: float, repeats: float) -> dict[str, Any]:
        """So many occurrences at that many a second; the answer of writer.py."""
        self._writer.say({"load": asdict(load), "events": events, "rate": rate, "repeats": repeats})
        return self._writer.heard()


@contextlib.contextmanager
def control_plane(directory: Path, namespaces: int) -> Iterator[ControlPlane]:
    """One with the namespaces of ``cluster`` loads; SkippedError where there is none to be had.

    Over TLS; the exporter comes with the token of a ServiceAccount of its own.
    """
    try:
        assets = find_assets(os.environ)
        from tests.envtest.cluster import EVENTS_READER, Cluster
    except (AssetsMissingError, ImportError) as missing:
        raise SkippedError(f"no API server: {missing}") from missing
    work = Path(tempfile.mkdtemp(dir=directory))
    with contextlib.ExitStack() as ends:
        cluster = Cluster(assets, work)
        ends.callback(cluster.stop)
        for number in range(namespaces):
            body = {"metadata": {"name": f"team-{number:04d}"}}
            cluster.admin.request("POST", "/api/v1/namespaces", body)
        token = cluster.service_account("team-0000", "exporter", EVENTS_READER)
        writes = [{"apiGroups": [""], "resources": ["events"], "verbs": ["create", "patch"]}]
        writing = cluster.service_account("team-0000", "writer", writes)
        command = module("feeding.writer", f"https://127.0.0.1:{cluster.port}")
        writer = ends.enter_context(Process(command, work / "writer.log", control=True))
        writer.say({"ca_file": str(work / "ca.pem"), "token": writing})
        writer.heard()
        yield ControlPlane(cluster.kubeconfig(work / "kubeconfig", token=token), writer)
