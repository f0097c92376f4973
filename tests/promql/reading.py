"""What is wrong with a query, seen from the declarations of the metrics."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import promql_parser as promql

from tests.promql.known import Metric, metrics
from tests.promql.values import unknown_values

# These read what a counter gained, or how often it began anew.
_OF_COUNTERS = re.compile(r"(?:rate|irate|increase|resets|changes)\(")
_ADDED_BY = re.compile(r"label_(?:replace|join)\(.*?, \"(\w+)\"", re.DOTALL)


def problems(expression: str, known: Mapping[str, Metric] | None = None) -> list[str]:
    """Empty: it parses, names only what there is, values too, and reads counters as counters."""
    known = metrics() if known is None else known
    try:
        tree = promql.parse(expression)
    except ValueError as error:
        return [f"does not parse: {error}"]
    in_vain = (problem for selector in selectors(tree) for problem in unknown_values(selector))
    return [*_unknown(tree, known), *in_vain, *_bare_counters(tree, known)]


def nodes(tree: promql.Expr) -> list[promql.Expr]:
    """Every node, from the top down; a range is a leaf, with its selector."""
    return [tree, *(node for child in _children(tree) for node in nodes(child))]


def selectors(tree: promql.Expr) -> list[promql.VectorSelector]:
    """Every selector in it, those of ranges too."""
    return [
        node.vector_selector if isinstance(node, promql.MatrixSelector) else node
        for node in nodes(tree)
        if isinstance(node, promql.MatrixSelector | promql.VectorSelector)
    ]


def _children(node: promql.Expr) -> list[promql.Expr]:
    if isinstance(node, promql.BinaryExpr):
        return [node.lhs, node.rhs]
    if isinstance(node, promql.Call):
        return node.args
    if isinstance(
        node, promql.AggregateExpr | promql.ParenExpr | promql.UnaryExpr | promql.SubqueryExpr
    ):
        return [node.expr]
    return []


def names(expression: str) -> set[str]:
    """The metrics it reads."""
    return {_name(selector) for selector in selectors(promql.parse(expression))}


def _name(selector: promql.VectorSelector) -> str:
    return selector.name or next(
        (m.value for m in selector.matchers.matchers if m.name == "__name__"), ""
    )


def _unknown(tree: promql.Expr, known: Mapping[str, Metric]) -> Iterator[str]:
    labels: set[str] = set(_ADDED_BY.findall(str(tree)))
    for selector in selectors(tree):
        name = _name(selector)
        metric = known.get(name)
        if metric is None:
            yield f"{name or selector}: no such metric"
            continue
        labels |= metric.labels
        for matcher in selector.matchers.matchers:
            if matcher.name not in metric.labels | {"__name__"}:
                yield f"{name}: has no label {matcher.name}"
    for node in nodes(tree):
        for label in _kept(node):
            if label not in labels:
                yield f"nothing in it has a label {label}"


def _kept(node: promql.Expr) -> list[str]:
    if isinstance(node, promql.AggregateExpr):
        return node.modifier.labels if node.modifier else []
    if isinstance(node, promql.BinaryExpr) and node.modifier and node.modifier.matching:
        return node.modifier.matching.labels
    return []


def _bare_counters(tree: promql.Expr, known: Mapping[str, Metric]) -> Iterator[str]:
    """Counters that are read outside of `increase` and its like.

    One form is right: all of a series that was not there at the window's beginning is new,
    ``X unless X offset W``.
    """
    excused = {text for node in nodes(tree) for text in _newly_born(node)}
    read = {
        str(argument)
        for node in nodes(tree)
        if isinstance(node, promql.Call) and _OF_COUNTERS.match(str(node).strip())
        for argument in node.args
    }
    for node in nodes(tree):
        if isinstance(node, promql.MatrixSelector):
            name, right = _name(node.vector_selector), read
        elif isinstance(node, promql.VectorSelector):
            name, right = _name(node), excused
        else:
            continue
        metric = known.get(name)
        if metric and metric.counter and str(node) not in right:
            yield f"{node}: a counter outside of rate, increase and resets"


def _newly_born(node: promql.Expr) -> list[str]:
    if not isinstance(node, promql.BinaryExpr):
        return []
    left, right = str(node.lhs).strip(), str(node.rhs).strip()
    operator = str(node).strip().removeprefix(left).removesuffix(right).strip()
    plain, _, offset = right.partition(" offset ")
    return (
        [str(node.lhs), str(node.rhs)] if operator == "unless" and offset and plain == left else []
    )


def ranges(expression: str) -> list[float]:
    """The lengths of the ranges in it, in seconds."""
    return [
        node.range.total_seconds()
        for node in nodes(promql.parse(expression))
        if isinstance(node, promql.MatrixSelector)
    ]
