"""The source distribution has what makes both wheels, and the wheel what runs."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from exporter.version import VERSION

_ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with both."""
    directory = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-t", "wheel"]
    subprocess.run([*command, "-d", str(directory)], cwd=_ROOT, check=True, capture_output=True)
    return directory


def _package() -> set[str]:
    """The files of the package that are no product of running it."""
    files = (path for path in (_ROOT / "exporter").rglob("*") if path.is_file())
    return {str(p.relative_to(_ROOT)) for p in files if "__pycache__" not in p.parts}


def test_the_source_distribution_has_the_package_and_what_builds_it(built: Path) -> None:
    """No tests, no locks, nothing of the checkout."""
    (path,) = built.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        members = archive.getmembers()
    root = f"kube_event_metrics-{VERSION}/"
    beside = {"pyproject.toml", "hatch_build.py", "README.md", "LICENSE", "CHANGELOG.md"}
    made = {"PKG-INFO", ".gitignore"}  # hatchling's
    assert {each.name.removeprefix(root) for each in members} == _package() | beside | made
    assert {(each.uid, each.gid, each.uname, each.gname) for each in members} == {(0, 0, "", "")}
    assert len({each.mtime for each in members}) == 1


def test_the_wheel_has_the_package(built: Path) -> None:
    """With its data, and nothing beside it but what a wheel is described with."""
    (path,) = built.glob("*.whl")
    names = set(zipfile.ZipFile(path).namelist())
    info = f"kube_event_metrics-{VERSION}.dist-info/"
    about = {"METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE"}
    assert path.name == f"kube_event_metrics-{VERSION}-py3-none-any.whl"
    assert names == _package() | {info + each for each in about}
