"""Rules and Alertmanager configurations that run faster: every duration divided, nothing else."""

from __future__ import annotations

import re
from typing import Any

_UNITS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_UNITS |= {"w": 7 * _UNITS["d"], "y": 365 * _UNITS["d"]}

# The keys of rule files, alertmanager.yml and prometheus.yml that hold a duration.
_KEYS = {
    "scrape_interval",
    "evaluation_interval",
    "for",
    "keep_firing_for",
    "interval",
    "query_offset",
    "resolve_timeout",
    "group_wait",
    "group_interval",
    "repeat_interval",
}
# What stands in quotes or after a # is no duration, nor is the end of a name.
_IN_QUERY = re.compile(
    r"""(?P<kept> "(?:\\.|[^"\\])*" | '(?:\\.|[^'\\])*' | `[^`]*` | \#[^\n]* | [a-zA-Z_][\w:]* )
    | (?P<duration> (?:\d+(?:ms|[smhdwy]))+ (?![\w.]) )
    | \d[\w.]*""",
    re.VERBOSE,
)
_WHOLE = re.compile(r"(?:\d+(?:ms|[smhdwy]))+")
_STEP = re.compile(r"(\d+)(ms|[smhdwy])")


def faster(document: Any, factor: int) -> Any:
    """A rule file or a configuration, as data, in which time runs `factor` times as fast.

    `[10m]` and `offset 10m` in queries are divided as are `for` and `group_wait`; thresholds and
    texts stay. What is no whole number of milliseconds is rounded; ValueError for less than one.
    """
    if isinstance(document, list):
        return [faster(entry, factor) for entry in document]
    if not isinstance(document, dict):
        return document
    return {key: _entry(key, value, factor) for key, value in document.items()}


def seconds(duration: str) -> float:
    """`1m30s` is 90."""
    return _milliseconds(duration) / 1000


def _entry(key: str, value: Any, factor: int) -> Any:
    if key == "expr":
        return _IN_QUERY.sub(
            lambda found: _divided(found[0], factor) if found["duration"] else found[0], value
        )
    return _divided(value, factor) if key in _KEYS else faster(value, factor)


def _divided(duration: str, factor: int) -> str:
    milliseconds = round(_milliseconds(duration) / factor)
    if not milliseconds:
        raise ValueError(f"{duration} / {factor} is less than a millisecond")
    return f"{milliseconds}ms"


def _milliseconds(duration: str) -> int:
    if not _WHOLE.fullmatch(duration):
        raise ValueError(f"{duration!r} is no duration")
    return sum(int(number) * _UNITS[unit] for number, unit in _STEP.findall(duration))
