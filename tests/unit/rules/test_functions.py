"""The functions of the rule language: text in, text or number out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.rules.functions import duration, quantity, registry


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0s", 0.0),
        ("500ms", 0.5),
        ("2.345678901s", 2.345678901),
        ("1.23s", 1.23),
        ("1m2.5s", 62.5),
        ("1h0m0s", 3600.0),
        ("2h3m4.5s", 7384.5),
        ("17\u00b5s", 17e-6),
        ("17\u03bcs", 17e-6),
        ("17us", 17e-6),
        ("999ns", 999e-9),
        ("1.5ms", 0.0015),
    ],
)
def test_a_go_duration_is_seconds(text: str, seconds: float) -> None:
    """Every unit and compound that Go writes is read."""
    assert duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "s",
        "1 s",
        "-1s",
        "1.s",
        ".5s",
        "1m 2s",
        "1d",
        "1s.",
        "1sx",
        "%!s(int=3)",
        "2562048h",
        "9" * 400 + "h",
    ],
)
def test_what_is_no_duration_is_none(text: str) -> None:
    """Text in any other form gives None."""
    assert duration(text) is None


@pytest.mark.parametrize(
    ("text", "number"), [("0", 0.0), ("4292", 4292.0), ("18446744073709551615", None)]
)
def test_a_quantity_is_a_plain_number(text: str, number: float | None) -> None:
    """Digits are a number, as long as they could be a count of bytes."""
    assert quantity(text) == number


@pytest.mark.parametrize("text", ["", "-1", "1.5", "1e3", "1k", "\u00b2", " 1"])
def test_what_is_no_quantity_is_none(text: str) -> None:
    """Signs, fractions and units are no quantity."""
    assert quantity(text) is None


@pytest.mark.parametrize(
    ("image", "host"),
    [
        ("nginx", "docker.io"),
        ("nginx:1.27", "docker.io"),
        ("library/nginx", "docker.io"),
        ("team/sub/app:v1", "docker.io"),
        ("quay.io/team/app:v1", "quay.io"),
        ("registry:5000/app", "registry:5000"),
        ("localhost/app", "localhost"),
        ("127.0.0.1:5000/team/app@sha256:0123", "127.0.0.1:5000"),
        ("Registry.Example.COM/app", "registry.example.com"),
        ("nginx@sha256:0123", "docker.io"),
        ("nginx.example:5000", "docker.io"),
        ("", "docker.io"),
    ],
)
def test_the_registry_is_what_stands_before_the_first_slash(image: str, host: str) -> None:
    """If it can be a host: with a dot or a colon, or localhost; else the default registry."""
    assert registry(image) == host


@given(st.text() | st.text(st.characters()))
def test_functions_take_any_text(text: str) -> None:
    """Messages can hold anything: no function raises."""
    for number in (duration(text), quantity(text)):
        assert number is None or number >= 0
    assert isinstance(registry(text), str)
