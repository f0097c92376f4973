"""deploy/demo/compose.yaml: the stack of `make demo` in containers, read and compared.

There is no container here to run it in. Where `docker compose` is, it reads the file as well.
"""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.demo import settings
from deploy.demo.parts import PORTS
from tests.integration.prometheus_server import program
from tests.promql.known import rule_files

COMPOSE = settings.ROOT / "deploy" / "demo" / "compose.yaml"
DOCUMENT: dict[str, Any] = settings.load(COMPOSE)
SERVICES: dict[str, dict[str, Any]] = DOCUMENT["services"]
PROVISIONING = settings.ROOT / "deploy" / "grafana" / "provisioning"


def mounts(name: str) -> dict[str, Path]:
    """What a service sees of the checkout, by its path there."""
    found = {}
    for volume in SERVICES[name].get("volumes", ()):
        here, there, mode = volume.split(":")
        assert mode == "ro"
        found[there] = (COMPOSE.parent / here).resolve()
    return found


def seen(name: str, path: str) -> Path:
    """The file of the checkout that a service finds at a path."""
    for there, here in mounts(name).items():
        if path == there or path.startswith(there + "/"):
            return here / path[len(there) :].lstrip("/")
    raise AssertionError(f"{name} has no {path}")


def test_the_parts_are_those_of_make_demo() -> None:
    """And the inbox, which `make demo` has in itself."""
    assert SERVICES.keys() == {*PORTS, "inbox"}
    for name, port in PORTS.items():
        assert SERVICES[name]["ports"] == [f"127.0.0.1:{port}:{port}"]
    assert "ports" not in SERVICES["inbox"]


@pytest.mark.parametrize("name", SERVICES)
def test_mounts_are_there_and_inside_the_checkout(name: str) -> None:
    """The folder of the dashboards too."""
    for here in mounts(name).values():
        assert here.is_relative_to(settings.ROOT)
        assert here.exists(), here


def test_images_are_pinned_and_named_shortly() -> None:
    """No registry host: whatever is configured for short names is asked. Ours is built here."""
    for name, service in SERVICES.items():
        assert re.fullmatch(r"([a-z-]+/)?[a-z-]+:(v?\d+\.\d+\.\d+|demo)", service["image"]), name
    for name in ("exporter", "inbox"):
        context = (COMPOSE.parent / SERVICES[name]["build"]["context"]).resolve()
        assert (context, (context / "Dockerfile").is_file()) == (settings.ROOT, True)
        assert SERVICES[name]["image"] == "kube-event-metrics:demo"


def test_configurations_are_where_the_programs_look() -> None:
    """Also what the configurations name in turn: rules, templates, dashboards."""
    command = " ".join(SERVICES["prometheus"]["command"] + SERVICES["alertmanager"]["command"])
    prometheus, alertmanager = re.findall(r"--config\.file=(\S+)", command)
    assert seen("prometheus", prometheus) == settings.PROMETHEUS
    (glob,) = settings.load(settings.PROMETHEUS)["rule_files"]
    folder, _, pattern = glob.rpartition("/")
    assert sorted(seen("prometheus", folder).glob(pattern)) == sorted(rule_files())

    path = seen("alertmanager", alertmanager)
    (templates,) = settings.load(path)["templates"]
    folder, _, pattern = templates.rpartition("/")
    beside = alertmanager.rpartition("/")[0]
    assert list(seen("alertmanager", f"{beside}/{folder}").glob(pattern)) != []

    for kind in ("datasources", "dashboards"):
        assert seen("grafana", f"/etc/grafana/provisioning/{kind}") == PROVISIONING / kind
    environment = SERVICES["grafana"]["environment"]
    assert seen("grafana", environment["DASHBOARDS_PATH"]) == settings.ROOT / "dashboards"


def test_services_find_each_other() -> None:
    """Every address in a configuration is a service and the port that it listens on."""
    listening = {f"{name}:{port}" for name, port in PORTS.items()} | {"inbox:9095"}
    made = settings.load(settings.PROMETHEUS)
    named = {
        *made["scrape_configs"][0]["static_configs"][0]["targets"],
        *made["alerting"]["alertmanagers"][0]["static_configs"][0]["targets"],
        SERVICES["grafana"]["environment"]["PROMETHEUS_URL"].removeprefix("http://"),
        settings.COMPOSE_INBOX.removeprefix("http://"),
    }
    assert named == listening - {"grafana:3000"}
    assert SERVICES["exporter"]["command"][1].endswith(f"0.0.0.0:{PORTS['exporter']}")
    assert SERVICES["inbox"]["entrypoint"][-1] == "9095"


@pytest.mark.prometheus
def test_promtool_takes_the_configuration(tmp_path: Path) -> None:
    """As it is shipped, and as `make demo` turns it, with all rules."""
    made = settings.prometheus_settings(
        settings.load(settings.PROMETHEUS),
        rules=settings.RULES,
        exporter="127.0.0.1:1",
        alertmanager="",
    )
    (tmp_path / "prometheus.yml").write_text(settings.dump(made), encoding="utf-8")
    answers = [
        subprocess.run(
            [program("promtool"), "check", "config", str(path)],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for path in (settings.PROMETHEUS, tmp_path / "prometheus.yml")
    ]
    assert f"{len(rule_files())} rule files found" in answers[-1]


def test_the_inbox_needs_nothing_but_python() -> None:
    """In the image there is no `deploy`."""
    _, script, _ = SERVICES["inbox"]["entrypoint"]
    tree = ast.parse(seen("inbox", script).read_text(encoding="utf-8"))
    imported = {
        name.partition(".")[0]
        for node in ast.walk(tree)
        for name in (
            [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else []
        )
    }
    assert imported <= sys.stdlib_module_names


def test_grafana_is_provisioned_with_what_its_environment_says() -> None:
    """Both files read a variable that the compose file and `make demo` set."""
    (source,) = _only(PROVISIONING / "datasources")["datasources"]
    (provider,) = _only(PROVISIONING / "dashboards")["providers"]
    assert (source["type"], source["isDefault"], source["url"]) == (
        "prometheus",
        True,
        "${PROMETHEUS_URL}",
    )
    assert provider["options"]["path"] == "${DASHBOARDS_PATH}"
    assert SERVICES["grafana"]["environment"].keys() > {"PROMETHEUS_URL", "DASHBOARDS_PATH"}


def test_docker_compose_takes_it() -> None:
    """Where it is; elsewhere nothing but the tests above has read the file."""
    docker = shutil.which("docker")
    command = [docker or "docker", "compose", "-f", str(COMPOSE), "config", "--quiet"]
    if not docker or subprocess.run(command[:2], capture_output=True, check=False).returncode:
        pytest.skip("docker compose is not installed")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def _only(folder: Path) -> dict[str, Any]:
    (path,) = folder.iterdir()
    found: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return found
