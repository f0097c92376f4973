# SPDX-License-Identifier: Apache-2.0
"""Finds the programs a test control plane is made of, by envtest's convention."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

# The default of Kubernetes' own envtest (controller-runtime, pkg/envtest).
DEFAULT_DIRECTORY = Path("/usr/local/kubebuilder/bin")

_GO_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}


class AssetsMissingError(Exception):
    """There is no kube-apiserver or no etcd; the text says which and where it was looked for."""


@dataclass(frozen=True, slots=True)
class Assets:
    """The two executables, and how long they may take to be ready (seconds)."""

    kube_apiserver: Path
    etcd: Path
    start_timeout: float


def find_assets(environ: Mapping[str, str], default: Path = DEFAULT_DIRECTORY) -> Assets:
    """The assets that the environment names, or those that `.ci/assets` built.

    Raises AssetsMissingError, and ValueError for a start timeout that is no duration.
    """
    directories = _directories(environ, default)
    return Assets(
        kube_apiserver=_find(environ, "TEST_ASSET_KUBE_APISERVER", "kube-apiserver", directories),
        etcd=_find(environ, "TEST_ASSET_ETCD", "etcd", directories),
        # Generous against envtest's 20 s: a build machine may start several at once.
        start_timeout=go_duration(environ.get("KUBEBUILDER_CONTROLPLANE_START_TIMEOUT") or "60s"),
    )


def go_duration(text: str) -> float:
    """Seconds of a Go duration such as `90s` or `1m30s`; ValueError if it is none."""
    parts = re.findall(r"(\d+(?:\.\d+)?)(h|ms|us|µs|ns|m|s)", text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError(f"not a duration: {text!r}")
    return sum(float(number) * _GO_UNITS[unit] for number, unit in parts)


def _directories(environ: Mapping[str, str], default: Path) -> list[Path]:
    """Where to look, in order. A directory that was named is the only one."""
    if named := environ.get("KUBEBUILDER_ASSETS"):
        return [Path(named)]
    cache = environ.get("XDG_CACHE_HOME") or Path(environ.get("HOME", "/"), ".cache")
    built = Path(cache, "kube-event-metrics", "envtest").glob("*/kube-apiserver")
    newest = sorted(built, key=lambda path: path.stat().st_mtime, reverse=True)
    return [default, *(path.parent for path in newest[:1])]


def _find(environ: Mapping[str, str], override: str, name: str, directories: list[Path]) -> Path:
    candidates = [directory / name for directory in directories]
    if named := environ.get(override):
        candidates = [Path(named)]
    for candidate in candidates:
        if os.access(candidate, os.X_OK):
            return candidate
    where = ", ".join(map(str, candidates))
    raise AssetsMissingError(
        f"no {name} at {where}; build it with .ci/assets or set KUBEBUILDER_ASSETS"
    )
