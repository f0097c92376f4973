# SPDX-License-Identifier: Apache-2.0
"""What accounts may do, as documented and as an API server tells; and what less of it does."""

from __future__ import annotations

import re
import secrets
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.envtest.cluster import RBAC, Cluster
from tests.envtest.exporter_process import ExporterProcess, RunExporter
from tests.envtest.installed import Installed
from tests.envtest.kustomized import ROOT, Kubectl, rules

# An API server that streams lists, as this one does, asks for no right but watch then. That the
# exporter is not ready without this one where there are none is in test_server_settings.py.
_UNSTREAMED = "list"
_SCRAPER = "kube-event-metrics-scraper"
_ROW = re.compile(r"^\| (.*?) \| (.*?) \| (\w+) (\w+)(?: `(.*?)`)? \| .+ \|$", re.MULTILINE)
_RIGHT = re.compile(r"^(\S*) +\[(.*?)\] +\[(.*?)\] +\[(.*?)\]$", re.MULTILINE)

Right = tuple[str, str, str]
"""Verb, resource, name; the name is empty where all are meant."""


def documented(*cases: str) -> dict[str, set[Right]]:
    """By namespace ("" for all), what docs/deployment.md says that the account may do in any of
    these cases: overlays, and values of the chart.
    """
    found: dict[str, set[Right]] = {}
    text = (ROOT / "docs" / "deployment.md").read_text(encoding="utf-8")
    for known, where, verb, resource, name in _ROW.findall(text.partition("## Rights")[2]):
        if not {each.strip("`") for each in known.split(", ")}.isdisjoint(cases):
            place = "" if where == "all namespaces" else where.strip("`")
            found.setdefault(place, set()).add((verb, resource, name))
    return found


def listed(kubectl: Kubectl, namespace: str) -> set[Right]:
    """What `kubectl auth can-i --list` tells of one namespace."""
    text = kubectl("auth", "can-i", "--list", "--no-headers", "--namespace", namespace)
    rows = _RIGHT.findall(text)
    assert len(rows) == len(text.splitlines())
    return {
        (verb, resource.partition(".")[0] + path, name)
        for resource, path, names, verbs in rows
        for verb in verbs.split()
        for name in names.split() or [""]
    }


def assert_may(
    account: Kubectl, told: dict[str, set[Right]], everybody: dict[str, set[Right]]
) -> None:
    """What is told, and nothing else beyond what an account without rights may."""
    for place, base in everybody.items():
        expected = told.get("", set()) | told.get(place, set())
        assert (place, listed(account, place) - base) == (place, expected)


def assert_missed(
    installed: Installed,
    resources: set[str],
    directory: Path,
    run_exporter: RunExporter,
    scrapes: Callable[[ExporterProcess], None],
) -> None:
    """Each right about these resources that is taken away is missed: the exporter is not ready and
    says why, or `check` does; without a right to reviews nobody is let in, and both say why.

    ``scrapes`` has an exporter's requests come from somebody who may scrape.
    """
    flags = installed.flags("kube-event-metrics", directory)
    config = installed.kubeconfig(directory)
    for role, rule, verb in rules(installed.documents):
        (resource,) = rule["resources"]
        if resource not in resources:
            continue
        installed.take(role, rule, verb)
        if resource in {"events", "leases"} and verb != _UNSTREAMED:
            exporter = run_exporter(config, *flags, ready=False)
            unready = partial(_unready, exporter, f"not allowed to .*{resource}")
            exporter.process.wait_for(unready, f"misses {verb} of {resource}", 30)
            exporter.stop()
        else:
            (told,) = [each for each in checked(config, flags) if each.startswith("FAIL")]
            assert f"may not {verb} {resource}" in told
        if resource.endswith("reviews"):
            exporter = run_exporter(config, *flags, ready=False)
            scrapes(exporter)
            exporter.wait_ready()
            assert exporter.get("/metrics")[0] == 503
            assert f"cannot {verb} resource" in exporter.process.output()
            exporter.stop()
        installed.grant()


def scraper(cluster: Cluster) -> str:
    """A token of an account that may scrape, by the role that is shipped for that."""
    name = f"scraper-{secrets.token_hex(4)}"
    cluster.admin.request(
        "POST", "/api/v1/namespaces/default/serviceaccounts", {"metadata": {"name": name}}
    )
    binding = {
        "metadata": {"name": name},
        "roleRef": {
            "apiGroup": "rbac.authorization.k8s.io",
            "kind": "ClusterRole",
            "name": _SCRAPER,
        },
        "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": "default"}],
    }
    cluster.admin.request("POST", f"{RBAC}/clusterrolebindings", binding)
    return cluster.token("default", name)


def _unready(exporter: ExporterProcess, why: str) -> bool:
    status, body = exporter.get("/readyz")
    return status == 503 and bool(re.search(why, body))


def checked(kubeconfig: Path, flags: list[str]) -> list[str]:
    """What `check` prints."""
    command = [sys.executable, "-m", "exporter", "check", "--kubeconfig", str(kubeconfig)]
    done = subprocess.run(
        [*command, *flags], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stderr == ""
    return done.stdout.splitlines()
