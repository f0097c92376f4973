# SPDX-License-Identifier: Apache-2.0
"""The two text formats: escaping, numbers, metadata and exemplars.

Text 0.0.4 (Prometheus) and OpenMetrics 1.0 agree on sample lines; they differ in the
counter's family name, in help escaping, in exemplars and in the end mark.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from enum import Enum

from exporter.metrics.declaration import Declaration, MetricType

# OpenMetrics 1.0: names and values of an exemplar's labels, in UTF-8 characters.
_EXEMPLAR_CHARACTERS = 128


class Format(Enum):
    """An exposition format, by its content type."""

    TEXT = "text/plain; version=0.0.4; charset=utf-8"
    OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"


Pairs = Sequence[tuple[str, str]]


def escape(value: str) -> str:
    """A label value, or an OpenMetrics help text, as it stands between quotes."""
    if "\\" in value or '"' in value or "\n" in value:
        value = value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
    return value


def label_text(names: Iterable[str], values: Iterable[str]) -> str:
    """``a="1",b="2"``, or ``""`` where there are no labels."""
    return ",".join(f'{n}="{escape(v)}"' for n, v in zip(names, values, strict=True))


def number(value: float | int) -> str:  # noqa: PYI041 - compiled, they are two types
    """A sample value; whole numbers without a point."""
    if isinstance(value, int):
        return str(value)
    if math.isfinite(value):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if math.isnan(value):
        return "NaN"
    return "+Inf" if value > 0 else "-Inf"


def bucket_bound(value: float) -> str:
    """The ``le`` of a bucket: OpenMetrics wants a float, so both formats get the same series."""
    return "+Inf" if value == math.inf else repr(float(value))


def encode(text: str) -> bytes:
    """UTF-8; what is no character (a lone surrogate from a JSON escape) becomes ``?``."""
    return text.encode("utf-8", "replace")


def metadata(declaration: Declaration, format_: Format) -> bytes:
    """The HELP and TYPE lines of a family."""
    name, help_ = declaration.name, declaration.help
    if format_ is Format.OPENMETRICS:
        if declaration.type is MetricType.COUNTER:
            name = name.removesuffix("_total")
        help_ = escape(help_)
    else:
        help_ = help_.replace("\\", r"\\").replace("\n", r"\n")
    return encode(f"# HELP {name} {help_}\n# TYPE {name} {declaration.type.value}\n")


def exemplar_text(pairs: Pairs, value: float) -> str:
    """`` # {pod="web-0"} 1``: as many of the pairs as the format's 128 characters hold.

    A first value that is too long alone is cut: its beginning still names the object.
    """
    written = [f'{name}="{text}"' for name, text in pairs if text]
    if not written:
        return ""
    labels = ",".join(written)
    # Nearly every name is short and plain; only the others are looked at one by one.
    quotes = 2 * len(written)
    plain = labels.count('"') == quotes and "\\" not in labels and "\n" not in labels
    if not plain or len(labels) > _EXEMPLAR_CHARACTERS:
        labels = ",".join(f'{name}="{escape(text)}"' for name, text in _fitting(pairs))
    return f" # {{{labels}}} {number(value)}"


def _fitting(pairs: Pairs) -> list[tuple[str, str]]:
    room = _EXEMPLAR_CHARACTERS
    kept: list[tuple[str, str]] = []
    for name, whole in pairs:
        text = whole if kept else whole[: room - len(name)]
        if text and len(name) + len(text) <= room:
            room -= len(name) + len(text)
            kept.append((name, text))
    return kept
