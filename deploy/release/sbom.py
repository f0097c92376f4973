# SPDX-License-Identifier: Apache-2.0
"""The bill of materials of a release, CycloneDX 1.6 in JSON: what the image installs beside the
project.

Names, versions, licences and who needs whom are read from an environment into which the image's
lock was installed; the hashes, of all files that pip may take for a package, from the lock itself.
The same commit makes the same bytes.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import Any

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
LOCK = ROOT / "deploy" / "image" / "requirements.txt"
_SCHEMA = SchemaVersion.V1_6


def main() -> int:
    """0 when the file is written."""
    parser = argparse.ArgumentParser(prog="python -m deploy.release.sbom", description=__doc__)
    parser.add_argument("output", type=Path)
    parser.add_argument(
        "--python", type=Path, help="of an environment that has the lock; else one is made"
    )
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        python = arguments.python or _installed(Path(directory))
        text = bill(python)
    arguments.output.write_text(text, encoding="utf-8")
    return 0


def bill(python: Path) -> str:
    """The document, about the environment of ``python``.

    ValueError when it is not what the schema asks for, or has a package that the lock has not.
    """
    found = _cyclonedx("environment", "--pyproject", "pyproject.toml", str(python))
    locked = {_key(each): each for each in _cyclonedx("requirements", str(LOCK))["components"]}
    root = found["metadata"]["component"]
    root["purl"] = f"pkg:pypi/{root['name']}@{root['version']}"
    for component in found["components"]:
        if _key(component) not in locked:
            raise ValueError(f"not in the lock: {component['purl']}")
        references = locked[_key(component)]["externalReferences"]
        component.setdefault("externalReferences", []).extend(
            r for r in references if "hashes" in r
        )
    text = json.dumps(found, indent=2, sort_keys=True) + "\n"
    if problem := JsonStrictValidator(_SCHEMA).validate_str(text):
        raise ValueError(f"no CycloneDX {_SCHEMA.to_version()}: {problem}")
    return text


def _installed(directory: Path) -> Path:
    """Python of a new environment with nothing in it but what is locked."""
    venv.create(directory, with_pip=False, symlinks=True)
    python = directory / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
    options = ["--require-hashes", "--no-deps", "--no-compile", "--requirement", str(LOCK)]
    subprocess.run([*pip, *options], check=True)  # noqa: S603 - our own lock
    return python


def _cyclonedx(*arguments: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "cyclonedx_py", *arguments]
    # SOURCE_DATE_EPOCH is the document's time, where it is set.
    options = ["--output-reproducible", "--spec-version", _SCHEMA.to_version()]
    done = subprocess.run(  # noqa: S603 - the tool of our own environment
        [*command, *options], cwd=ROOT, stdout=subprocess.PIPE, check=True
    )
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def _key(component: dict[str, Any]) -> tuple[str, str]:
    return canonicalize_name(component["name"]), component["version"]


if __name__ == "__main__":
    sys.exit(main())
