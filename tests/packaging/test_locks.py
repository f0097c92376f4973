"""The locks hold what pyproject.toml asks for: each package at one version, with hashes."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

_ROOT = Path(__file__).parents[2]
_IMAGE = _ROOT / "deploy" / "image" / "requirements.txt"
_BUILD = _ROOT / "deploy" / "image" / "build-requirements.txt"
_DEVELOPMENT = _ROOT / ".ci" / "requirements.txt"
_LOCKS = (_IMAGE, _BUILD, _DEVELOPMENT)
_PIN = re.compile(r"^(\S+)==(\S+)(?: ; .*)?(?: \\)?$")
_HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}(?: \\)?$")


def _project() -> dict[str, Any]:
    return tomllib.loads((_ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def _group(name: str) -> list[str]:
    asked: list[str] = []
    for each in _project()["dependency-groups"][name]:
        asked += [each] if isinstance(each, str) else _group(each["include-group"])
    return asked


def _asked(lock: Path) -> list[Requirement]:
    project = _project()["project"]
    runtime = project["dependencies"] + project["optional-dependencies"]["fast"]
    asked = {
        _IMAGE: runtime,
        _BUILD: _group("build") + _project()["build-system"]["requires"],
        _DEVELOPMENT: runtime + _group("dev"),
    }
    return [Requirement(each) for each in asked[lock]]


def _locked(lock: Path) -> dict[str, tuple[str, int]]:
    """Name to version and number of hashes; AssertionError for a line that is neither."""
    locked: dict[str, tuple[str, int]] = {}
    name = ""
    for line in lock.read_text(encoding="utf-8").splitlines():
        if line.lstrip().startswith("#"):
            continue
        if pin := _PIN.match(line):
            name = canonicalize_name(pin[1])
            assert name not in locked
            locked[name] = (pin[2], 0)
        else:
            assert _HASH.match(line), line
            version, hashes = locked[name]
            locked[name] = (version, hashes + 1)
    return locked


@pytest.mark.parametrize("lock", _LOCKS, ids=lambda lock: lock.name)
def test_what_is_asked_for_is_locked(lock: Path) -> None:
    """At a version that will do; `make lock` where it is not."""
    locked = _locked(lock)
    asked = _asked(lock)
    assert asked
    for each in asked:
        name = canonicalize_name(each.name)
        assert name in locked, f"{each} is not in {lock.name}: make lock"
        assert each.specifier.contains(locked[name][0], prereleases=True), (each, locked[name])


@pytest.mark.parametrize("lock", _LOCKS, ids=lambda lock: lock.name)
def test_each_package_has_hashes(lock: Path) -> None:
    """Of its sources and wheels: what is installed is what was locked."""
    assert [name for name, (_, hashes) in _locked(lock).items() if not hashes] == []


def test_what_is_tested_is_what_is_shipped() -> None:
    """The same versions in the image as where the tests run."""
    development = _locked(_DEVELOPMENT)
    for lock in (_IMAGE, _BUILD):
        for name, (version, _) in _locked(lock).items():
            assert development[name][0] == version, name
