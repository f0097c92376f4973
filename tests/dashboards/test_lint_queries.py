"""The queries of the committed dashboards, seen as text: of panels, annotations and variables."""

from __future__ import annotations

import re

import promql_parser as promql
import pytest

from tests.dashboards.queries import Query, boards, queries, substituted, without_no_events
from tests.promql.reading import problems, selectors

QUERIES = [pytest.param(query, id=f"{query.board}: {query.title}") for query in queries()]


@pytest.mark.parametrize("query", QUERIES)
def test_query(query: Query) -> None:
    """It parses, names what there is, values too, and reads counters as counters."""
    assert problems(substituted(query.expr)) == []


@pytest.mark.parametrize("query", QUERIES)
def test_query_without_the_zero_of_no_events(query: Query) -> None:
    """It is right by itself: the zero brings a label along, and is always found."""
    alone = without_no_events(query.expr)
    assert "0 * " not in alone
    assert problems(substituted(alone)) == []


@pytest.mark.parametrize("query", [p for p in QUERIES if "variable" not in str(p.values)])
def test_every_selector_is_of_the_chosen_exporters(query: Query) -> None:
    """By cluster and job; alerts have no job."""
    for selector in selectors(promql.parse(_with_names(query.expr))):
        matchers = {m.name: m.value for m in selector.matchers.matchers}
        assert matchers["cluster"] == "__cluster"
        if selector.name != "ALERTS":
            assert matchers["job"] == "__job"


@pytest.mark.parametrize("query", QUERIES)
def test_variables_of_queries_are_on_their_board(query: Query) -> None:
    """Else Grafana sends them to Prometheus as they are."""
    known = {variable["name"] for variable in boards()[query.board]["templating"]["list"]}
    used = set(re.findall(r"\$(?!__)(\w+)", query.expr))
    assert used <= known
    if "namespace=" in query.expr:
        assert 'namespace=~"$namespace"' in query.expr


@pytest.mark.parametrize("query", QUERIES)
def test_rates_over_steps_take_the_rate_interval(query: Query) -> None:
    """A range of a fixed length is right for a figure only, which asks once."""
    if "$__interval_ms" in query.expr:
        ranges = re.findall(r"rate\(.*?\[(.*?)\]", query.expr)
        assert set(ranges) == {"$__rate_interval"}


def _with_names(expr: str) -> str:
    """With durations, and with variables kept as they are called."""
    for name in ("cluster", "job", "namespace"):
        expr = expr.replace(f'"${name}"', f'"__{name}"')
    return substituted(expr)
