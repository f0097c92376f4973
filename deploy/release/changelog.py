# SPDX-License-Identifier: Apache-2.0
"""Whether a tag is a release, and what the changelog says of it.

``python -m deploy.release.changelog v1.2.3`` prints that section of CHANGELOG.md. It is an error
when the tag is not that of the project's version, or the section has no day yet.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_HEADING = re.compile(r"^## (\S+) / (\S+)$", re.MULTILINE)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


class UnreleasedError(Exception):
    """There is no such release yet."""


def section(text: str, version: str) -> str:
    """What stands under the heading of ``version``; UnreleasedError when it has none, or no day."""
    headings = list(_HEADING.finditer(text))
    ends = [each.start() for each in headings[1:]] + [len(text)]
    for heading, end in zip(headings, ends, strict=True):
        if heading[1] == version:
            if not _DAY.fullmatch(heading[2]):
                raise UnreleasedError(f"CHANGELOG.md: {version} is {heading[2]}")
            return text[heading.end() : end].strip() + "\n"
    raise UnreleasedError(f"CHANGELOG.md has no section {version}")


def main() -> int:
    """0, or 1 with the reason on standard error."""
    (tag,) = sys.argv[1:]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    version = project["version"]
    try:
        if tag != f"v{version}":
            raise UnreleasedError(f"the tag is {tag}, the project's version is {version}")
        print(section((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), version), end="")
    except UnreleasedError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
