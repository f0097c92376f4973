from __future__ import annotations

import math

import pytest

from exporter.metrics.declaration import Declaration, MetricType
from exporter.metrics.page import Page
from exporter.metrics.text import (
    Format,
    bucket_bound,
    encode,
    escape,
    exemplar_text,
    label_text,
    metadata,
    number,
)
from tests.unit.metrics.house import House


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("plain", "plain"),
        ("", ""),
        ('say "hi"', r"say \"hi\""),
        ("C:\\temp", r"C:\\temp"),
        ("two\nlines", r"two\nlines"),
        (r"\n", r"\\n"),
        ('\\"\n', '\\\\\\"\\n'),
        ("tab\tand\r", "tab\tand\r"),
        ("日本 🐍", "日本 🐍"),
        ("\x00", "\x00"),
    ],
)
def test_label_values_are_escaped(value: str, written: str) -> None:
    """Backslash, quote and line feed are escaped, and nothing else."""
    assert escape(value) == written


def test_label_text_keeps_the_order() -> None:
    """Labels stand in the order of the declaration."""
    assert label_text(("b", "a"), ("1", '"')) == r'b="1",a="\""'
    assert label_text((), ()) == ""


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0, "0"),
        (-3, "-3"),
        (2**70, "1180591620717411303424"),
        (5.0, "5"),
        (-0.0, "0"),
        (0.1, "0.1"),
        (1795347321.3502045, "1795347321.3502045"),
        (1e15, "1000000000000000.0"),
        (1e300, "1e+300"),
        (5e-324, "5e-324"),
        (math.inf, "+Inf"),
        (-math.inf, "-Inf"),
        (math.nan, "NaN"),
    ],
)
def test_numbers(value: float, written: str) -> None:
    """Numbers are written exactly, whole ones without a point, the special ones by their names."""
    assert number(value) == written


def test_bucket_bounds() -> None:
    """A bound is a float in both formats, and the last is +Inf."""
    assert [bucket_bound(b) for b in (1, 0.25, 1e10, math.inf)] == [
        "1.0",
        "0.25",
        "10000000000.0",
        "+Inf",
    ]


def test_lone_surrogate_becomes_a_question_mark() -> None:
    """Half a character, as a JSON escape can make it, does not break the page's UTF-8."""
    house = House()
    house.counter().at(("\ud800x",)).inc(1)
    for format_ in Format:
        assert '{reason="?x"} 1' in house.text(format_=format_)
    assert encode("\udfff") == b"?"


def test_metadata_names_counters_as_each_format_wants() -> None:
    """OpenMetrics calls a counter's family by its name without _total, text 0.0.4 with it."""
    declaration = Declaration("kube_things_total", MetricType.COUNTER, 'A\\B "c".')
    assert metadata(declaration, Format.TEXT) == (
        b'# HELP kube_things_total A\\\\B "c".\n# TYPE kube_things_total counter\n'
    )
    assert metadata(declaration, Format.OPENMETRICS) == (
        b'# HELP kube_things A\\\\B \\"c\\".\n# TYPE kube_things counter\n'
    )


def test_family_without_series_still_has_its_metadata() -> None:
    """The page tells of every family, also before the first event."""
    house = House()
    house.counter()
    assert house.text() == "# HELP kube_things_total Things.\n# TYPE kube_things_total counter\n"


def test_only_openmetrics_has_an_end_mark() -> None:
    """OpenMetrics ends in # EOF; text 0.0.4 knows none."""
    house = House()
    house.counter().at(("a",)).inc(1)
    assert house.text(format_=Format.OPENMETRICS).endswith("\n# EOF\n")
    assert "EOF" not in house.text()


def test_foreign_metrics_stand_before_the_end_mark() -> None:
    """Metrics kept elsewhere are asked for in the reader's format and come last."""
    house = House()
    asked: list[Format] = []

    def foreign(format_: Format) -> bytes:
        asked.append(format_)
        return b"process_up 1\n"

    page = Page((), house.births, house.scrapers, foreign=foreign)
    assert b"".join(page.render(Format.OPENMETRICS)[0]) == b"process_up 1\n# EOF\n"
    assert asked == [Format.OPENMETRICS]


def test_page_is_brought_up_to_date_before_it_is_rendered() -> None:
    """What the refresh sets is on the page that follows, births included."""
    house = House()
    things = house.counter()
    page = Page(
        [things],
        house.births,
        house.scrapers,
        refresh=lambda: things.at(("a",)).inc(1),
    )
    parts, showing = page.render(Format.TEXT)
    assert b'{reason="a"} 1' in b"".join(parts)
    assert showing.births == 1


def test_exemplar_is_written_behind_the_value() -> None:
    """An exemplar is its labels and the value it stands for; empty labels are left out."""
    assert exemplar_text([("pod", 'w"0'), ("node", "")], 2) == r' # {pod="w\"0"} 2'
    assert exemplar_text([("pod", "")], 1) == ""
    assert exemplar_text([], 1) == ""


def test_exemplar_labels_hold_128_characters() -> None:
    """Names and values together are 128 characters at the most; what does not fit is left out."""
    fits = exemplar_text([("pod", "p" * 100), ("node", "n" * 21)], 1)
    assert fits == f' # {{pod="{"p" * 100}",node="{"n" * 21}"}} 1'
    assert exemplar_text([("pod", "p" * 100), ("node", "n" * 22)], 1) == (
        f' # {{pod="{"p" * 100}"}} 1'
    )


def test_exemplar_counts_characters_before_escaping() -> None:
    """The format's limit is on characters of the values, not on bytes nor on escapes."""
    value = '"' * 60 + "é" * 65
    assert exemplar_text([("pod", value)], 1) == f' # {{pod="{escape(value)}"}} 1'


def test_first_exemplar_label_is_cut_to_fit() -> None:
    """A name longer than the limit is shown by its beginning: an Event's object is up to 253."""
    assert exemplar_text([("pod", "p" * 253), ("node", "n")], 1) == f' # {{pod="{"p" * 125}"}} 1'


def test_later_exemplar_label_takes_the_room_that_is_left() -> None:
    """A label that does not fit does not keep a shorter one after it from being shown."""
    text = exemplar_text([("pod", "p" * 100), ("container", "c" * 30), ("node", "n1")], 1)
    assert text == f' # {{pod="{"p" * 100}",node="n1"}} 1'


def test_exemplars_are_in_openmetrics_only() -> None:
    """Text 0.0.4 has no exemplars."""
    house = House()
    family = house.counter(describe=lambda detail: (("pod", str(detail)),))
    family.at(("a",)).inc(4, "web-0")
    family.at(("b",)).inc(1)
    assert '{reason="a"} 4 # {pod="web-0"} 4\n' in house.text(format_=Format.OPENMETRICS)
    assert '{reason="b"} 1\n' in house.text(format_=Format.OPENMETRICS)
    assert "#  {" not in house.text()
    assert '{reason="a"} 4\n' in house.text()


def test_family_without_description_has_no_exemplars() -> None:
    """A detail that nobody can describe is not shown."""
    house = House()
    house.counter().at(("a",)).inc(1, "web-0")
    assert '{reason="a"} 1\n' in house.text(format_=Format.OPENMETRICS)
