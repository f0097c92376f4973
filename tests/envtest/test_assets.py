# SPDX-License-Identifier: Apache-2.0
"""Where the programs of the test control plane are looked for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.envtest.assets import AssetsMissingError, find_assets, go_duration


def _programs(directory: Path, *names: str) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    for name in names:
        (directory / name).touch(mode=0o755)
    return directory


def test_named_directory(tmp_path: Path) -> None:
    """KUBEBUILDER_ASSETS goes before the default directory."""
    default = _programs(tmp_path / "default", "etcd", "kube-apiserver")
    named = _programs(tmp_path / "named", "etcd", "kube-apiserver")
    assets = find_assets({"KUBEBUILDER_ASSETS": str(named)}, default)
    assert (assets.etcd, assets.kube_apiserver) == (named / "etcd", named / "kube-apiserver")


def test_default_directory(tmp_path: Path) -> None:
    """Without a named directory envtest's default is looked in."""
    default = _programs(tmp_path / "default", "etcd", "kube-apiserver")
    assert find_assets({"HOME": str(tmp_path)}, default).etcd == default / "etcd"


def test_single_program(tmp_path: Path) -> None:
    """TEST_ASSET_ETCD names one program, the other is found as before."""
    default = _programs(tmp_path / "default", "etcd", "kube-apiserver")
    other = _programs(tmp_path / "other", "etcd") / "etcd"
    assets = find_assets({"HOME": str(tmp_path), "TEST_ASSET_ETCD": str(other)}, default)
    assert (assets.etcd, assets.kube_apiserver) == (other, default / "kube-apiserver")


def test_newest_build(tmp_path: Path) -> None:
    """Of several builds in the cache the newest is taken."""
    cache = tmp_path / "kube-event-metrics" / "envtest"
    old = _programs(cache / "v1.9.0-b", "etcd", "kube-apiserver")
    new = _programs(cache / "v1.36.3-a", "etcd", "kube-apiserver")
    os.utime(old / "kube-apiserver", (1, 1))
    os.utime(new / "kube-apiserver", (2, 2))
    assets = find_assets({"XDG_CACHE_HOME": str(tmp_path)}, tmp_path / "nothing")
    assert assets.kube_apiserver == new / "kube-apiserver"


def test_missing(tmp_path: Path) -> None:
    """What is missing is named together with the place where it was looked for."""
    named = _programs(tmp_path / "named", "kube-apiserver")
    with pytest.raises(AssetsMissingError, match=f"no etcd at {named}/etcd"):
        find_assets({"KUBEBUILDER_ASSETS": str(named)})


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("1m30s", 90), ("1.5h", 5400)])
def test_duration(text: str, seconds: float) -> None:
    """A start timeout is a Go duration."""
    assert go_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "90", "s", "1m 30s", "-1s"])
def test_no_duration(text: str) -> None:
    """What Go would not read as a duration is an error, not a guess."""
    with pytest.raises(ValueError, match="not a duration"):
        go_duration(text)
