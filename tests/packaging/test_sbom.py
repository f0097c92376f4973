"""The bill of materials has what the image installs, all of it and nothing else."""

from __future__ import annotations

import json
import re
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from deploy.release import sbom

_PROJECT = tomllib.loads((sbom.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

pytestmark = pytest.mark.timeout(600)  # packages are fetched


@pytest.fixture(scope="module")
def bill(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """As a release has it."""
    path = tmp_path_factory.mktemp("sbom") / "bill.cdx.json"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["sbom", str(path)])
        patch.setenv("SOURCE_DATE_EPOCH", "1800000000")
        assert sbom.main() == 0
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document


def _locked_here() -> dict[str, tuple[str, set[str]]]:
    """Name to version and hashes, of what the lock has for this system and this Python."""
    locked: dict[str, tuple[str, set[str]]] = {}
    for entry in re.split(r"^(?=\w)", sbom.LOCK.read_text(encoding="utf-8"), flags=re.MULTILINE):
        head = Requirement(entry.split("\\")[0]) if entry[0] != "#" else None
        if head is not None and (head.marker is None or head.marker.evaluate()):
            version = str(head.specifier).removeprefix("==")
            locked[canonicalize_name(head.name)] = (
                version,
                set(re.findall("sha256:(.*?)[ \n]", entry)),
            )
    return locked


def _hashes(component: dict[str, Any]) -> set[str]:
    references = component["externalReferences"]
    return {each["content"] for r in references for each in r.get("hashes", ())}


def test_it_has_what_is_locked(bill: dict[str, Any]) -> None:
    """Each package that is installed here, with the hashes of all its files; no other."""
    found = {
        canonicalize_name(each["name"]): (each["version"], _hashes(each))
        for each in bill["components"]
    }
    assert len(found) == len(bill["components"]) > 30
    assert found == _locked_here()


def test_it_is_about_the_project(bill: dict[str, Any]) -> None:
    """Its name, version, licence and address, and what it needs itself."""
    root = bill["metadata"]["component"]
    assert (root["name"], root["version"]) == (_PROJECT["name"], _PROJECT["version"])
    assert root["purl"] == f"pkg:pypi/kube-event-metrics@{_PROJECT['version']}"
    assert [each["license"]["id"] for each in root["licenses"]] == ["Apache-2.0"]
    needs = {each["ref"]: each.get("dependsOn", []) for each in bill["dependencies"]}
    direct = {canonicalize_name(ref.split("==")[0]) for ref in needs[root["bom-ref"]]}
    asked = [*_PROJECT["dependencies"], *_PROJECT["optional-dependencies"]["fast"]]
    assert direct == {canonicalize_name(Requirement(each).name) for each in asked}


def test_each_package_says_its_licence(bill: dict[str, Any]) -> None:
    """And its address, by which vulnerabilities are looked up."""
    assert [each["name"] for each in bill["components"] if not each.get("licenses")] == []
    for each in bill["components"]:
        name = canonicalize_name(each["name"])
        assert each["purl"] == f"pkg:pypi/{name}@{each['version']}"


def test_it_has_nothing_of_the_machine_that_made_it(bill: dict[str, Any]) -> None:
    """No path, no number at random; its time is the one it was given."""
    assert "serialNumber" not in bill
    assert bill["metadata"]["timestamp"].startswith("2027-01-15T08:00:00")
    assert str(Path.home()) not in json.dumps(bill).replace("https://", "")


def test_what_is_not_locked_is_an_error() -> None:
    """The environment of the tests has pytest, for instance."""
    with pytest.raises(ValueError, match="not in the lock: pkg:pypi/"):
        sbom.bill(Path(sys.executable))
