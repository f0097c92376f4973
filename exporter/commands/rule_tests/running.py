# SPDX-License-Identifier: Apache-2.0
"""Runs the cases of a file: each on counters, lifecycles and a ledger of its own.

The events come as a watch shows them after an empty first list. The clock goes with the
events: what is open for longer than its maximum age is abandoned here too. Audit events come as
lines of a log.

Compared are all samples of the families that the rule files declare, and of those that a
case names. Of a histogram that means its ``_count``; ``_sum`` and ``_bucket`` samples are
compared where a case names them.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from exporter.audit import AuditReader, Identities
from exporter.commands.recorded import EventClock, recorded_ledger
from exporter.commands.rule_tests.audit_events import audit_lines
from exporter.commands.rule_tests.events import frames
from exporter.commands.rule_tests.language import Case, CaseError, CaseFile, read_cases
from exporter.commands.rule_tests.samples import Key, differences, read_samples
from exporter.config import Config
from exporter.config.loading import nearest
from exporter.events import EventObject, read_event
from exporter.kube.frames import Frame, FrameReader
from exporter.metrics.births import Births, Scrapers
from exporter.metrics.declaration import MetricType
from exporter.metrics.page import Page
from exporter.metrics.series import Family, Series
from exporter.metrics.text import Format
from exporter.pipeline import AuditCounting, Counting, Scope
from exporter.rules.loading import built_in, load, read
from exporter.rules.problems import RuleError
from exporter.rules.reading import read_rule_file

_READER = FrameReader(EventObject)
_SOURCE = "log"
_MOST_IDENTITIES = 1_000_000
_PARTS = ("_count", "_sum", "_bucket")
_ONLY_IF_NAMED = ("_sum", "_bucket")


def run_cases(config: Config, paths: Sequence[str]) -> int:
    """Run test files and print what came of them; 1 where a case failed or a file is wrong."""
    failed = [path for path in paths if not _run_file(path, config)]
    return 1 if failed else 0


def _run_file(path: str, config: Config) -> bool:
    try:
        file = read_cases(path, Path(path).read_text("utf-8"))
        setting = _Setting(path, file, config)
        failed = 0
        for case in file.cases:
            lines = setting.run(case)
            if lines:
                failed += 1
                print(f"{path}: {case.name}: FAIL (- expected, + got)")
                print("\n".join(f"  {line}" for line in lines))
    except OSError as error:
        print(f"{path}: {error.strerror}")
    except (CaseError, RuleError) as error:
        print(error)
    except UnicodeDecodeError as error:
        print(f"{path}: {error}")
    else:
        tests = f"{len(file.cases)} test{'' if len(file.cases) == 1 else 's'}"
        print(f"{path}: {failed} of {tests} failed" if failed else f"{path}: ok, {tests}")
        return not failed
    return False


class _Setting:
    """What the cases of a file have in common. Raises ``RuleError``."""

    def __init__(self, path: str, file: CaseFile, config: Config) -> None:
        self._path = path
        self._limit = config.series_limit
        self._user_labels = config.audit_user_labels
        self._clock = clock = EventClock()
        own = read(str(Path(path).parent / rule_file) for rule_file in file.rule_files)
        self._rules = load([*built_in(), *own], lambda: clock.now)
        self._declared = [
            family for name, text in own for family in read_rule_file(name, text).families
        ]

    def run(self, case: Case) -> list[str]:
        """How expected and got differ, in lines; raises ``CaseError``."""
        where = f"{self._path}: {case.name}"
        try:
            expected = read_samples(case.samples)
        except ValueError as error:
            raise CaseError(f"{where}: samples: {error}") from error
        self._clock.now = 0.0
        births = Births(lambda: self._clock.now)
        counting = Counting(self._rules.anew(), births, series_limit=self._limit)
        audit = AuditCounting(
            births,
            Identities((_SOURCE,), limit=_MOST_IDENTITIES),
            series_limit=self._limit,
            rules=self._rules.audit,
            user_labels=self._user_labels,
        )
        families: dict[str, Family[Series]] = {
            family.declaration.name: family
            for family in itertools.chain(counting.families(), audit.families())
        }
        named = [_family_of(name, families, f"{where}: samples") for name, _ in expected]
        self._watch(case, counting, where)
        self._audit(case, audit, where)
        page = Page(
            [families[name] for name in dict.fromkeys((*self._declared, *named))],
            births,
            Scrapers(births, lambda: self._clock.now),
            refresh=counting.refresh,
        )
        return differences(expected, _got(page, expected))

    def _watch(self, case: Case, counting: Counting, where: str) -> None:
        clock = self._clock
        scope = Scope(
            counting,
            recorded_ledger(),
            monotonic=lambda: clock.now,
            wall=lambda: math.inf,  # no event is from a future that could be doubted
        )
        scope.list_began(0.0)
        scope.list_published("0")
        for line in frames(case.events, where):
            frame = _READER.frame(line)
            if not isinstance(frame, Frame) or not isinstance(frame.object, EventObject):
                raise CaseError(f"{where}: {line.decode()} cannot be read: {frame}")
            record = read_event(frame.object)
            if record:
                clock.now = max(clock.now, record.occurred())
            scope.changed(frame.type, frame.object)

    def _audit(self, case: Case, counting: AuditCounting, where: str) -> None:
        reader = AuditReader()
        for line in audit_lines(case.audit_events):
            records = reader.lines(line)
            if not records:
                raise CaseError(f"{where}: {line.decode()} cannot be read")
            for record in records:
                counting.reached(record, _SOURCE)


def _family_of(sample: str, families: Mapping[str, Family[Series]], where: str) -> str:
    """The family of a sample by its name; raises ``CaseError``."""
    for part in ("", *_PARTS):
        name = sample.removesuffix(part)
        family = families.get(name)
        if family is None or not sample.endswith(part):
            continue
        if (family.declaration.type is MetricType.HISTOGRAM) == bool(part):
            return name
        if not part:
            raise CaseError(f"{where}: {sample} is a histogram: write {sample}_count")
    raise CaseError(f"{where}: no family {sample!r}{nearest(sample, families)}")


def _got(page: Page, expected: Mapping[Key, float]) -> dict[Key, float]:
    """The samples of a page, without those that are compared only where they are named."""
    parts, _ = page.render(Format.TEXT)
    text = b"".join(parts).decode()
    found = read_samples(line for line in text.split("\n") if line and not line.startswith("#"))
    return {
        key: value
        for key, value in found.items()
        if key in expected or not key[0].endswith(_ONLY_IF_NAMED)
    }
