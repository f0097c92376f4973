# SPDX-License-Identifier: Apache-2.0
"""What Helm makes of deploy/helm/kube-event-metrics, as documents."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.envtest.assets import AssetsMissingError, find_assets
from tests.envtest.kustomized import ROOT, Json

CHART = ROOT / "deploy" / "helm" / "kube-event-metrics"
_SUFFIX = "-values.yaml"
PROFILES = tuple(
    sorted(path.name.removesuffix(_SUFFIX) for path in (CHART / "ci").glob(f"*{_SUFFIX}"))
)
"""What the chart is tried with: each a file of values in its directory ci."""
RELEASE = "kube-event-metrics"
"""With this name all is called as in deploy/kustomize."""


@dataclass(frozen=True, slots=True)
class Helm:
    """Helm, as the owner of a kubeconfig, or of none, with a home of its own."""

    program: Path
    home: Path
    kubeconfig: Path | None = None

    def run(self, *arguments: str, directory: Path = ROOT) -> subprocess.CompletedProcess[str]:
        """Its exit code and what it says."""
        places = {f"HELM_{name}_HOME": str(self.home) for name in ("CACHE", "CONFIG", "DATA")}
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("HELM_", "KUBE"))}
        return subprocess.run(
            [self.program, *arguments],
            cwd=directory,
            env={**inherited, **places, "KUBECONFIG": str(self.kubeconfig or os.devnull)},
            capture_output=True,
            text=True,
            check=False,
            timeout=90,
        )

    def __call__(self, *arguments: str) -> str:
        """What it prints; AssertionError with its words if it fails."""
        done = self.run(*arguments)
        assert done.returncode == 0, (arguments, done.stderr)
        return done.stdout

    def template(self, profile: str, *arguments: str) -> list[Json]:
        """The documents that the chart makes of a profile, as `RELEASE` in the namespace that it is
        made for.
        """
        return documents(self(*_template(profile), *arguments))


def _template(profile: str) -> tuple[str, ...]:
    return ("template", RELEASE, str(CHART), "-n", space(profile), "-f", str(values_file(profile)))


def space(profile: str) -> str:
    """The namespace of a profile: one for what mounts directories of the host, one for the rest."""
    return RELEASE + "-audit" if profile.startswith("audit-log") else RELEASE


def values_file(profile: str) -> Path:
    """Its values."""
    return CHART / "ci" / f"{profile}{_SUFFIX}"


def documents(text: str) -> list[Json]:
    """What Helm printed; empty documents, of comments alone, left out."""
    return [each for each in yaml.safe_load_all(text) if each]


def find_helm(environ: Mapping[str, str]) -> Path:
    """Helm beside the API server, or a skip; with REQUIRE_ENVTEST=1 a failure."""
    try:
        program = find_assets(environ).kube_apiserver.parent / "helm"
        if program.exists():
            return program
        reason = f"no helm at {program}: .ci/assets builds it"
    except AssetsMissingError as missing:
        reason = str(missing)
    if environ.get("REQUIRE_ENVTEST") == "1":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
