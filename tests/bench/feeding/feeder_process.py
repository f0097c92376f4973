"""The feeder as a child process, and its control channel."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.bench.processes import Process, module


class FeederProcess(Process):
    """A running feeder and the kubeconfig that leads to it."""

    def __init__(self, directory: Path, *, certificate: Path | None = None) -> None:
        """Start it; ``certificate`` (PEM, key and chain) makes it HTTPS."""
        extra = ["--certificate", str(certificate)] if certificate else []
        super().__init__(module("feeding.feeder", *extra), directory / "feeder.log", control=True)
        self.port: int = self.heard()["port"]
        self.kubeconfig = directory / "kubeconfig"
        server = f"{'https' if certificate else 'http'}://127.0.0.1:{self.port}"
        cluster: dict[str, Any] = {"server": server}
        if certificate:
            cluster["insecure-skip-tls-verify"] = True
        document = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "bench",
            "clusters": [{"name": "bench", "cluster": cluster}],
            "contexts": [{"name": "bench", "context": {"cluster": "bench", "user": "bench"}}],
            "users": [{"name": "bench", "user": {"token": "none"}}],
        }
        self.kubeconfig.write_text(json.dumps(document))

    def do(self, command: str, **fields: Any) -> dict[str, Any]:
        """One command of feeder.py and its answer."""
        self.say({"do": command, **fields})
        return self.heard()
