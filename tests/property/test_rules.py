"""Rule books: the look-up finds what a scan of all rules finds, and reading changes nothing."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.events import EventRecord
from exporter.rules.loading import load
from exporter.rules.problems import RuleError
from exporter.rules.rulebook import RuleBook
from tests.unit.events.records import record

NAMES = ("a", "ab", "b", "ba", "c", "")
KINDS = ("Pod", "Node")
TYPES = ("Normal", "Warning", "Error")
MESSAGES = ("", "x", "yx", "y")
_HEAD = """
families:
  kube_event_things_total: {type: counter, help: Things., labels: [namespace, why]}
  kube_event_thing_seconds: {type: histogram, help: Time., labels: [], buckets: [1]}
causes: {why: {each: true, rows: [{cause: x, pattern: x}, {cause: y, pattern: y}]}}
lifecycles: {pair: {key: [$uid], max_age: 1h}}
"""
_THING = {
    "family": "kube_event_things_total",
    "labels": {"namespace": "$namespace", "why": "why($message)"},
}
_TIME: dict[str, Any] = {"family": "kube_event_thing_seconds", "labels": {}, "value": "$elapsed"}
# In a file of their own, for events that no other rule is for.
_PAIR = [
    {"id": "opens", "components": ["z"], "reasons": ["O"], "opens": "pair"},
    {"id": "closes", "components": ["z"], "reasons": ["C"], "closes": "pair", "samples": [_TIME]},
]

selectors = st.lists(st.sampled_from((*NAMES, "a*", "*a", "b*", "*")), min_size=1, max_size=3)
rule_specs = st.fixed_dictionaries(
    {
        "components": selectors,
        "reasons": selectors,
        "kinds": st.sampled_from((["Pod"], ["Pod", "Node"], ["*"], ["N*"])),
        "types": st.sampled_from(([], ["Warning"], ["Normal", "Warning"])),
        "message": st.sampled_from(("", "x", "^x", "y")),
        "samples": st.sampled_from(([], [_THING])),
    }
)
files = st.lists(st.lists(rule_specs, max_size=4), min_size=1, max_size=3)

events = st.builds(
    record,
    component=st.sampled_from(NAMES),
    reason=st.sampled_from(NAMES),
    kind=st.sampled_from(KINDS),
    type=st.sampled_from(TYPES),
    message=st.sampled_from(MESSAGES),
)

Spec = dict[str, Any]


def with_ids(written: list[list[Spec]]) -> list[list[Spec]]:
    """Each rule with its place for an id."""
    return [
        [{"id": f"r{number}-{place}", **spec} for place, spec in enumerate(specs)]
        for number, specs in enumerate(written)
    ]


def book_of(written: Sequence[Sequence[Spec]]) -> RuleBook:
    """JSON is YAML."""
    texts = [json.dumps({"rules": specs}) for specs in written]
    named = [(f"{number}.yaml", text) for number, text in enumerate([*texts])]
    head = ("head.yaml", _HEAD + "rules: " + json.dumps(_PAIR))
    return load([head, *named], lambda: 0.0)


def is_for(spec: Spec, type_: str, component: str, kind: str, reason: str) -> bool:
    """Said once more, without the exporter."""
    names = (("components", component), ("reasons", reason), ("kinds", kind), ("types", type_))
    return all(
        any(fnmatchcase(name, pattern) for pattern in spec[key] or ["*"]) for key, name in names
    )


def first_of(specs: Sequence[Spec], event: tuple[str, str, str, str], message: str) -> str | None:
    """The rule of a file that speaks about an event."""
    for spec in specs:
        if is_for(spec, *event) and re.search(spec["message"], message):
            return str(spec["id"])
    return None


def everything() -> list[tuple[tuple[str, str, str, str], str]]:
    """Every event there can be, and more names than rules know."""
    names = (*NAMES, "d", "xa", "bx")
    kinds, types = (*KINDS, "Nx"), (*TYPES, "")
    return [
        ((type_, component, kind, reason), message)
        for type_, component, kind, reason, message in itertools.product(
            types, names, kinds, names, ("", "x", "y", "yx", "xy")
        )
    ]


EVERYTHING = everything()


@given(files, st.lists(events, min_size=1, max_size=20))
def test_the_look_up_finds_what_a_scan_finds(
    written: list[list[Spec]], these: list[EventRecord]
) -> None:
    """For any event the rules of each file that are for it, in their order, and in each file the
    first that matches speaks.
    """
    specs = with_ids(written)
    try:
        book = book_of(specs)
    except RuleError:
        return
    for event in these:
        what = (event.type, event.component, event.kind, event.reason)
        scanned = [[spec["id"] for spec in file if is_for(spec, *what)] for file in specs]
        found = book.rules_for(*what)
        assert [[rule.id for rule in file] for file in found] == [ids for ids in scanned if ids]
        assert book.rules_for(*what) is found
        said = [first_of(file, what, event.message) for file in specs]
        assert [rule.id for rule, _ in book.match(found, event)] == [id_ for id_ in said if id_]


@given(files)
@settings(max_examples=50, deadline=None)  # a scan of all events there can be
def test_what_is_said_to_be_never_reached_is_never_reached(written: list[list[Spec]]) -> None:
    """No event of any name, kind, type and message gets to such a rule."""
    specs = with_ids(written)
    try:
        book_of(specs)
    except RuleError as error:
        problem = str(error)
    else:
        return
    said = re.match(r"\d+\.yaml: (\S+): is never reached", problem)
    assert said, problem
    (file,) = [file for file in specs if said[1] in [spec["id"] for spec in file]]
    spoke = {first_of(file, *event) for event in EVERYTHING}
    assert said[1] not in spoke


@given(files, st.lists(events, min_size=1, max_size=10))
def test_reading_twice_is_the_same(written: list[list[Spec]], these: list[EventRecord]) -> None:
    """Nothing is changed by asking, and no event depends on those before it."""
    try:
        book, fresh = book_of(with_ids(written)), book_of(with_ids(written))
    except RuleError:
        return

    def said(asked: RuleBook, event: EventRecord) -> list[tuple[Any, ...]]:
        found = asked.rules_for(event.type, event.component, event.kind, event.reason)
        return [
            (rule.id, sample.family, sample.label_sets(event, groups), sample.elapsed)
            for rule, groups in asked.match(found, event)
            for sample in rule.samples
        ]

    pair = [record(component="z", reason=reason) for reason in ("O", "C", "O")]
    once = [said(book, event) for event in (*these, *pair)]
    assert once == [said(book, event) for event in (*these, *pair)]
    assert once == [said(fresh, event) for event in (*these, *pair)]
    lifecycle = book.lifecycles["pair"]
    assert (len(lifecycle), lifecycle.opened, lifecycle.unmatched) == (0, 0, 0)
