# SPDX-License-Identifier: Apache-2.0
"""What kubectl makes of deploy/kustomize, as documents."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

Json = dict[str, Any]

ROOT = Path(__file__).parents[2]
KUSTOMIZE = ROOT / "deploy" / "kustomize"
OVERLAYS = tuple(
    path.parent.relative_to(KUSTOMIZE).as_posix()
    for path in [
        KUSTOMIZE / "base" / "kustomization.yaml",
        *sorted((KUSTOMIZE / "overlays").glob("*/kustomization.yaml")),
    ]
)
"""The base and all overlays, as paths below deploy/kustomize."""

APPLY = ("apply", "--server-side", "--force-conflicts", "--validate=strict")
"""How kubectl is told to apply: an unknown field is an error."""
# What a container is given there is a directory of the test here.
_MOUNTS = (
    "/var/lib/kube-event-metrics",
    "/var/log/kubernetes/audit",
    *(f"/etc/kube-event-metrics/{name}" for name in ("audit", "config", "rules", "web")),
)


@dataclass(frozen=True, slots=True)
class Kubectl:
    """kubectl, as the owner of a kubeconfig."""

    program: Path
    kubeconfig: Path

    def run(
        self, *arguments: str, stdin: str = "", directory: Path = ROOT
    ) -> subprocess.CompletedProcess[str]:
        """Its exit code and what it says."""
        return subprocess.run(
            [self.program, "--kubeconfig", self.kubeconfig, "--request-timeout", "30s", *arguments],
            cwd=directory,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def __call__(self, *arguments: str, stdin: str = "") -> str:
        """What it prints; AssertionError with its words if it fails."""
        done = self.run(*arguments, stdin=stdin)
        assert done.returncode == 0, (arguments, done.stderr)
        return done.stdout

    def kustomized(self, directory: Path) -> list[Json]:
        """The documents that a kustomization makes."""
        return list(yaml.safe_load_all(self("kustomize", str(directory))))

    def apply(self, *documents: Json) -> None:
        """Apply them as the documents tell to: on the server, strictly."""
        self(*APPLY, "-f", "-", stdin=yaml.safe_dump_all(documents))


def templates(documents: list[Json]) -> Iterator[tuple[Json, Json]]:
    """(workload, pod) of all that make pods; the pod has a name and its namespace."""
    for document in documents:
        if document["kind"] in {"Deployment", "DaemonSet"}:
            namespace = document["metadata"]["namespace"]
            template = document["spec"]["template"]
            metadata = {**template["metadata"], "name": "tried", "namespace": namespace}
            yield document, {**template, "metadata": metadata}


def arguments(pod: Json) -> list[str]:
    """What its container gives to the exporter."""
    (container,) = pod["spec"]["containers"]
    given: list[str] = container["args"]
    return given


def moved(given: list[str], directory: Path) -> list[str]:
    """The same arguments with a directory of the test for each that is mounted, and a free port of
    loopback for each address.
    """
    for mount in _MOUNTS:
        place = directory / Path(mount).name
        place.mkdir(exist_ok=True)
        given = [each.replace(mount, str(place)) for each in given]
    return [re.sub(r"0\.0\.0\.0:\d+$", "127.0.0.1:0", each) for each in given]


def rules(documents: list[Json]) -> Iterator[tuple[Json, Json, str]]:
    """(role, rule, verb) of each right that they give the exporter: to resources."""
    for role in documents:
        if role["kind"] in {"Role", "ClusterRole"}:
            for rule in (each for each in role["rules"] if "resources" in each):
                for verb in rule["verbs"]:
                    yield role, rule, verb
