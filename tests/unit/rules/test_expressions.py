"""Expressions: what rules write where a label or a value stands."""

from __future__ import annotations

import re

import pytest

from exporter.rules.expressions import FIELDS, CauseTable, ExpressionError, Scope
from exporter.rules.functions import duration
from tests.unit.events.records import record


def table(*rows: tuple[str, str], each: bool = False) -> CauseTable:
    """Cause and pattern of each row."""
    return CauseTable(tuple((cause, re.compile(pattern)) for cause, pattern in rows), each=each)


_WHY = table(("first", "one"), ("second", "one|two"))
_ALL = table(("first", "one"), ("second", "two"), ("first", "uno"), each=True)
SCOPE = Scope(["what", "reason", "size"], {"why": _WHY, "all": _ALL})
GROUPS = {"what": "Two", "reason": "from the message", "size": None}


def text(written: str) -> str:
    """A label of an ordinary event, as ``written``."""
    return SCOPE.label(written).text(record(), GROUPS)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("namespace", "shop"),
        ("name", "web-0"),
        ("uid", "pod-uid"),
        ("kind", "Pod"),
        ("type", "Warning"),
        ("component", "kubelet"),
        ("node", "node-a"),
        ("field_path", "spec.containers{app}"),
        ("container", "app"),
        ("message", "Back-off restarting failed container"),
    ],
)
def test_a_field_is_the_events(field: str, value: str) -> None:
    """Every field has its name after a dollar sign."""
    assert text(f"${field}") == value
    assert field in FIELDS


@pytest.mark.parametrize(
    ("field_path", "container"),
    [
        ("spec.containers{app}", "app"),
        ("spec.initContainers{setup}", "setup"),
        ("spec.containers[2]", ""),
        ("implicitly required container POD", ""),
        ("", ""),
    ],
)
def test_the_container_stands_in_braces(field_path: str, container: str) -> None:
    """Of any kind of container; an event about no container has none."""
    found = Scope([], {}).label("$container").text(record(field_path=field_path), {})
    assert found == container


def test_a_group_of_the_message_stands_before_a_field() -> None:
    """The rule that wrote the group meant it."""
    assert text("$reason") == "from the message"
    assert Scope([], {}).label("$reason").text(record(), {}) == "BackOff"


def test_a_group_that_took_no_part_is_empty() -> None:
    """So is a function of it that gives text."""
    assert text("$size") == text("lower($size)") == ""


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("lower($what)", "two"),
        ("lower( $what )", "two"),
        ("registry($what)", "docker.io"),
        ("why($name)", "other"),
        ("plain", "plain"),
        ("", ""),
        ("1.5", "1.5"),
        ("a b, c=d", "a b, c=d"),
    ],
)
def test_functions_and_constants(written: str, value: str) -> None:
    """A function of a field or group; what is neither is itself."""
    assert text(written) == value


@pytest.mark.parametrize(
    ("message", "cause"), [("one", "first"), ("two", "second"), ("", "other"), ("three", "other")]
)
def test_the_first_row_that_is_found_names_the_cause(message: str, cause: str) -> None:
    """A table is read from its top; what no row finds is other."""
    label = SCOPE.label("why($message)")
    assert label.text(record(message=message), {}) == cause
    assert label.values == ("first", "second", "other")
    assert label.every is None


@pytest.mark.parametrize(
    ("message", "causes"),
    [
        ("two, one", ["first", "second"]),
        ("uno one", ["first"]),
        ("two", ["second"]),
        ("three", ["other"]),
    ],
)
def test_each_row_that_is_found_names_a_cause(message: str, causes: list[str]) -> None:
    """Each cause once, in the order of the table; other where nothing is found."""
    label = SCOPE.label("all($message)")
    assert label.every is not None
    assert list(label.every(record(message=message), {})) == causes
    assert label.values == ("first", "second", "other")


@pytest.mark.parametrize(
    ("written", "values"),
    [("constant", ("constant",)), ("$namespace", None), ("lower($type)", None)],
)
def test_the_values_of_a_label_are_known_where_they_are_written(
    written: str, values: tuple[str, ...] | None
) -> None:
    """What the cluster chooses is known to nobody."""
    assert SCOPE.label(written).values == values


@pytest.mark.parametrize(
    ("written", "steady"),
    [
        ("constant", True),
        ("$namespace", True),
        ("$kind", True),
        ("$type", True),
        ("$component", True),
        ("$reason", True),
        ("$message", True),
        ("$what", True),
        ("why($message)", True),
        ("all($what)", True),
        ("lower($what)", True),
        ("$name", False),
        ("$uid", False),
        ("$node", False),
        ("$field_path", False),
        ("$container", False),
        ("registry($name)", False),
        ("why($node)", False),
        ("all($container)", False),
    ],
)
def test_what_repeats_have_in_common_is_steady(written: str, steady: bool) -> None:
    """The same message of the same kind of event can be another object's, container's or node's."""
    expression = SCOPE.label(written)
    assert (expression.source is None or expression.of_message) is steady


def test_fields_that_no_expression_knows_are_not_steady() -> None:
    """A field that is added and forgotten here costs speed, not truth."""
    labels = {name: Scope([], {}).label(f"${name}") for name in FIELDS}
    shared = {name for name, label in labels.items() if label.source is None}
    assert shared == {"namespace", "kind", "reason", "type", "component"}
    assert {name for name, label in labels.items() if label.of_message} == {"message"}


def test_a_group_is_of_the_message() -> None:
    """Another message has another, whatever the group is called."""
    group = Scope(["reason"], {}).label("$reason")
    assert group.source is not None
    assert group.of_message
    assert group.source(record(), {"reason": "this"}) == "this"
    assert Scope([], {}).label("constant").source is None


@pytest.mark.parametrize(
    ("written", "named"),
    [
        ("$namespce", ["$namespce", "did you mean $namespace?"]),
        ("$whta", ["$whta", "did you mean $what?"]),
        ("lower($nowhere)", ["$nowhere"]),
        ("lowr($what)", ["'lowr'", "did you mean lower?"]),
        ("wy($what)", ["'wy'", "did you mean why?"]),
        ("duration($what)", ["'duration'"]),
        ("lower(what)", ["'lower(what)'"]),
        ("$what-$kind", ["'$what-$kind'"]),
        ("$", ["'$'"]),
        ("lower(lower($what))", ["lower(lower($what))"]),
        ("$what\n", ["no $name"]),
    ],
)
def test_what_means_nothing_is_an_error(written: str, named: list[str]) -> None:
    """It is quoted, with the nearest name that is known."""
    with pytest.raises(ExpressionError) as caught:
        SCOPE.label(written)
    assert [part for part in named if part not in str(caught.value)] == []


def test_a_value_is_a_number_of_a_field_or_group() -> None:
    """Durations are seconds; what is no number is None."""
    number = SCOPE.value("duration($what)")
    assert number(record(), {"what": "1m2s"}) == 62.0 == duration("1m2s")
    assert number(record(), {"what": "soon"}) is None
    assert number(record(), {"what": None}) is None
    assert SCOPE.value("quantity($name)")(record(object_name="17"), {}) == 17.0


@pytest.mark.parametrize("written", ["5", "$what", "lower($what)", "why($what)", "durtion($what)"])
def test_a_value_is_nothing_else(written: str) -> None:
    """The error says what a value can be."""
    with pytest.raises(ExpressionError, match=r"\$elapsed, duration\(\$x\), quantity\(\$x\)"):
        SCOPE.value(written)


def test_the_value_of_an_unknown_field_is_an_error() -> None:
    """As in a label."""
    with pytest.raises(ExpressionError, match="did you mean \\$what"):
        SCOPE.value("duration($wat)")
