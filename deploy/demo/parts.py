# SPDX-License-Identifier: Apache-2.0
"""The programs of the demo: how each is found, started and asked whether it works."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from deploy.demo import settings

DASHBOARDS = settings.ROOT / "dashboards"
PROVISIONING = settings.ROOT / "deploy" / "grafana" / "provisioning"

# Of those that can be absent: the names of the program, and where to get it.
PROGRAMS: Mapping[str, tuple[tuple[str, ...], str]] = {
    "alertmanager": (
        ("alertmanager", "prometheus-alertmanager"),
        "apt-get install prometheus-alertmanager, or prometheus.io/download",
    ),
    "prometheus": (("prometheus",), "apt-get install prometheus, or prometheus.io/download"),
    "grafana": (
        ("grafana", "grafana-server"),
        "grafana.com/grafana/download, or the compose file (docs/demo.md)",
    ),
}
# The usual ones, in the order in which the parts are started.
PORTS: Mapping[str, int] = {
    "exporter": 10360,
    "alertmanager": 9093,
    "prometheus": 9090,
    "grafana": 3000,
}
# What a part is worth nothing without.
NEEDS: Mapping[str, str] = {"alertmanager": "prometheus", "grafana": "prometheus"}


@dataclass(frozen=True, slots=True)
class Part:
    """One program to run."""

    name: str
    command: list[str]
    port: int
    health: str
    """The path that answers 200 once it works."""
    page: str
    """The path to look at."""
    about: str
    environment: dict[str, str] = field(default_factory=dict)
    """Beside that of the demo."""

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"


def installed(name: str) -> str | None:
    """The path of a part's program."""
    names, _ = PROGRAMS[name]
    return next(filter(None, map(shutil.which, names)), None)


def exporter(port: int) -> Part:
    """The exporter, with a cluster that plays."""
    return Part(
        "exporter",
        [sys.executable, "-m", "exporter", "demo", "--web.listen-address", f"127.0.0.1:{port}"],
        port,
        "/readyz",
        "/",
        "the metrics of a cluster that plays on this machine",
    )


def alertmanager(program: str, port: int, folder: Path, inbox: str) -> Part:
    """An Alertmanager of the shipped configuration, whose receivers are the inbox."""
    made = settings.alertmanager_settings(settings.load(settings.ALERTMANAGER), inbox)
    made["templates"] = [str(settings.RULES / glob) for glob in made["templates"]]
    configuration = folder / "alertmanager.yml"
    configuration.write_text(settings.dump(made), encoding="utf-8")
    url = f"http://127.0.0.1:{port}"
    return Part(
        "alertmanager",
        [
            program,
            f"--config.file={configuration}",
            f"--storage.path={folder / 'alertmanager'}",
            f"--web.listen-address=127.0.0.1:{port}",
            f"--web.external-url={url}",
            # It is alone, and need not look for others.
            "--cluster.listen-address=",
        ],
        port,
        "/-/ready",
        "/",
        "alerts/alertmanager.yml",
    )


def prometheus(program: str, port: int, folder: Path, exporter: Part, alerts: Part | None) -> Part:
    """A Prometheus with the shipped rules."""
    made = settings.prometheus_settings(
        settings.load(settings.PROMETHEUS),
        rules=settings.RULES,
        exporter=f"127.0.0.1:{exporter.port}",
        alertmanager=f"127.0.0.1:{alerts.port}" if alerts else "",
    )
    configuration = folder / "prometheus.yml"
    configuration.write_text(settings.dump(made), encoding="utf-8")
    url = f"http://127.0.0.1:{port}"
    return Part(
        "prometheus",
        [
            program,
            f"--config.file={configuration}",
            f"--storage.tsdb.path={folder / 'prometheus'}",
            f"--web.listen-address=127.0.0.1:{port}",
            f"--web.external-url={url}",
            "--enable-feature=exemplar-storage",
        ],
        port,
        "/-/ready",
        "/alerts",
        "scrapes every 5 s, with the rules of alerts/",
    )


def grafana(program: str, port: int, folder: Path, prometheus: Part) -> Part:
    """A Grafana with the shipped dashboards, open to whoever sits at this machine."""
    command = [program, "server"] if Path(program).name == "grafana" else [program]
    # Packages keep what it needs there; elsewhere it lies beside the folder of the program.
    packaged = Path("/usr/share/grafana")
    home = packaged if packaged.is_dir() else Path(program).resolve().parents[1]
    return Part(
        "grafana",
        [*command, "--homepath", str(home)],
        port,
        "/api/health",
        "/dashboards",
        "the dashboards of dashboards/",
        {
            "PROMETHEUS_URL": prometheus.url,
            "DASHBOARDS_PATH": str(DASHBOARDS),
            "GF_SERVER_HTTP_ADDR": "127.0.0.1",
            "GF_SERVER_HTTP_PORT": str(port),
            "GF_PATHS_DATA": str(folder / "grafana"),
            "GF_PATHS_LOGS": str(folder / "grafana" / "logs"),
            "GF_PATHS_PLUGINS": str(folder / "grafana" / "plugins"),
            "GF_PATHS_PROVISIONING": str(PROVISIONING),
            "GF_AUTH_ANONYMOUS_ENABLED": "true",
            "GF_AUTH_ANONYMOUS_ORG_ROLE": "Viewer",
            "GF_ANALYTICS_REPORTING_ENABLED": "false",
            "GF_ANALYTICS_CHECK_FOR_UPDATES": "false",
        },
    )
