from __future__ import annotations

import pytest

from exporter.metrics.bounds import DEFAULT_LIMIT, LIMITS, OVERFLOW, LabelBounds

NAMES = ("namespace", "reason")


def take(bounds: LabelBounds, names: tuple[str, ...], values: tuple[str, ...]) -> tuple[str, ...]:
    """The values to show, of a series that is born with them."""
    bounded = bounds.bound(names, values)
    bounds.admit(names, bounded)
    return bounded


def test_values_stay_as_written() -> None:
    """Below the bounds a value is not touched, whatever characters it is made of."""
    bounds = LabelBounds()
    for value in ("Pulled", "", " ", 'a"b\\c\nd', "é", "\x00", "日本", "🐍"):
        assert take(bounds, ("reason",), (value,)) == (value,)
    assert bounds.overflowed == {}


@pytest.mark.parametrize("character", ["a", "é", "日", "🐍"])
def test_length_is_bounded_in_bytes(character: str) -> None:
    """256 bytes of UTF-8 are kept, one byte more is not, however few characters that is."""
    size = len(character.encode())
    longest = character * (256 // size)
    longest += "a" * (256 - len(longest.encode()))
    bounds = LabelBounds()
    assert take(bounds, ("reason",), (longest,)) == (longest,)
    assert take(bounds, ("reason",), (longest + "a",)) == (OVERFLOW,)


def test_distinct_values_are_bounded_for_each_label() -> None:
    """Past its number of distinct values a label overflows; another label does not."""
    bounds = LabelBounds({"namespace": 3}, default=2)
    for value in ("a", "b"):
        assert take(bounds, NAMES, (value, value)) == (value, value)
    assert take(bounds, NAMES, ("c", "c")) == ("c", OVERFLOW)
    assert take(bounds, NAMES, ("d", "d")) == (OVERFLOW, OVERFLOW)


def test_known_values_go_on_when_the_bound_is_reached() -> None:
    """A value that was admitted stays itself when newcomers overflow."""
    bounds = LabelBounds({}, default=1)
    take(bounds, ("reason",), ("first",))
    take(bounds, ("reason",), ("second",))
    assert take(bounds, ("reason",), ("first",)) == ("first",)


def test_absent_field_never_overflows() -> None:
    """The empty value is no value that anybody chose: it is always admitted and takes no room."""
    bounds = LabelBounds({}, default=1)
    assert take(bounds, ("reason",), ("",)) == ("",)
    assert take(bounds, ("reason",), ("a",)) == ("a",)
    assert take(bounds, ("reason",), ("",)) == ("",)


def test_overflows_are_counted_by_label() -> None:
    """Every label set shown with the overflow value counts for the label that overflowed."""
    bounds = LabelBounds({"namespace": 1}, default=1)
    for value in "abc":
        take(bounds, NAMES, (value, "x"))
    assert bounds.overflowed == {"namespace": 2}


def test_values_are_shared_by_families() -> None:
    """A bound holds for a label over all families: two families do not double it."""
    bounds = LabelBounds({}, default=1)
    take(bounds, ("reason",), ("a",))
    assert take(bounds, ("kind", "reason"), ("Pod", "b")) == ("Pod", OVERFLOW)


def test_values_without_a_series_are_forgotten() -> None:
    """Once the series of a value have ended its room is free, and those in use keep theirs."""
    bounds = LabelBounds({}, default=2)
    take(bounds, ("reason",), ("gone",))
    take(bounds, ("reason",), ("alive",))
    bounds.retain([(("reason",), [("alive",), (OVERFLOW,)])])
    assert take(bounds, ("reason",), ("new",)) == ("new",)
    assert take(bounds, ("reason",), ("newer",)) == (OVERFLOW,)
    assert take(bounds, ("reason",), ("alive",)) == ("alive",)


def test_look_up_takes_no_room() -> None:
    """Only a series that is born uses up a distinct value, not the question for it."""
    bounds = LabelBounds({}, default=1)
    for value in "abc":
        assert bounds.bound(("reason",), (value,)) == (value,)
    assert take(bounds, ("reason",), ("d",)) == ("d",)
    assert bounds.bound(("reason",), ("a",)) == (OVERFLOW,)


def test_room_is_told() -> None:
    """How many values a label has and may have can be read."""
    bounds = LabelBounds({"namespace": 3}, default=2)
    take(bounds, NAMES, ("a", "x"))
    take(bounds, NAMES, ("b", OVERFLOW))
    assert (bounds.used("namespace"), bounds.limit("namespace")) == (2, 3)
    assert (bounds.used("reason"), bounds.limit("reason")) == (1, 2)
    assert (bounds.used("kind"), bounds.limit("kind")) == (0, 2)


def test_overflow_value_takes_no_room() -> None:
    """Our own word for what is beyond the bound is none of the values, whoever writes it."""
    bounds = LabelBounds({}, default=1)
    assert take(bounds, ("reason",), (OVERFLOW,)) == (OVERFLOW,)
    assert take(bounds, ("reason",), ("a",)) == ("a",)
    assert bounds.overflowed == {}


def test_overlong_value_takes_no_room() -> None:
    """A value that is too long does not use up one of the distinct values."""
    bounds = LabelBounds({}, default=1)
    take(bounds, ("reason",), ("x" * 300,))
    assert take(bounds, ("reason",), ("a",)) == ("a",)


def test_default_bounds_fit_a_large_cluster() -> None:
    """By default a label holds 2 000 values, namespaces 20 000, and types 16."""
    bounds = LabelBounds()
    for name, limit in (("reason", DEFAULT_LIMIT), *LIMITS.items()):
        for number in range(limit):
            assert take(bounds, (name,), (str(number),)) == (str(number),)
        assert take(bounds, (name,), ("one more",)) == (OVERFLOW,)
    assert (DEFAULT_LIMIT, LIMITS["namespace"], LIMITS["type"]) == (2_000, 20_000, 16)
