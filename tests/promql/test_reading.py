"""What the reading of queries finds wrong, and what it lets through."""

from __future__ import annotations

import pytest

from tests.promql.documents import queries
from tests.promql.reading import problems

WRONG = {
    "sum(kube_events_total)": "a counter outside of rate",
    "-kube_events_total": "a counter outside of rate",
    "avg_over_time(kube_events_total[5m])": "a counter outside of rate",
    "kube_events_total unless kube_event_evictions_total offset 10m": "a counter outside of rate",
    'rate(kube_events_total{foo="a"}[5m])': "kube_events_total: has no label foo",
    "sum by (foo) (rate(kube_events_total[5m]))": "nothing in it has a label foo",
    "up / on (foo) up": "nothing in it has a label foo",
    "rate(kube_evnts_total[5m])": "kube_evnts_total: no such metric",
    "sum by (le) (rate(kube_event_image_size_bytes_buckets[5m]))": "no such metric",
    "sum(": "does not parse",
}
RIGHT = [
    "sum by (reason) (increase(kube_events_total[1h]))",
    "kube_events_total unless kube_events_total offset 10m",
    "histogram_quantile(0.9, sum by (le) (rate(kube_event_image_size_bytes_bucket[5m])))",
    "sum by (cluster, namespace) (resets(kube_event_evictions_total[1h])) > 0",
    'ALERTS{alertname=~"KubeEvent.*"}',
    'sum by (to) (label_replace(up, "to", "$1", "job", "(.*)"))',
    "max_over_time(sum(rate(kube_events_total[5m]))[1h:5m])",
]


@pytest.mark.parametrize(("query", "problem"), WRONG.items())
def test_wrong_query(query: str, problem: str) -> None:
    """It is told what is wrong with it."""
    assert problem in "\n".join(problems(query))


@pytest.mark.parametrize("query", RIGHT)
def test_right_query(query: str) -> None:
    """Nothing is wrong with it."""
    assert problems(query) == []


@pytest.mark.parametrize(("document", "query"), list(queries()))
def test_documented_query(document: str, query: str) -> None:
    """It reads what there is, as it should be read."""
    assert problems(query) == [], document
