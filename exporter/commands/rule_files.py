# SPDX-License-Identifier: Apache-2.0
"""``rules check``: can rule files be used, what is wrong with them, and what would they do?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from exporter.config import Config
from exporter.rules.loading import NamedText, built_in, read
from exporter.rules.problems import RuleError
from exporter.rules.review import Changes, Finding, review


def check_rules(config: Config, paths: Sequence[str]) -> int:
    """Say of each file whether it can be used beside the rules in force; 1 where one cannot."""
    examined = examine(paths, beside=config.rule_files)
    for finding in examined.findings:
        print(finding)
    for name, does in examined.usable.items():
        print(f"{name}: ok, {does}")
    return 1 if examined.failed else 0


class Examined(NamedTuple):
    """What was found of files."""

    findings: Sequence[Finding]
    usable: Mapping[str, str]
    """What each file does, in words; empty where one of them cannot be used."""

    @property
    def failed(self) -> bool:
        """Whether one of them cannot be used."""
        return any(finding.fatal for finding in self.findings)


def examine(paths: Sequence[str], beside: Sequence[str] = ()) -> Examined:
    """Look at files together, in their order, after the built-in ones and those ``beside`` them."""
    missing: list[Finding] = []
    others = [path for path in dict.fromkeys(beside) if path not in paths]
    before = [*built_in(), *_read(others, missing)]
    files = _read(dict.fromkeys(paths), missing)
    found = review(before, files)
    findings = [*missing, *found.findings]
    failed = any(finding.fatal for finding in findings)
    usable = {} if failed else {name: _words(does) for name, does in found.changes.items()}
    return Examined(findings, usable)


def _read(paths: Iterable[str], missing: list[Finding]) -> Sequence[NamedText]:
    files: list[NamedText] = []
    for path in paths:
        try:
            files += read([path])
        except RuleError as error:
            missing.append(Finding.of(error))
    return files


def _words(changes: Changes) -> str:
    number = len(changes.added)
    words = [f"adds {number} rule{'' if number == 1 else 's'}"]
    if changes.replaced:
        replaced = (f"{rule} of {file}" for rule, file in changes.replaced.items())
        words.append(f"replaces {', '.join(replaced)}")
    return ", ".join(words)
