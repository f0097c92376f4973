"""Recorded events as Prometheus would have scraped them, and the alerts they make."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from itertools import groupby
from pathlib import Path

import yaml

from exporter.commands.recorded import EventClock, recorded_ledger, records
from exporter.events import EventRecord
from exporter.metrics.births import Births, Scrapers
from exporter.metrics.page import Page
from exporter.metrics.text import Format
from exporter.pipeline import Counting
from exporter.rules.loading import built_in, load
from tests.alerts.rules import alerts
from tests.promql.known import recorded, rule_files
from tests.promql.reading import names
from tests.recordings.reading import body

INTERVAL = 30.0  # seconds between scrapes
# Before the first event the longest window, after the last the longest `for`.
_BEFORE = int(61 * 60 / INTERVAL)
_AFTER = int(30 * 60 / INTERVAL)
_TARGET = 'job="kube-event-metrics",instance="exporter:10360"'
_BUILD_INFO = "kube_event_metrics_build_info"
_SAMPLE = re.compile(r"(\w+)(?:\{(.*)\})? (\S+)\Z")

Samples = dict[str, list[str]]
"""By series, its value at every scrape; ``_`` where it is not on the page."""


class Scraping:
    """One Prometheus that scrapes a page every ``INTERVAL`` seconds, and has done so before."""

    def __init__(self, page: Page) -> None:
        self.samples: Samples = {}
        self.taken = _BEFORE
        self._page = page

    def scrape(self) -> None:
        """Take what is on the page now."""
        parts, showing = self._page.render(Format.TEXT, "10.0.0.1 Prometheus")
        for line in b"".join(parts).decode().splitlines():
            if found := None if line.startswith("#") else _SAMPLE.match(line):
                name, labels, value = found.groups()
                series = f"{name}{{{','.join(filter(None, (_TARGET, labels)))}}}"
                values = self.samples.setdefault(series, ["_"] * self.taken)
                values += ["_"] * (self.taken - len(values))
                values.append(value)
        self._page.shown(showing)
        self.taken += 1

    def end(self, clock: EventClock) -> Samples:
        """What was taken, and then for as long as an alert can wait."""
        for _ in range(_AFTER):
            clock.now += INTERVAL
            self.scrape()
        self.samples[f"{_BUILD_INFO}{{{_TARGET}}}"] = ["1"] * self.taken
        return self.samples


def scraped(recordings: Iterable[str], wanted: Callable[[EventRecord], bool]) -> Samples:
    """The pages that one Prometheus was shown while these events were written."""
    clock = EventClock()
    births = Births(clock)
    counting = Counting(load(built_in(), clock), births, series_limit=10_000)
    scrapers = Scrapers(births, clock)
    page = Page(counting.families(), births, scrapers, refresh=counting.refresh)
    prometheus = Scraping(page)
    ledger = recorded_ledger()
    ledger.begin_list(server_time=0.0)
    ledger.publish_list(0, 0.0)
    found = [
        (record, kind)
        for name in recordings
        for kind, record, _ in records(body(name), Counter())
        if wanted(record)
    ]
    assert found, "nothing of what is wanted was recorded"
    clock.now = found[0][0].occurred()
    due = clock.now
    for record, kind in found:
        while record.occurred() >= due:
            clock.now = max(clock.now, due)
            prometheus.scrape()
            due += INTERVAL
        clock.now = max(clock.now, record.occurred())
        if times := ledger.changed(record):
            counting.occurred(record, times)
        if kind == "DELETED":
            ledger.ended(record, clock.now)
    return prometheus.end(clock)


def cases(samples: Samples, expected: Mapping[str, str]) -> str:
    """A file for ``promtool test rules``: these alerts have fired in the end, and no other.

    ``expected`` is their severity, by name. The exporter's own alerts are left out: pages of
    recorded events say nothing about it.
    """
    read = {name for alert in alerts() for name in names(alert.expr)}
    read |= {name for expr in recorded().values() for name in names(expr)}
    length = max(map(len, samples.values()))
    end = f"{int(length * INTERVAL)}s"
    fired = f'group by (alertname, severity) (max_over_time(ALERTS{{alertstate="firing"}}[{end}]))'
    document = {
        "rule_files": [str(path) for path in rule_files() if _is_about(path, samples)],
        "evaluation_interval": f"{int(INTERVAL)}s",
        "tests": [
            {
                "interval": f"{int(INTERVAL)}s",
                "input_series": [
                    {"series": series, "values": _notation(values)}
                    for series, values in samples.items()
                    if series.partition("{")[0] in read
                ],
                "promql_expr_test": [
                    {
                        "expr": fired,
                        "eval_time": end,
                        "exp_samples": [
                            {
                                "labels": f'{{alertname="{name}", severity="{severity}"}}',
                                "value": 1,
                            }
                            for name, severity in sorted(expected.items())
                        ],
                    }
                ],
            }
        ],
    }
    return yaml.safe_dump(document, width=1_000_000)


def _is_about(rules: Path, samples: Samples) -> bool:
    """Whether they can fire: the others would only cost time."""
    text = rules.read_text(encoding="utf-8")
    families = {series.partition("{")[0] for series in samples} - {_BUILD_INFO}
    return not rules.name.startswith("exporter") and any(family in text for family in families)


def _notation(values: list[str]) -> str:
    """promtool's: ``_x3 0 1x5``, where ``1x5`` is six times 1."""
    words = []
    for value, run in groupby(values):
        times = len(list(run))
        if value == "_":
            words.append(f"_x{times}")
        else:
            words.append(f"{value}x{times - 1}" if times > 1 else value)
    return " ".join(words)


def write(path: Path, samples: Samples, expected: Mapping[str, str]) -> Path:
    """The file of ``cases``."""
    path.write_text(cases(samples, expected), encoding="utf-8")
    return path
