"""The golden cases: a folder each, with lines in and the page they give.

The lines are of a watch in ``input.ndjson``, or of an audit log in ``audit.ndjson``.

``expected.prom`` is the whole exposition page; ``passed_over.txt`` says how many lines
could not be used, by cause. ``python -m tests.generate`` writes both.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from exporter.commands.replay import replay_bytes
from exporter.commands.replay_audit import replay_pieces

_FOLDER = Path(__file__).parent
_AUDIT = "audit.ndjson"
_SAMPLE = re.compile(r"(?P<name>\w+)(?:\{(?P<labels>.*)\})? (?P<value>\S+)")
_LABEL = re.compile(r'\w+="(?:[^"\\]|\\.)*"')


def cases() -> list[Path]:
    """The folders of all cases."""
    return sorted(path.parent for path in [*event_lines(), *_audit_logs()])


def event_lines() -> list[Path]:
    """The inputs that hold events."""
    return sorted(_FOLDER.glob("*/input.ndjson"))


def page_of(case: Path) -> tuple[bytes, str]:
    """The exposition page of a case's input, and what was passed over."""
    problems: Counter[str] = Counter()
    if case / _AUDIT in _audit_logs():
        pieces = [(case / _AUDIT).read_bytes()]
        text, _ = replay_pieces(pieces, problems, series_limit=10_000)
    else:
        text, _ = replay_bytes((case / "input.ndjson").read_bytes(), problems, series_limit=10_000)
    return text, "".join(f"{times} {cause}\n" for cause, times in sorted(problems.items()))


def generated() -> dict[Path, bytes]:
    """What ``tests.generate`` keeps up to date here."""
    files: dict[Path, bytes] = {}
    for case in cases():
        page, passed_over = page_of(case)
        files[case / "expected.prom"] = page
        files[case / "passed_over.txt"] = passed_over.encode()
    return files


def _audit_logs() -> list[Path]:
    return list(_FOLDER.glob(f"*/{_AUDIT}"))


def canonical(page: str) -> list[str]:
    """The page's lines in an order of their own: families, samples and labels sorted.

    The order of a page is not part of its meaning, but that of a family's metadata before
    its samples is, and stays.
    """
    families: list[tuple[list[str], list[str]]] = []
    for line in page.splitlines():
        if line.startswith("# HELP "):
            families.append(([line], []))
        elif line.startswith("#"):
            families[-1][0].append(line)
        else:
            families[-1][1].append(_canonical_sample(line))
    return [line for head, samples in sorted(families) for line in (*head, *sorted(samples))]


def _canonical_sample(line: str) -> str:
    parsed = _SAMPLE.fullmatch(line)
    if parsed is None:
        raise ValueError(f"no sample: {line}")
    labels = ",".join(sorted(_LABEL.findall(parsed["labels"] or "")))
    return f"{parsed['name']}{{{labels}}} {parsed['value']}"
