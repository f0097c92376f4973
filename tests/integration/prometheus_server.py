"""A real Prometheus that scrapes one target every second, or several."""

from __future__ import annotations

import http.client
import json
import socket
import time
import urllib.parse
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from tests.envtest.process import ServerProcess
from tests.integration.programs import needed

_CONFIGURATION = """\
global:
  scrape_interval: 1s
  evaluation_interval: 1s
rule_files: [{rules}]
scrape_configs:
  - job_name: kube-event-metrics
    honor_labels: true
    static_configs:
      - targets: [{targets}]
        labels:
          namespace: monitoring
"""


def program(name: str) -> str:
    """Its path; skips the test where it is absent, or fails it with REQUIRE_PROMETHEUS=1."""
    return needed(name, "REQUIRE_PROMETHEUS")


class Prometheus:
    """It listens on loopback and keeps its data in ``folder``.

    A `configuration` of the test's own replaces the one that scrapes the targets every second and
    evaluates `rules`.
    """

    def __init__(
        self,
        target_port: int,
        folder: Path,
        *more_targets: int,
        rules: Iterable[Path] = (),
        configuration: str = "",
        flags: Sequence[str] = (),
    ) -> None:
        targets = ", ".join(f'"127.0.0.1:{port}"' for port in (target_port, *more_targets))
        names = ", ".join(json.dumps(str(path)) for path in rules)
        file = folder / "prometheus.yaml"
        file.write_text(
            configuration or _CONFIGURATION.format(targets=targets, rules=names), encoding="utf-8"
        )
        self.port = free_port()
        self.process = ServerProcess(
            [
                program("prometheus"),
                f"--config.file={file}",
                f"--storage.tsdb.path={folder / 'data'}",
                f"--web.listen-address=127.0.0.1:{self.port}",
                "--enable-feature=exemplar-storage",
                "--log.level=warn",
                *flags,
            ],
            folder / "prometheus.log",
        )

    def query(self, expression: str) -> list[dict[str, Any]]:
        """The result of an instant query, a vector or a matrix."""
        found: list[dict[str, Any]] = self.get("query", query=expression)["result"]
        return found

    def rules(self) -> list[dict[str, Any]]:
        """All rules it evaluates, with their state and what the last evaluation said."""
        return [rule for group in self.get("rules")["groups"] for rule in group["rules"]]

    def over_time(self, expression: str, *, seconds: float, step: float) -> list[dict[str, Any]]:
        """The result of a range query that ends now."""
        end = time.time()
        found: list[dict[str, Any]] = self.get(
            "query_range", query=expression, start=str(end - seconds), end=str(end), step=str(step)
        )["result"]
        return found

    def value(self, expression: str) -> float | None:
        """The value of a query with one result; None without any."""
        result = self.query(expression)
        assert len(result) <= 1, result
        return float(result[0]["value"][1]) if result else None

    def raw(self, selector: str) -> list[float]:
        """The samples of one series of the last minutes, as they were scraped."""
        result = self.query(f"{selector}[5m]")
        assert len(result) <= 1, result
        return [float(value) for _, value in result[0]["values"]] if result else []

    def exemplars(self, selector: str) -> list[dict[str, Any]]:
        """The exemplars of all series of a selector."""
        found = self.get("query_exemplars", query=selector, start="0", end="9999999999")
        return [exemplar for series in found for exemplar in series["exemplars"]]

    def answers(self) -> bool:
        """Whether it has started."""
        try:
            self.query("up")
        except (OSError, http.client.HTTPException, AssertionError):
            return False
        return True

    def get(self, endpoint: str, **parameters: str) -> Any:
        """What an endpoint of its API answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", f"/api/v1/{endpoint}?{urllib.parse.urlencode(parameters)}")
            response = connection.getresponse()
            body = response.read()
            assert response.status == 200, body
            return json.loads(body)["data"]
        finally:
            connection.close()


def free_port() -> int:
    """One that nothing listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
