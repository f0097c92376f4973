"""A real Alertmanager with the shipped configuration, and its tool."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.demo import settings
from tests.envtest.process import ServerProcess
from tests.integration.prometheus_server import free_port

SHIPPED: Mapping[str, Any] = settings.load(settings.ALERTMANAGER)
TEMPLATES = settings.ALERTMANAGER.parent / "templates" / "*.tmpl"

_HOUR = timedelta(hours=1)


def program(*names: str) -> str:
    """The path of the first that is there; skips, or fails with REQUIRE_ALERTMANAGER=1."""
    path = next(filter(None, map(shutil.which, names)), None)
    if path is None:
        reason = f"{names[0]} is not installed"
        if os.environ.get("REQUIRE_ALERTMANAGER") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return path


def amtool(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run it to its end, without the configuration of whoever runs the tests."""
    environment = {"PATH": os.environ["PATH"], "HOME": os.devnull}
    return subprocess.run(
        [program("amtool"), *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
        cwd=settings.ROOT,
    )


class Alertmanager:
    """It listens on loopback and keeps its data in `folder`."""

    def __init__(self, configuration: Mapping[str, Any], folder: Path) -> None:
        made = {**configuration, "templates": [str(TEMPLATES)]}
        path = folder / "alertmanager.yml"
        path.write_text(yaml.safe_dump(made), encoding="utf-8")
        self.port = free_port()
        self.process = ServerProcess(
            [
                program("alertmanager", "prometheus-alertmanager"),
                f"--config.file={path}",
                f"--storage.path={folder / 'data'}",
                f"--web.listen-address=127.0.0.1:{self.port}",
                f"--web.external-url=http://127.0.0.1:{self.port}",
                "--cluster.listen-address=",
            ],
            folder / "alertmanager.log",
        )

    def wait_ready(self) -> None:
        """Wait until it takes alerts."""
        self.process.wait_for(self._answers, "answers", 30)

    def post(self, *alerts: Mapping[str, str], over: bool = False) -> None:
        """Let alerts with these labels fire for an hour from now, or be over."""
        now = datetime.now(UTC)
        start, end = (now - _HOUR, now) if over else (now, now + _HOUR)
        body = [
            {
                "labels": labels,
                "annotations": {"summary": f"{labels['alertname']}.", "description": "Look here."},
                "startsAt": start.isoformat(),
                "endsAt": end.isoformat(),
            }
            for labels in alerts
        ]
        self._ask("POST", "/api/v2/alerts", json.dumps(body))

    def alerts(self) -> list[dict[str, Any]]:
        """All that it knows of, those that are inhibited included."""
        found: list[dict[str, Any]] = json.loads(self._ask("GET", "/api/v2/alerts"))
        return found

    def inhibitors(self, labels: Mapping[str, str]) -> list[dict[str, str]]:
        """The labels of the alerts that silence the one with these labels."""
        known = {alert["fingerprint"]: alert for alert in self.alerts()}
        (asked,) = (alert for alert in known.values() if alert["labels"] == dict(labels))
        return [known[by]["labels"] for by in asked["status"]["inhibitedBy"]]

    def _answers(self) -> bool:
        try:
            self._ask("GET", "/-/ready")
        except (OSError, http.client.HTTPException, AssertionError):
            return False
        return True

    def _ask(self, method: str, path: str, body: str | None = None) -> bytes:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            answer = response.read()
            assert response.status == 200, answer
            return answer
        finally:
            connection.close()


def routes(labels: Mapping[str, str]) -> Sequence[str]:
    """The receivers that amtool finds for an alert with these labels, in order."""
    done = amtool(
        "config",
        "routes",
        "test",
        f"--config.file={settings.ALERTMANAGER}",
        *(f"{name}={value}" for name, value in labels.items()),
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip().split(",")
