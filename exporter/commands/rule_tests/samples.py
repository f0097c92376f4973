# SPDX-License-Identifier: Apache-2.0
"""Sample lines: read, told apart without regard to how they are written, and compared.

The order of labels means nothing, a label without a value is as good as none, numbers are
compared as numbers, and a sample of 0 is as good as none: series are made at 0 beforehand.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping

from exporter.metrics.text import bucket_bound, label_text, number

_TEXT = r'"(?:[^"\\]|\\.)*"'
_SAMPLE = re.compile(
    rf'(?P<name>\w+)(?:\s*\{{(?P<labels>(?:[^"{{}}]|{_TEXT})*)\}}\s*|\s+)(?P<value>\S+)'
)
_LABEL = re.compile(rf"\s*(?P<name>\w+)\s*=\s*(?P<value>{_TEXT})\s*(?:,|\Z)")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_ESCAPES = {"n": "\n"}
# Durations are differences of Unix seconds, of which floats hold some seven digits of the fraction.
_CLOSE = 1e-6

Key = tuple[str, tuple[tuple[str, str], ...]]
"""Name and labels, which are sorted."""


def read_samples(lines: Iterable[str]) -> dict[Key, float]:
    """The samples of some lines; raises ``ValueError`` with the line."""
    found: dict[Key, float] = {}
    for line in lines:
        key, value = _read(line.strip())
        if key in found:
            raise ValueError(f"{line!r} stands twice")
        found[key] = value
    return found


def differences(expected: Mapping[Key, float], got: Mapping[Key, float]) -> list[str]:
    """Lines for a person: what was expected with a ``-``, what there is with a ``+``."""
    lines: list[str] = []
    for key in sorted(expected.keys() | got.keys()):
        left, right = expected.get(key, 0.0), got.get(key, 0.0)
        if math.isclose(left, right, rel_tol=1e-12, abs_tol=_CLOSE):
            continue
        if left:
            lines.append(f"- {_line(key, left)}")
        if right:
            lines.append(f"+ {_line(key, right)}")
    return lines


def _line(key: Key, value: float) -> str:
    name, labels = key
    text = label_text((label for label, _ in labels), (text for _, text in labels))
    return f"{name}{{{text}}} {number(value)}" if labels else f"{name} {number(value)}"


def _read(line: str) -> tuple[Key, float]:
    parsed = _SAMPLE.fullmatch(line)
    if parsed is None:
        raise ValueError(f"{line!r} is no sample such as 'name_total{{label=\"value\"}} 1'")
    try:
        value = float(parsed["value"])
    except ValueError:
        raise ValueError(f"{line!r}: {parsed['value']!r} is no number") from None
    return (parsed["name"], _labels(parsed["labels"] or "", line)), value


def _labels(text: str, line: str) -> tuple[tuple[str, str], ...]:
    labels: dict[str, str] = {}
    position = 0
    while text[position:].strip():
        label = _LABEL.match(text, position)
        if label is None:
            raise ValueError(f'{line!r}: {text[position:].strip()!r} is no label="value"')
        name, value = label["name"], _unescaped(label["value"][1:-1])
        if name in labels:
            raise ValueError(f"{line!r}: label {name} stands twice")
        labels[name] = _bound(value) if name == "le" else value
        position = label.end()
    return tuple(sorted((name, value) for name, value in labels.items() if value))


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda found: _ESCAPES.get(found[1], found[1]), text)


def _bound(text: str) -> str:
    """A bucket's bound as we write it: 1 and 1.0 are the same."""
    try:
        return bucket_bound(float(text))
    except ValueError:
        return text
