"""Conditions on the body of a request, which may be anything."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from exporter.audit import AuditReader, AuditRecord
from exporter.audit.bodies import decoded
from exporter.rules.audit.checks import Look
from exporter.rules.audit.paths import path, texts_at
from exporter.rules.audit.selectors import About
from tests.unit.audit.events import line, record
from tests.unit.rules.audit.speaking import FAMILY, counting, is_meant, rules, said

POD = {
    "spec": {
        "hostNetwork": True,
        "containers": [
            {"name": "a", "securityContext": {"privileged": False}},
            {"name": "b", "securityContext": {"privileged": True, "runAsUser": 0}},
        ],
        "volumes": [{"emptyDir": {}}, {"hostPath": {"path": "/var"}}],
    }
}
PRIVILEGED = "paths: ['spec.containers[].securityContext.privileged'], values: [true]"


@pytest.mark.parametrize(
    ("written", "texts"),
    [
        ("spec.hostNetwork", ["true"]),
        ("spec.containers[].name", ["a", "b"]),
        ("spec.containers[].securityContext.privileged", ["false", "true"]),
        ("spec.containers[].securityContext.runAsUser", ["0"]),
        ("spec.containers", []),
        ("spec.containers[]", []),
        ("spec.hostNetwork[]", []),
        ("spec.hostNetwork.x", []),
        ("spec[].name", []),
        ("nothing.there[].at.all", []),
    ],
)
def test_a_path_gives_texts(written: str, texts: list[str]) -> None:
    """What JSON writes there; of objects and lists themselves nothing."""
    assert list(texts_at(POD, path(written))) == texts


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (PRIVILEGED, True),
        ("paths: [spec.hostPID, spec.hostNetwork], values: [true]", True),
        ("paths: [spec.hostPID, spec.hostIPC], values: [true]", False),
        ("paths: ['spec.containers[].securityContext.runAsUser'], values: [0]", True),
        ("paths: ['spec.volumes[].hostPath.path'], pattern: ^/", True),
        ("paths: ['spec.volumes[].hostPath.path'], pattern: ^/etc", False),
    ],
)
def test_a_body_is_looked_into(condition: str, expected: bool) -> None:
    """One of the paths, and one of the values or the pattern."""
    assert is_meant(f"body: [{{{condition}}}]", requestObject=POD) is expected
    assert not is_meant(f"body: [{{{condition}}}]")


def test_all_of_several_conditions_hold() -> None:
    """One after the other."""
    named = "{paths: ['spec.containers[].name'], pattern: '^(?P<name>b)'}"
    book = rules(f"body: [{{{PRIVILEGED}}}, {named}], {counting('$name')}")
    assert said(book, record(requestObject=POD)) == [(FAMILY, "b")]
    assert said(book, record(requestObject={"spec": {"containers": [{"name": "b"}]}})) == []


@pytest.mark.parametrize(
    "body",
    [
        None,
        5,
        "spec",
        True,
        [],
        [{"op": "replace", "path": "/spec/containers/0", "value": POD}],
        {},
        {"spec": None},
        {"spec": [POD]},
        {"spec": {"containers": {"0": {"securityContext": {"privileged": True}}}}},
        {"spec": {"containers": [None, 5, "x", [], {"securityContext": []}]}},
        {"spec": {"containers": [{"securityContext": {"privileged": ["true"]}}]}},
        {"spec": {"containers": [{"securityContext": {"privileged": None}}]}},
    ],
)
def test_a_body_of_another_kind_does_not_hold(body: Any) -> None:
    """Nor does it raise anything."""
    assert not is_meant(f"body: [{{{PRIVILEGED}}}]", requestObject=body)


DEEP = "[" * 9_000 + "]" * 9_000


@pytest.mark.parametrize("junk", ["1e999", "9" * 5_000, '"\\ud800"', DEEP, '"' + "x" * 3_000 + '"'])
def test_nobody_hides_a_body_behind_what_is_hard_to_read(junk: str) -> None:
    """Numbers beyond any, half of a surrogate pair, deep nesting: the rest is read."""
    whole = json.dumps({"junk": 0, **POD}).replace('"junk": 0', f'"junk": {junk}')
    written = line(requestObject=0).replace(
        b'"requestObject":0', b'"requestObject":' + whole.encode()
    )
    (found,) = AuditReader().lines(written)
    assert said(rules(f"body: [{{{PRIVILEGED}}}], {counting('x')}"), found) == [(FAMILY, "x")]


def test_what_nobody_can_read_is_nothing() -> None:
    """An absent body too."""
    assert decoded(msgspec.Raw(b"")) is None
    assert decoded(msgspec.Raw(b"{")) is None
    assert decoded(msgspec.Raw(b"\xff")) is None


def test_a_body_is_read_for_a_rule_that_asks_alone() -> None:
    """And once for all of them."""
    about = record(requestObject=POD)
    elsewhere, here = (
        f"namespace: ^{name}$, body: [{{{PRIVILEGED}}}], {counting('x')}" for name in ("x", "shop")
    )
    assert not has_read(elsewhere, about)
    assert has_read(here, about)


def has_read(rule: str, about: AuditRecord) -> bool:
    look = Look(about)
    ((remaining,),) = rules(rule).rules_for(About.of(about), started=False)
    remaining.find(look)
    return look._read
