"""Which values the labels of a metric can have, and which a query asks for in vain."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from itertools import product

import promql_parser as promql

from exporter.metrics.bounds import OVERFLOW
from exporter.metrics.declaration import Declaration, MetricType
from exporter.rules import reserved
from exporter.rules.reserved_audit import AUDIT, CLOSED
from tests.docs.catalogue import Feeds, catalogue
from tests.docs.metrics import OWN, VALUES
from tests.promql.known import recorded

LabelSet = Mapping[str, str]
"""Values that can be there together. A label that is missing can have any: it is open."""

_NEGATIVE = (promql.MatchOp.NotEqual, promql.MatchOp.NotRe)
_REGEX = (promql.MatchOp.Re, promql.MatchOp.NotRe)
_HISTOGRAM = ("_bucket", "_sum", "_count")
# Innermost brackets that nothing repeats: `(a|b)`.
_GROUP = re.compile(r"(?<!\\)\((?:\?:)?([^()]*)\)(?![*+?{])")


def unknown_values(selector: promql.VectorSelector) -> Iterator[str]:
    """What its matchers name and no series can have.

    Matchers that leave something out must name what is there too: else they leave nothing out.
    """
    sets = label_sets().get(selector.name or "", [])
    matchers = [m for m in selector.matchers.matchers if _is_closed(m.name, sets)]
    wrong = [
        f"{selector.name}: {matcher.name} is never {asked}"
        for matcher in matchers
        for asked in _asked(matcher)
        if not any(re.fullmatch(asked, labels[matcher.name]) for labels in sets)
        and asked != OVERFLOW
    ]
    yield from wrong
    if matchers and not wrong and not any(_selects(matchers, labels) for labels in sets):
        yield f"{selector}: no series has these labels together"


def alternatives(pattern: str) -> list[str]:
    """What a regular expression names: ``a(b|c)|d.*`` are ``ab``, ``ac`` and ``d.*``."""
    found: dict[str, None] = {}
    for part in _split(pattern):
        group = _GROUP.search(part)
        if group is None:
            found[part] = None
            continue
        before, after = part[: group.start()], part[group.end() :]
        for one in group[1].split("|"):
            found.update(dict.fromkeys(alternatives(f"{before}{one}{after}")))
    return list(found)


@functools.cache
def label_sets() -> Mapping[str, list[LabelSet]]:
    """By metric, recorded ones too: the values of its closed labels, as they occur together."""
    found = {name: sets for declaration, sets in _families() for name in _samples(declaration)}
    for name in recorded():
        _, metric, _ = name.split(":")
        found[name] = found.get(metric) or found[f"{metric}_total"]
    return found


def _families() -> Iterator[tuple[Declaration, list[LabelSet]]]:
    feeds, outcomes = catalogue().feeds(), catalogue().book.outcomes()
    types = [{"type": type_} for type_ in ("Normal", "Warning")]
    for declaration in (reserved.EVENTS, reserved.LAST_SEEN):
        yield declaration, list(types)
    for declaration in catalogue().book.declarations:
        yield declaration, _fed(declaration, feeds.get(declaration.name, Feeds()))
    audit_feeds = catalogue().audit_feeds()
    for declaration in catalogue().book.audit.declarations:
        yield declaration, _fed(declaration, audit_feeds[declaration.name])
    for declaration in reserved.LIFECYCLES:
        ended = "outcome" in declaration.labels
        yield (
            declaration,
            [
                {"lifecycle": lifecycle, "outcome": outcome} if ended else {"lifecycle": lifecycle}
                for lifecycle in catalogue().lifecycles
                for outcome in (outcomes[lifecycle] if ended else [""])
            ],
        )
    for declaration in OWN:
        closed = [label for label in declaration.labels if (declaration.name, label) in VALUES]
        columns = [VALUES[declaration.name, label] for label in closed]
        yield declaration, [dict(zip(closed, row, strict=True)) for row in product(*columns)]
    for declaration in AUDIT:
        columns_of = CLOSED[declaration.name]
        rows = product(*columns_of.values())
        yield declaration, [dict(zip(columns_of, row, strict=True)) for row in rows]


def _fed(declaration: Declaration, feeds: Feeds) -> list[LabelSet]:
    closed = [n for n in range(len(declaration.labels)) if feeds.values(n) is not None]
    labels = declaration.labels
    return [{labels[n]: row[n] or "" for n in closed} for row in feeds.sets]


def _samples(declaration: Declaration) -> list[str]:
    if declaration.type is MetricType.HISTOGRAM:
        return [declaration.name + suffix for suffix in _HISTOGRAM]
    return [declaration.name]


def _is_closed(label: str, sets: list[LabelSet]) -> bool:
    return bool(sets) and all(label in labels for labels in sets)


def _asked(matcher: promql.Matcher) -> list[str]:
    if matcher.op in _REGEX:
        return alternatives(matcher.value)
    return [re.escape(matcher.value)]


def _selects(matchers: list[promql.Matcher], labels: LabelSet) -> bool:
    return all(
        bool(re.fullmatch("|".join(_asked(m)), labels[m.name])) is (m.op not in _NEGATIVE)
        for m in matchers
    )


def _split(pattern: str) -> list[str]:
    """At each bar that stands in no brackets."""
    parts, depth = [""], 0
    for character in pattern:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == "|" and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return parts
