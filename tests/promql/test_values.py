"""Values that no series has are found, wherever a query names them."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest

from exporter.metrics.bounds import OVERFLOW
from tests.promql.documents import queries
from tests.promql.known import metrics
from tests.promql.reading import problems
from tests.promql.values import alternatives, label_sets

_PULLS = "kube_event_image_pull_failures_total"
_CLOSED = "kube_event_lifecycle_closed_total"
_RECORDED = "namespace_cause:kube_event_job_failures:increase15m"
WRONG = {
    f'increase({_PULLS}{{cause="rate_limitd"}}[1h])': "cause is never rate_limitd",
    f'increase({_PULLS}{{cause!="rate_limitd"}}[1h])': "cause is never rate_limitd",
    f'increase({_PULLS}{{cause=~"dns|disc"}}[1h])': "cause is never disc",
    f'increase({_PULLS}{{cause!~"disk|not_fund"}}[1h])': "cause is never not_fund",
    f'increase({_PULLS}{{cause=~"(dns|rate)_limited"}}[1h])': "cause is never dns_limited",
    f'increase({_PULLS}{{cause=~"limit.*"}}[1h])': "cause is never limit.*",
    f'increase({_PULLS}{{cause=""}}[1h])': "cause is never ",
    'increase(kube_event_container_backoffs_total{cause="crush"}[1h])': "cause is never crush",
    'increase(kube_event_node_conditions_total{condition="Ready"}[1h])': "is never Ready",
    'increase(kube_events_total{type="warning"}[1h])': "type is never warning",
    # Of another family, of another lifecycle, of another rule: each is there, but not together.
    'increase(kube_event_image_pulls_total{result="backoff_limit"}[1h])': "is never backoff_limit",
    f'increase({_CLOSED}{{lifecycle="volume_attach", outcome="ready"}}[1h])': "together",
    'increase(kube_event_probe_failures_total{probe="startup", result!~"failed|errored|warning"}'
    "[1h])": "together",
    'kube_event_lifecycle_open{lifecycle="node_notready"}': "is never node_notready",
    f'{_RECORDED}{{cause="deadlin"}}': "cause is never deadlin",
    'rate(kube_event_lifecycle_duration_seconds_bucket{outcome="done"}[5m])': "is never done",
    'rate(kube_event_metrics_watch_failures_total{cause="403"}[5m])': "cause is never 403",
}
RIGHT = [
    f'increase({_PULLS}{{cause="rate_limited", registry="any.example.com"}}[1h])',
    f'increase({_PULLS}{{cause=~".*"}}[1h])',
    f'increase({_PULLS}{{cause=~"d(ns|isk)|t.+"}}[1h])',
    f'increase({_PULLS}{{cause!="{OVERFLOW}"}}[1h])',
    f'{_RECORDED}{{cause!="deadline"}}',
    'increase(kube_event_node_problems_total{problem="WhateverADetectorFinds"}[1h])',
    'increase(kube_events_total{reason="Anything", kind="Anything"}[1h])',
    f'increase({_CLOSED}{{lifecycle=~"node_.*", outcome="ready"}}[1h])',
]


@pytest.mark.parametrize(("query", "problem"), WRONG.items())
def test_value_that_no_series_has(query: str, problem: str) -> None:
    """Of one label, or of several together."""
    assert problem in "\n".join(problems(query))


@pytest.mark.parametrize("query", RIGHT)
def test_value_that_a_series_can_have(query: str) -> None:
    """Open labels can have any."""
    assert problems(query) == []


@pytest.mark.parametrize(
    ("pattern", "named"),
    {
        "a": ["a"],
        "a|b.*": ["a", "b.*"],
        "x(a|b)y|z": ["xay", "xby", "z"],
        "x(?:a|b(c|d))": ["xa", "xbc", "xbd"],
        "(ab)+|c": ["(ab)+", "c"],
        ".*": [".*"],
    }.items(),
)
def test_alternatives(pattern: str, named: list[str]) -> None:
    """Each is asked for by itself; what is repeated stays as it is."""
    assert sorted(alternatives(pattern)) == sorted(named)


def test_values_are_known_where_they_are_closed() -> None:
    """Of each label that the catalogue or the exporter gives its values, recorded or not."""
    closed = {"cause", "result", "lifecycle", "outcome", "condition", "status", "change", "stage"}
    closed |= {"operation", "probe", "direction", "autoscaler", "action", "hook"}
    known: Mapping[str, set[str]] = {
        name: set().union(*sets) for name, sets in label_sets().items()
    }
    missing = {
        (name, label)
        for name, metric in metrics().items()
        for label in closed & metric.labels
        if label not in known.get(name, ())
    }
    assert missing == set()


def test_most_documents_name_values() -> None:
    """What is checked is there."""
    assert len([query for _, query in queries() if re.search(r'\w=~?"', query)]) > 100
