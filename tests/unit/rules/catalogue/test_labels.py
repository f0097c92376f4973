"""What the built-in rules make a label of."""

from __future__ import annotations

import re

import pytest

from exporter.rules.expressions import FIELDS
from exporter.rules.language import RuleSpec, SampleSpec
from tests.docs.catalogue import catalogue

# A group that holds the name of a namespace: of policies, the events are about the policy.
A_NAMESPACE = r"(?P<{}>[a-z0-9-]{{1,63}})"
# What anybody can name as they like: as it is, it is no label.
NAMES = ("name", "uid", "node", "message", "field_path", "container")
SAMPLES = [
    pytest.param(spec, sample, id=f"{spec.id}-{sample.family}-{place}")
    for spec, _ in catalogue().written()
    for place, sample in enumerate(spec.samples)
]


def test_names_are_fields() -> None:
    """No field of the list has another name by now."""
    assert set(NAMES) < FIELDS.keys()


@pytest.mark.parametrize(("rule", "sample"), SAMPLES)
def test_no_label_is_a_name(rule: RuleSpec, sample: SampleSpec) -> None:
    """No label is fed by a name, uid or message as it is, and none is called so."""
    named = re.findall(r"\(\?P<(\w+)>", rule.message)
    fields = {f"${name}" for name in NAMES if name not in named}
    assert fields & set(sample.labels.values()) == set()
    assert set(NAMES) & sample.labels.keys() == set()


def is_namespace(rule: RuleSpec, written: str) -> bool:
    return written == "$namespace" or A_NAMESPACE.format(written[1:]) in rule.message


@pytest.mark.parametrize(("rule", "sample"), SAMPLES)
def test_namespace_is_a_namespace(rule: RuleSpec, sample: SampleSpec) -> None:
    """A label `namespace` is that of the involved object, or one that the message names."""
    assert is_namespace(rule, sample.labels.get("namespace", "$namespace"))


@pytest.mark.parametrize(("rule", "sample"), SAMPLES)
def test_every_other_label_is_bounded(rule: RuleSpec, sample: SampleSpec) -> None:
    """Values are constants, causes, registries, few words, reasons, kinds or components."""
    free = {"$reason", "$kind", "$component", "$type"}
    written = [(spec, compiled) for spec, compiled in catalogue().written() if spec.id == rule.id]
    feeds = catalogue().feeds(written)[sample.family]
    labels = catalogue().declarations[sample.family].labels
    unknown = {
        text
        for name, text in sample.labels.items()
        if name != "namespace" and feeds.values(labels.index(name)) is None
    }
    assert {text for text in unknown if "registry(" not in text} <= free
