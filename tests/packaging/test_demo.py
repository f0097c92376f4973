"""`make demo`: all that is installed works together, the rest is named, and it ends in order."""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deploy.demo.parts import PROGRAMS
from tests.alerts.rules import alerts
from tests.integration.prometheus_server import program as prometheus_program
from tests.notifications.alertmanager_server import program as alertmanager_program
from tests.packaging.demo_process import ANY_PORTS, DemoProcess

MAKE = ["make", "--no-print-directory", "demo", f"DEMO={' '.join(ANY_PORTS)}"]
PYTHON = [sys.executable, "-m", "deploy.demo", *ANY_PORTS]

# Answers as a Grafana that is well, and tells what it was started with.
_STAND_IN = """\
#!{python}
import json, os, sys
from http.server import BaseHTTPRequestHandler, HTTPServer
class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        told = {{"arguments": sys.argv[1:], **os.environ}}
        self.wfile.write(json.dumps(told).encode())
HTTPServer(("127.0.0.1", int(os.environ["GF_SERVER_HTTP_PORT"])), Handler).serve_forever()
"""

Start = Callable[..., DemoProcess]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a demo with a command and, if need be, a PATH; nothing of it outlives the test."""
    running: list[DemoProcess] = []

    def start(command: list[str], path: str = os.environ["PATH"]) -> DemoProcess:
        running.append(DemoProcess(command, tmp_path, path))
        return running[-1]

    yield start
    for each in running:
        each.kill()


def programs(folder: Path, *paths: str) -> Path:
    """A PATH on which hardly anything is installed: these, and what starts the demo."""
    (folder / "bin").mkdir()
    for path in ("/usr/bin/env", *paths):
        (folder / "bin" / Path(path).name).symlink_to(path)
    return folder / "bin"


@pytest.mark.prometheus
@pytest.mark.alertmanager
def test_make_demo_runs_all_that_is_installed(start: Start) -> None:
    """Prometheus scrapes the exporter, has the shipped rules, and knows Alertmanager."""
    prometheus_program("prometheus")
    alertmanager_program("alertmanager", "prometheus-alertmanager")
    demo = start(MAKE)
    process = demo.process

    def prometheus(endpoint: str) -> dict[str, list[dict[str, object]]]:
        data: dict[str, list[dict[str, object]]] = demo.get("prometheus", endpoint)["data"]
        return data

    targets = process.wait_for(
        lambda: [
            target
            for target in prometheus("/api/v1/targets")["activeTargets"]
            if target["health"] == "up"
        ],
        "the exporter is up",
        60,
    )
    assert [target["labels"] for target in targets] == [
        {
            "cluster": "demo",
            "instance": demo.row("exporter")[1].removeprefix("http://").rstrip("/"),
            "job": "kube-event-metrics",
        }
    ]
    groups = prometheus("/api/v1/rules?type=alert")["groups"]
    rules = [rule["name"] for group in groups for rule in group["rules"]]  # type: ignore[attr-defined]
    assert sorted(rules) == sorted(alert.name for alert in alerts())
    process.wait_for(
        lambda: prometheus("/api/v1/alertmanagers")["activeAlertmanagers"], "its peer", 30
    )
    status = demo.get("alertmanager", "/api/v2/status")
    assert "receiver: team-payments" in status["config"]["original"]
    assert demo.row("notifications")[1] == "here, below"
    process.wait_for(lambda: "Ctrl-C ends everything" in process.output(), "says how to end", 30)

    assert {"exporter", "prometheus"} < demo.started().keys()
    demo.signal(signal.SIGTERM)
    assert demo.exit_code() == 0


def test_what_is_absent_is_named(start: Start, tmp_path: Path) -> None:
    """With where to get it; the exporter runs all the same, and Ctrl-C ends it."""
    demo = start(PYTHON, str(programs(tmp_path)))
    for name, (_, hint) in PROGRAMS.items():
        assert demo.row(name)[1:] == ["absent", f"install it: {hint}"]
    assert demo.row("exporter")[1].startswith("http://127.0.0.1:")
    demo.process.wait_for(lambda: "Ctrl-C" in demo.process.output(), "says how to end", 30)
    assert "notifications" not in demo.process.output()
    assert list(demo.started()) == ["exporter"]
    demo.signal(signal.SIGINT)
    assert demo.exit_code() == 0


def test_a_part_that_dies_ends_the_demo(start: Start, tmp_path: Path) -> None:
    """With its name, its last words, and exit code 1."""
    demo = start(PYTHON, str(programs(tmp_path)))
    demo.process.wait_for(lambda: "Ctrl-C" in demo.process.output(), "is up", 60)
    os.kill(demo.started()["exporter"], signal.SIGKILL)
    assert demo.exit_code() == 1
    output = demo.process.output()
    assert "demo: exporter ended by itself (exit code -9); its last words:" in output
    assert "listening" in output.partition("last words:")[2]


@pytest.mark.prometheus
def test_grafana_is_started_with_our_provisioning(start: Start, tmp_path: Path) -> None:
    """A stand-in shows how: an address on loopback, the data source, the dashboards."""
    path = programs(tmp_path, prometheus_program("prometheus"))
    (path / "grafana").write_text(_STAND_IN.format(python=sys.executable))
    (path / "grafana").chmod(0o755)
    demo = start(PYTHON, str(path))
    assert demo.row("alertmanager")[1] == "absent"
    told = demo.get("grafana", "/api/health")
    assert told["arguments"][:2] == ["server", "--homepath"]
    assert told["GF_SERVER_HTTP_ADDR"] == "127.0.0.1"
    assert f"{told['PROMETHEUS_URL']}/alerts" == demo.row("prometheus")[1]
    assert sorted(path.name for path in Path(told["GF_PATHS_PROVISIONING"]).iterdir()) == [
        "dashboards",
        "datasources",
    ]
    demo.process.wait_for(lambda: "Ctrl-C" in demo.process.output(), "is up", 60)
    demo.signal(signal.SIGTERM)
    assert demo.exit_code() == 0


def test_a_port_that_is_taken_is_said(start: Start) -> None:
    """One that was asked for; nothing is started then."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        demo = start([sys.executable, "-m", "deploy.demo", "--prometheus-port", str(port)])
        assert demo.exit_code() == 2
    assert f"--prometheus-port {port}: Address already in use" in demo.process.output()
