"""Messages that somebody means ill with: the page stays one that Prometheus' readers take."""

from __future__ import annotations

import itertools
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import Metric
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as openmetrics_families,
)
from prometheus_client.parser import text_string_to_metric_families

from exporter.events import EventObject, read_event
from exporter.metrics.bounds import MAX_VALUE_BYTES, OVERFLOW
from exporter.metrics.text import Format
from exporter.rules.loading import built_in, load
from exporter.rules.rulebook import Rule
from tests.unit.pipeline_house import ALARMS, CONTAINERS, NOW, PULLS, House, event

MAX_MESSAGE = 2048
MEBIBYTE = 1 << 20
# A label that is the message itself: no rule should do this, and some will.
ECHO = """
families:
  kube_event_echoes_total: {type: counter, help: Echoes., labels: [text]}
lifecycles:
  echo: {key: [$uid, $what], max_age: 1h}
rules:
  - id: echo
    components: [kubelet]
    reasons: [Echo]
    message: '^(?P<what>.*)'
    opens: echo
    samples: [{family: kube_event_echoes_total, labels: {text: $what}}]
  - {id: silence, components: [kubelet], reasons: [Silence], message: '^(?P<what>.*)', closes: echo}
"""
# Pairs that one example leaves open say nothing about the page of the next.
BUILT_IN = load(built_in(), lambda: NOW)
RULES = list(BUILT_IN.all())
HOSTILE = (
    "",
    '"} 1e9\nkube_events_total{type="x"} 5',
    '\\" \\\\ \\n \\',
    "\\",
    '" # {pod="x"} 1 1795350000',
    "a\r\nb\rc\td\x0be\x0c\x1c\x1d\x1e\x85\u2028\u2029f",
    "\x00\x01\x1f\x7f\x80\x9f",
    "# HELP kube_events_total x\n# TYPE kube_events_total gauge\n# EOF\n",
    "\ud800 \udfff \udbff\udfff alone",
    "\U0001f600\u202e\u0300" * 100,
    "{}" * 500,
    "%s%n%!x(MISSING)${jndi:x}$message",
    "(combined from similar events): " * 50,
)


def read(house: House, format_: Format) -> dict[str, Metric]:
    """The families by name, as a reader of that format sees them; an error if it cannot."""
    parse = (
        openmetrics_families if format_ is Format.OPENMETRICS else text_string_to_metric_families
    )
    families = list(parse(house.page(format_)))
    by_name = {family.name: family for family in families}
    assert len(by_name) == len(families)
    return by_name


def events_total(house: House) -> int:
    """Occurrences on the page."""
    return int(sum(sample.value for sample in read(house, Format.TEXT)["kube_events"].samples))


def as_shown(text: str) -> str:
    """A label's value, as its reader has it."""
    shown = text.encode("utf-8", "replace")
    return shown.decode() if len(shown) <= MAX_VALUE_BYTES else OVERFLOW


texts = st.text(max_size=60) | st.text('\\"\n\r\t\x00\x85\u2028# {},=a\ud800', max_size=20)


@given(st.lists(st.sampled_from(HOSTILE) | texts | st.text(st.characters()), max_size=6))
def test_a_message_in_a_label_is_read_back(messages: list[str]) -> None:
    """Both readers find exactly the labels that were told, each counted right."""
    house = House(ECHO)
    house.first_list()
    expected: dict[str, int] = {}
    for number, message in enumerate(messages):
        house.add(event(f"web-0.{number}", reason="Echo", message=message))
        stripped = message.removeprefix("(combined from similar events): ")
        # Between our own word and a text that is too long nobody can tell.
        shown = as_shown(stripped)
        expected[shown] = expected.get(shown, 0) + 1
    for format_ in Format:
        samples = read(house, format_)["kube_event_echoes"].samples
        assert {sample.labels["text"]: sample.value for sample in samples} == expected
    assert events_total(house) == len(messages)


@given(st.data())
@settings(max_examples=100, deadline=None)  # some patterns take long to draw from
def test_no_built_in_rule_makes_an_unreadable_page(data: st.DataObject) -> None:
    """Whatever stands where a rule expects an image, a duration or an error."""
    house = House(book=BUILT_IN)
    house.first_list()
    for number in range(data.draw(st.integers(1, 4))):
        rule = data.draw(st.sampled_from(RULES))
        form = st.from_regex(rule.message) if rule.message else texts
        message = data.draw(form) + data.draw(st.sampled_from(HOSTILE))
        house.add(event_for(rule, f"web-0.{number}", message, data.draw(texts)))
    for format_ in Format:
        read(house, format_)


def event_for(rule: Rule, name: str, message: str, text: str = "x", **changes: Any) -> EventObject:
    """One that the rule is for, with that text wherever it leaves a choice."""
    component, kind, reason, type_ = (
        names.written[0].replace("*", text)
        for names in (
            rule.selector.components,
            rule.selector.kinds,
            rule.selector.reasons,
            rule.selector.types,
        )
    )
    about = {"kind": kind, "namespace": text, "name": text.replace('"', "'"), "uid": "u"}
    return event(
        name,
        reason=reason,
        type=type_,
        message=message,
        source={"component": component, "host": "node-1"},
        involvedObject=about,
        **changes,
    )


def repeated(unit: str) -> str:
    """As long as a message can be."""
    return unit * (MAX_MESSAGE // len(unit))


@pytest.mark.parametrize(
    "unit",
    [
        "a",
        " ",
        "0",
        "0s",
        "0 ",
        '"',
        "a ",
        "a:",
        ": ",
        "1/",
        ", ",
        "\n",
        "a\n",
        "(",
        "x=1 ",
        "\x00",
    ],
    ids=repr,
)
def test_built_in_patterns_end_on_what_repeats(unit: str) -> None:
    """Every one of them, behind what it begins with: none tries the same text over and over."""
    house = House(book=load(built_in(), lambda: NOW), series_limit=10_000)
    house.first_list()
    told = 0
    for rule, head in itertools.product(RULES, ("", "Error: ", 'Failed to pull image "')):
        told += 1
        house.add(event_for(rule, f"web-0.{told}", head + repeated(unit)))
    assert house.counting.total == told
    for format_ in Format:
        read(house, format_)


@pytest.mark.parametrize("unit", ["x", '"', "\\", "\x00", "\u20ac", "\ud800", "\n# {"])
def test_a_mebibyte_is_cut(unit: str) -> None:
    """A message is read to its 2048th character, and no key, label or memory is longer."""
    house = House(ECHO, PULLS, ALARMS, CONTAINERS)
    house.first_list()
    huge = unit * (MEBIBYTE // len(unit))
    for number, reason in enumerate(("Echo", "Pulling", "Pulled", "Failed", "Echo", "Silence")):
        item = event(f"web-0.{number}", reason=reason, message=huge)
        record = read_event(item)
        assert record is not None
        assert record.message == huge[:MAX_MESSAGE]
        house.add(item)
    lifecycle = house.counting.rules.lifecycles["echo"]
    assert (lifecycle.opened, lifecycle.repeated, lifecycle.closed) == (1, 1, {"closed": 1})
    for format_ in Format:
        assert read(house, format_)["kube_events"].samples
        assert len(house.page(format_)) < 20_000
    assert house.counting._remembered == 0


@pytest.mark.parametrize("field", ["reason", "type", "kind", "component", "namespace"])
def test_a_mebibyte_elsewhere_is_no_label(field: str) -> None:
    """The API bounds none of the texts that are labels; they overflow, and are not kept."""
    house = House(ECHO, ALARMS)
    house.first_list()
    for number in range(5):
        huge = str(number) + "x" * MEBIBYTE
        about = {"kind": "Pod", "namespace": "shop", "name": "web-0"}
        changes: dict[str, Any] = {"reason": "Echo", "involvedObject": about}
        if field == "component":
            changes["source"] = {"component": huge}
        elif field in about:
            about[field] = huge
        else:
            changes[field] = huge
        house.add(event(f"web-0.{number}", message="m", **changes))
    assert events_total(house) == 5
    assert len(house.page()) < 20_000
    counting = house.counting
    kept = [*counting._known, *counting.rules._found]
    assert max((len(text) for key in kept for text in key), default=0) < 1000


@given(st.binary(max_size=200))
def test_bytes_that_are_json_are_counted(body: bytes) -> None:
    """Escapes of any kind on the wire, also those of two halves."""
    quoted = b'"' + b"".join(b"\\u00%02x" % byte for byte in body) + b'\\ud83d\\ude00"'
    message = msgspec.json.decode(quoted, type=str)
    house = House(ECHO)
    house.first_list()
    house.add(event(reason="Echo", message=message))
    for format_ in Format:
        assert len(read(house, format_)["kube_event_echoes"].samples) == 1
