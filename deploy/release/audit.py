# SPDX-License-Identifier: Apache-2.0
"""Known vulnerabilities of what is locked, asked for with pip-audit.

One in a package that is shipped, or that builds what is shipped, is a failure, unless
``accepted.toml`` accepts it; one in a package that only tests is told. No answer is no good news:
pip-audit itself succeeds where its service knows nothing of a package.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ("deploy/image/requirements.txt", "deploy/image/build-requirements.txt")
EVERYTHING = ".ci/requirements.txt"
"""Has the packages of the others too, at the same versions (tests/packaging/test_locks.py)."""
FOUND, UNANSWERED = 1, 3


@dataclass(frozen=True, slots=True)
class Vulnerability:
    """One known vulnerability of one locked package."""

    package: str
    version: str
    names: frozenset[str]
    """Its identifier and its aliases."""
    fixed: tuple[str, ...]
    """Versions without it."""

    def __str__(self) -> str:
        mended = f"fixed in {', '.join(self.fixed)}" if self.fixed else "not fixed yet"
        return f"{self.package} {self.version}: {', '.join(sorted(self.names))}, {mended}"


@dataclass(frozen=True, slots=True)
class Acceptance:
    """An entry of ``accepted.toml``."""

    package: str
    id: str
    reason: str
    until: dt.date
    """The last day on which it holds."""

    def holds(self, found: Vulnerability, today: dt.date) -> bool:
        """Whether it is about this one, today."""
        same = canonicalize_name(self.package) == found.package and self.id in found.names
        return same and today <= self.until


def main() -> int:
    """0 when every package was asked about and nothing is wrong; FOUND; UNANSWERED.

    Arguments are pip-audit's: another service, for instance.
    """
    report = _pip_audit(sys.argv[1:])
    if report is None:
        return UNANSWERED
    accepted = acceptances((Path(__file__).parent / "accepted.toml").read_text(encoding="utf-8"))
    return verdict(report, accepted, dt.datetime.now(dt.UTC).date())


def verdict(report: dict[str, Any], accepted: list[Acceptance], today: dt.date) -> int:
    """Tells what is in pip-audit's report; 0, FOUND or UNANSWERED."""
    packages = report["dependencies"]
    unanswered = [each["name"] for each in packages if "skip_reason" in each]
    print(f"audit: {len(packages) - len(unanswered)} of {len(packages)} packages answered for")
    if _any_bad(vulnerabilities(report), accepted, today):
        return FOUND
    if unanswered or not packages:
        print(f"NOT AUDITED: the service of vulnerabilities knows nothing of {_few(unanswered)}")
        return UNANSWERED
    return 0


def vulnerabilities(report: dict[str, Any]) -> Iterator[Vulnerability]:
    """Those in pip-audit's report."""
    for package in report["dependencies"]:
        for each in package.get("vulns", ()):
            yield Vulnerability(
                package=canonicalize_name(package["name"]),
                version=package["version"],
                names=frozenset([each["id"], *each["aliases"]]),
                fixed=tuple(each["fix_versions"]),
            )


def acceptances(text: str) -> list[Acceptance]:
    """Of the text of ``accepted.toml``; TypeError when an entry lacks a key or has another."""
    return [Acceptance(**each) for each in tomllib.loads(text).get("accepted", [])]


def _any_bad(found: Iterable[Vulnerability], accepted: list[Acceptance], today: dt.date) -> bool:
    """Whether one of them is a failure; all are told."""
    bad = False
    shipped = _shipped()
    for each in found:
        reasons = [a.reason for a in accepted if a.holds(each, today)]
        if reasons:
            print(f"accepted: {each} ({reasons[0]})")
        elif each.package in shipped:
            print(f"VULNERABLE: {each}")
            bad = True
        else:
            print(f"vulnerable, in the tests alone: {each}")
    return bad


def _pip_audit(options: list[str]) -> dict[str, Any] | None:
    """Its report; None, and said, when it made none."""
    command = [sys.executable, "-m", "pip_audit", "--require-hashes", "--disable-pip"]
    output = ["--format", "json", "--progress-spinner", "off"]
    done = subprocess.run(  # noqa: S603 - the tool of our own environment
        [*command, *output, "--requirement", EVERYTHING, *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        report: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        told = done.stderr.strip().splitlines() or ["it says nothing"]
        print(f"NOT AUDITED: pip-audit has not come to an end: {told[-1]}")
        return None
    return report


def _shipped() -> set[str]:
    locks = [(ROOT / lock).read_text(encoding="utf-8") for lock in SHIPPED]
    names = (re.findall(r"^([\w.-]+)==", lock, re.MULTILINE) for lock in locks)
    return {canonicalize_name(name) for found in names for name in found}


def _few(names: list[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more


if __name__ == "__main__":
    sys.exit(main())
