"""There is one version, in pyproject.toml; what repeats it is the same."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import yaml

from deploy.release.changelog import UnreleasedError, section
from exporter.version import VERSION

_ROOT = Path(__file__).parents[2]
_CHANGELOG = (_ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
_IMAGE = re.compile(r"kube-event-metrics:(\d[\w.-]*)")


def _version() -> str:
    project = tomllib.loads((_ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return str(project["version"])


def test_the_exporter_tells_the_version_of_the_project() -> None:
    """It is that of the installed distribution."""
    assert _version() == VERSION


def test_the_changelog_begins_with_this_version() -> None:
    """Released or not."""
    assert re.findall(r"^## (\S+) / ", _CHANGELOG, re.MULTILINE)[0] == _version()


def test_manifests_and_documents_name_the_image_of_this_version() -> None:
    """All that name one."""
    files = [*(_ROOT / "deploy").rglob("*.yaml"), *(_ROOT / "docs").rglob("*.md")]
    named = {tag for path in files for tag in _IMAGE.findall(path.read_text(encoding="utf-8"))}
    assert named == {_version()}


def test_charts_have_this_version() -> None:
    """The chart's own, and that of the image it takes."""
    for path in (_ROOT / "deploy").rglob("Chart.yaml"):
        chart = yaml.safe_load(path.read_text(encoding="utf-8"))
        assert (chart["version"], chart["appVersion"]) == (_version(), _version())


def test_a_release_is_told_by_its_section_of_the_changelog() -> None:
    """What stands under its heading, up to the next one."""
    text = "# Changelog\n\n## 2.0.0 / 2027-01-02\n\n* [CHANGE] a\n\n## 1.0.0 / 2026-01-02\n\n* b\n"
    assert section(text, "2.0.0") == "* [CHANGE] a\n"
    assert section(text, "1.0.0") == "* b\n"


@pytest.mark.parametrize("version", ["2.0.1", "2.0", "200", ".*"])
def test_what_the_changelog_does_not_have_is_no_release(version: str) -> None:
    """A version of another name, or one that has no day yet."""
    text = "## 2.0.1 / unreleased\n\n* a\n\n## 2.0.0 / 2027-01-02\n\n* b\n"
    with pytest.raises(UnreleasedError):
        section(text, version)
