"""Recorded watches of real clusters, counted twice: by the exporter, and by this file.

The second count reads the raw lines with plain ``json`` and works on whole lives of
events instead of one version after the other.
"""

from __future__ import annotations

import csv
import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from exporter.events import EventObject, Ledger
from exporter.kube.frames import FrameReader, Undecodable
from exporter.metrics.births import Births, Scrapers
from exporter.metrics.page import Page
from exporter.metrics.text import Format
from exporter.pipeline import Counting, Scope
from exporter.rules.rulebook import RuleBook
from tests.recordings.reading import FOLDER, VERSIONS, lines, names

Labels = tuple[str, str, str, str, str]
Json = dict[str, Any]

_WATCHES = [name for version in VERSIONS for name in names(f"{version}/watch/*-v1.*.gz")]
_TIME_IN_NAME = re.compile(r"\.([0-9a-f]{16})$")


def raw(paths: Iterable[str]) -> Iterator[tuple[str, Json]]:
    """(type, object) of every line about an event."""
    for path in paths:
        for line in lines(path):
            frame = json.loads(line)
            if frame["type"] in ("ADDED", "MODIFIED", "DELETED"):
                yield frame["type"], frame["object"]


def labels_of(event: Json) -> Labels:
    """The label set of ``kube_events_total``."""
    about = event.get("involvedObject") or event.get("regarding") or {}
    source = event.get("source") or event.get("deprecatedSource") or {}
    reporter = event.get("reportingComponent") or event.get("reportingController") or ""
    return (
        event.get("type", ""),
        event.get("reason", ""),
        about.get("kind", ""),
        about.get("namespace", ""),
        source.get("component") or reporter,
    )


def began(event: Json) -> float:
    """When an event first occurred, Unix seconds."""
    hexadecimal = _TIME_IN_NAME.search(event["metadata"]["name"])
    if hexadecimal:
        return int(hexadecimal[1], 16) / 1e9
    fields = ("firstTimestamp", "deprecatedFirstTimestamp", "eventTime")
    stamp = next((event[f] for f in fields if event.get(f)), event["metadata"]["creationTimestamp"])
    return datetime.fromisoformat(stamp).timestamp()


def said(life: Sequence[Json]) -> list[int]:
    """What the versions of one name say about how often it occurred."""
    series = [(event.get("series") or {}).get("count", 0) for event in life]
    counts = [event.get("count") or event.get("deprecatedCount") or 1 for event in life]
    # From the version on that proves an old client, series lack the first occurrence.
    proof = series.index(1) if 1 in series else len(life)
    return [
        s + (place >= proof) if s else max(c, 1)
        for place, (s, c) in enumerate(zip(series, counts, strict=True))
    ]


def count(paths: Iterable[str], since: float) -> Counter[Labels]:
    """Occurrences per label set: all that each life of a name rose by, and what it began with."""
    lives: dict[tuple[str, str], list[Json]] = defaultdict(list)
    for kind, event in raw(paths):
        if kind != "DELETED":
            lives[event["metadata"]["namespace"], event["metadata"]["name"]].append(event)
    total: Counter[Labels] = Counter()
    for life in lives.values():
        life.sort(key=lambda event: int(event["metadata"]["resourceVersion"]))
        numbers = said(life)
        past_unknown = numbers[0] > 1 and began(life[0]) < since
        total[labels_of(life[0])] += 1 if past_unknown else numbers[0]
        uids = [event["metadata"]["uid"] for event in life]
        steps = zip(life[1:], pairwise(numbers), pairwise(uids), strict=True)
        for event, (earlier, later), (uid, next_uid) in steps:
            if later > earlier:
                total[labels_of(event)] += later - earlier
            elif uid != next_uid and not (later == earlier and event.get("series")):
                total[labels_of(event)] += later
    return total


class Replay:
    """The exporter's way: frames through a scope that began to observe at ``since``."""

    def __init__(self, since: float) -> None:
        births = Births(lambda: 0.0)
        self._counting = Counting(RuleBook(), births, series_limit=100_000)
        self._page = Page(self._counting.families(), births, Scrapers(births, lambda: 0.0))
        self._reader = FrameReader(EventObject)
        ledger = Ledger(retention=1e9, limit=1_000_000)
        self._scope = Scope(self._counting, ledger, monotonic=lambda: 0.0, wall=lambda: since)
        self._scope.list_began(since)
        self._scope.list_published("1")

    def feed(self, recorded: Iterable[bytes]) -> None:
        """Lines of a watch; every one of them must be understood."""
        for line in recorded:
            frame = self._reader.frame(line)
            assert not isinstance(frame, Undecodable), line
            if isinstance(frame.object, EventObject):
                assert self._scope.changed(frame.type, frame.object), line

    def counted(self) -> Counter[Labels]:
        """``kube_events_total`` as the page shows it."""
        text = b"".join(self._page.render(Format.TEXT)[0]).decode()
        total: Counter[Labels] = Counter()
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                if sample.name == "kube_events_total":
                    of = sample.labels
                    key = (of["type"], of["reason"], of["kind"], of["namespace"], of["component"])
                    total[key] += int(sample.value)
        return total


def opened(path: str) -> float:
    """When the server answered the watch: its Date header, whole seconds."""
    text = (FOLDER / path.replace(".ndjson", ".http.txt")).read_text("utf-8")
    date = re.search(r"^Date: (.*)$", text, re.MULTILINE)
    assert date is not None
    return datetime.strptime(f"{date[1]} +0000", "%a, %d %b %Y %H:%M:%S GMT %z").timestamp()


@pytest.mark.parametrize("path", _WATCHES)
def test_each_watch_is_counted_as_a_second_way_counts_it(path: str) -> None:
    """From the moment its watch was opened, each recording gives the same number per label set."""
    replay = Replay(opened(path))
    replay.feed(lines(path))
    expected = count([path], opened(path))
    assert replay.counted() == expected
    assert expected.total() > 0


@pytest.mark.parametrize("version", VERSIONS)
def test_a_cluster_is_counted_as_a_second_way_counts_it(version: str) -> None:
    """All watches of a cluster one after the other, counting all there is: the same number."""
    paths = names(f"{version}/watch/core-v1.*.gz")
    replay = Replay(0.0)
    for path in paths:
        replay.feed(lines(path))
    assert replay.counted() == count(paths, 0.0)


def twice(recorded: list[bytes]) -> Iterator[bytes]:
    """Each line, and then the same line again."""
    for line in recorded:
        yield line
        yield line


def from_earlier(recorded: list[bytes]) -> Iterator[bytes]:
    """A watch that breaks every 100 lines and resumes 60 lines back."""
    for start in range(0, len(recorded), 100):
        yield from recorded[max(0, start - 60) : start + 100]


@pytest.mark.parametrize("badly", [twice, from_earlier])
@pytest.mark.parametrize("version", VERSIONS)
def test_delivery_changes_nothing(
    version: str, badly: Callable[[list[bytes]], Iterator[bytes]]
) -> None:
    """Duplicates and lines replayed from before leave every count as it is."""
    paths = names(f"{version}/watch/core-v1.*.gz")
    replay = Replay(0.0)
    for path in paths:
        replay.feed(badly(lines(path)))
    assert replay.counted() == count(paths, 0.0)


def table(version: str) -> dict[tuple[str, ...], tuple[int, int, int, int]]:
    """``counts.tsv``: (ADDED, MODIFIED, DELETED, occurrences) by reason, type, kind, reporters."""
    with (FOLDER / version / "counts.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, delimiter="\t"))[1:]
    return {tuple(row[:5]): (int(row[5]), int(row[6]), int(row[7]), int(row[8])) for row in rows}


def row_of(event: Json) -> tuple[str, ...]:
    """The row of ``counts.tsv`` that an event of core/v1 belongs to; absent is a dash there."""
    kind = event["involvedObject"].get("kind")
    component = event["source"].get("component")
    fields = (event.get("reason"), event.get("type"), kind, component, event["reportingComponent"])
    return tuple(field or "-" for field in fields)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_lines_are_those_of_the_table(version: str) -> None:
    """As many ADDED, MODIFIED and DELETED lines of each row as were counted when recording.

    Of 1.20.2 two of the five watches that the table covers are not here.
    """
    rows: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    for kind, event in raw(names(f"{version}/watch/core-v1.*.gz")):
        rows[row_of(event)][kind] += 1
    expected = table(version)
    for row, found in rows.items():
        counted = (found["ADDED"], found["MODIFIED"], found["DELETED"])
        if version == "kubernetes-1.36.3":
            assert counted == expected[row][:3], row
        else:
            assert all(n <= m for n, m in zip(counted, expected[row][:3], strict=True)), row
    if version == "kubernetes-1.36.3":
        assert rows.keys() == expected.keys()


def test_the_occurrences_differ_from_the_table_where_it_counts_by_uid() -> None:
    """The table of 1.36.3 knows events by uid, so a return counts its whole past again.

    It also takes no occurrence from an event that it first meets as MODIFIED (where we
    take one, its past unknown). Counting so gives the table, but for two rows of series
    made by hand, which it counts by line. Where no name returned and no event stood
    before, it says what we say.
    """
    version = "kubernetes-1.36.3"
    paths = names(f"{version}/watch/core-v1.*.gz")
    by_uid: Counter[tuple[str, ...]] = Counter()
    ours: Counter[tuple[str, ...]] = Counter()
    odd: set[tuple[str, ...]] = set()
    last: dict[str, int] = {}
    holders: dict[tuple[str, str], str] = {}
    for kind, event in raw(paths):
        meta, row = event["metadata"], row_of(event)
        key = (meta["namespace"], meta["name"])
        uid, number = meta["uid"], event.get("count") or said([event])[0]
        if uid in last:
            by_uid[row] += max(0, number - last[uid])
        elif kind == "ADDED":
            by_uid[row] += number
        if (uid not in last and kind != "ADDED") or holders.get(key, uid) != uid:
            odd.add(row)
        last[uid], holders[key] = number, uid
    for (type_, reason, kind, _, component), times in count(paths, 0.0).items():
        ours[reason or "-", type_ or "-", kind or "-", component or "-"] += times
    by_hand = {"CheckFailed", "Synced"}
    agreeing = 0
    for row, (*_, occurrences) in table(version).items():
        if row[0] in by_hand:
            continue
        assert by_uid[row] == occurrences, row
        merged = (*row[:3], row[3] if row[3] != "-" else row[4])
        of_merged = [r for r in by_uid if (*r[:3], r[3] if r[3] != "-" else r[4]) == merged]
        if not odd & set(of_merged) and row[0] not in ("BothCounts", "ZeroCount"):
            assert ours[merged] == sum(by_uid[r] for r in of_merged), row
            agreeing += 1
    assert agreeing > 20
