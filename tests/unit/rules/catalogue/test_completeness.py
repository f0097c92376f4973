"""The built-in rules know every reason that components are known to write."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from exporter.events import EventObject, EventRecord, Ledger, read_event
from exporter.kube.frames import FrameReader, Undecodable
from exporter.rules.rulebook import RuleBook
from tests.catalogue.reading import Entry, combinations, entries
from tests.recordings.reading import VERSIONS, lines, names
from tests.unit.rules.observing import built_in_rules

# (component, reason) of which no rule is wanted, and why: they count in kube_events_total only.
DELIBERATELY_OTHER: dict[tuple[str, str], str] = {}
# Of Kubernetes itself. The rest of what was recorded is by controllers made for the recording.
CORE = (
    "kubelet",
    "default-scheduler",
    "kube-proxy",
    "node-controller",
    "controllermanager",
    "deployment-controller",
    "replicaset-controller",
    "replication-controller",
    "daemonset-controller",
    "statefulset-controller",
    "job-controller",
    "cronjob-controller",
    "horizontal-pod-autoscaler",
    "attachdetach-controller",
    "persistentvolume-controller",
    "service-controller",
    "endpoint-controller",
    "endpoint-slice-controller",
    "endpoint-slice-mirroring-controller",
    "garbage-collector-controller",
    "ephemeral_volume",
    "volume_expand",
    "taint-controller",
    "taint-eviction-controller",
    "cidrAllocator",
)
MOST_OTHER = 0.05
CAUSE = "cause"
OTHER = "other"


@pytest.fixture(scope="module")
def book() -> RuleBook:
    """The built-in catalogue."""
    return built_in_rules()


def unknown(book: RuleBook, entry: Entry) -> set[tuple[str, str]]:
    """(component, reason) of an entry that no rule is for, with some kind or type."""
    return {
        (known.component, known.reason)
        for known in combinations(entry)
        if not book.rules_for(*known)
    }


def labelled(entry: Entry) -> str:
    return f"{entry.category}-{entry.reason}-{entry.components[0]}"


@pytest.mark.parametrize("entry", entries(), ids=labelled)
def test_every_known_reason_has_a_rule(book: RuleBook, entry: Entry) -> None:
    """Some rule is for each component, kind and reason, or it stands in the list of others."""
    assert unknown(book, entry) - DELIBERATELY_OTHER.keys() == set()


def test_what_is_deliberately_other_has_no_rule(book: RuleBook) -> None:
    """Who writes a rule for it takes it out of the list."""
    without = {pair for entry in entries() for pair in unknown(book, entry)}
    assert DELIBERATELY_OTHER.keys() - without == set()


def warnings(version: str) -> Iterator[tuple[EventRecord, int]]:
    """Recorded Warnings of core components, each version with its new occurrences."""
    ledger = Ledger(retention=1e9, limit=1_000_000)
    ledger.begin_list(server_time=0.0)
    list(ledger.publish_list(1, 0.0))
    reader = FrameReader(EventObject)
    for path in names(f"{version}/watch/core-v1.*.gz"):
        for line in lines(path):
            frame = reader.frame(line)
            assert not isinstance(frame, Undecodable)
            if frame.type in ("ADDED", "MODIFIED") and isinstance(frame.object, EventObject):
                record = read_event(frame.object)
                assert record is not None
                times = ledger.changed(record)
                if record.type == "Warning" and record.component in CORE:
                    yield record, times


def is_other(book: RuleBook, record: EventRecord) -> bool:
    """Whether no rule matches, or all that rules say is that the cause is another."""
    found = book.rules_for(record.type, record.component, record.kind, record.reason)
    matches = book.match(found, record)
    families = {declaration.name: declaration.labels for declaration in book.declarations}
    causes = {
        value
        for rule, groups in matches
        for sample in rule.samples
        if not sample.elapsed
        for labels in sample.label_sets(record, groups)
        for label, value in zip(families[sample.family], labels, strict=True)
        if label == CAUSE
    }
    return not matches or causes == {OTHER}


@pytest.mark.parametrize("version", VERSIONS)
def test_few_recorded_warnings_are_other(book: RuleBook, version: str) -> None:
    """At most one in twenty Warnings of core components has no meaning, or no cause but `other`."""
    total: Counter[bool] = Counter()
    other: Counter[tuple[str, str]] = Counter()
    for record, times in warnings(version):
        total[is_other(book, record)] += times
        if is_other(book, record):
            other[record.component, record.reason] += times
    assert total[False] > 1000
    assert total[True] / total.total() <= MOST_OTHER, other.most_common()
