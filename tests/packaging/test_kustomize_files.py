"""The files of deploy/kustomize as they are; tests/envtest has what kubectl makes of them."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from exporter.config.options import BY_NAME

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
FILES = sorted((DEPLOY / "kustomize").rglob("*.yaml"))
KUSTOMIZATIONS = sorted(DEPLOY.rglob("kustomization.yaml"))
_TEXT = {path: path.read_text(encoding="utf-8") for path in FILES}
_FLAG = re.compile(r"^ *(?:-|value:) (--\S+)$", re.MULTILINE)


def _name(path: Path) -> str:
    return path.relative_to(DEPLOY).as_posix()


def _rules(path: Path, name: str) -> list[dict[str, Any]]:
    found = [d for d in yaml.safe_load_all(path.read_text()) if d["metadata"]["name"] == name]
    rules: list[dict[str, Any]] = found[0]["rules"] if "rules" in found[0] else found[1]["rules"]
    return rules


def test_every_flag_is_one_of_ours() -> None:
    """In patches too; a switch stands alone, and what another is given can be read."""
    flags = [flag for text in _TEXT.values() for flag in _FLAG.findall(text)]
    assert len(flags) >= 10
    for flag in flags:
        name, given, value = flag.removeprefix("--").partition("=")
        assert name in BY_NAME
        assert BY_NAME[name].switch is not bool(given), flag
        assert BY_NAME[name].parse(value or "true")


def test_the_image_is_of_this_version() -> None:
    """Image and package have one version; every container names it."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    images = {image for text in _TEXT.values() for image in re.findall(r"image: (\S+)", text)}
    assert images == {f"kube-event-metrics:{version}"}


def test_each_right_says_why_it_is_there() -> None:
    """In a comment above it."""
    told = []
    for text in _TEXT.values():
        lines = text.splitlines()
        told += [lines[at - 1] for at, line in enumerate(lines) if line.startswith("  - apiGroups")]
    assert len(told) == 6
    assert [line for line in told if not line.startswith("  # ")] == []


@pytest.mark.parametrize(
    ("here", "name", "there"),
    [
        ("base/cluster-role.yaml", "kube-event-metrics", "rbac.yaml"),
        ("overlays/namespaced/role.yaml", "kube-event-metrics", "rbac-namespaced.yaml"),
        (
            "components/ha/lease-role.yaml",
            "kube-event-metrics-leader-election",
            "rbac-leader-election.yaml",
        ),
        (
            "components/web-auth/review-role.yaml",
            "kube-event-metrics-web-auth",
            "rbac-web-auth.yaml",
        ),
        (
            "components/web-auth/scraper-role.yaml",
            "kube-event-metrics-scraper",
            "rbac-web-auth.yaml",
        ),
    ],
)
def test_rights_are_those_of_the_files_for_one_s_own_manifests(
    here: str, name: str, there: str
) -> None:
    """Two places that say the same."""
    assert _rules(DEPLOY / "kustomize" / here, name) == _rules(DEPLOY / there, name)


@pytest.mark.parametrize("path", KUSTOMIZATIONS, ids=_name)
def test_a_kustomization_names_what_is_there(path: Path) -> None:
    """Files of its own directory, all of them, and directories of this project."""
    read = yaml.safe_load(path.read_text())
    patches = [patch["path"] for patch in read.get("patches", ()) if "path" in patch]
    named = [*read.get("resources", ()), *read.get("components", ()), *patches]
    places = [(path.parent / each).resolve() for each in named]
    assert [str(each) for each in places if DEPLOY not in each.parents or not each.exists()] == []
    files = {each for each in places if each.is_file()}
    assert files == set(path.parent.glob("*.yaml")) - {path}
