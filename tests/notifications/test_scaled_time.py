"""The end-to-end test is worth as much as the clock that it turns."""

from __future__ import annotations

import pytest
import yaml

from tests.alerts.rules import alerts
from tests.notifications.scaled_time import faster, seconds
from tests.promql.known import rule_files

RULES = """
groups:
  - name: kubernetes-events.images
    interval: 30s
    rules:
      - record: registry:pulls:increase10m
        expr: |
          sum(increase(pulls_total{cause!="10m", path='5m\\'5m'}[10m] offset 1h30m)) > 120 # 10m
      - alert: KubeEvent5m
        expr: rate(registry:pulls:increase10m[5m:1m]) * 3.5e1 > 0.5 and 60 > 2m_or_so
        for: 1m
        keep_firing_for: 15m
        labels: {severity: warning}
        annotations: {summary: Within 10m., for_how_long: 5m}
"""


def test_durations_are_divided_and_nothing_else() -> None:
    """Windows, offsets, steps and waits; not names, texts, thresholds, strings or comments."""
    (group,) = faster(yaml.safe_load(RULES), 30)["groups"]
    record, alert = group["rules"]
    assert (group["name"], group["interval"]) == ("kubernetes-events.images", "1000ms")
    assert record == {
        "record": "registry:pulls:increase10m",
        "expr": "sum(increase(pulls_total{cause!=\"10m\", path='5m\\'5m'}[20000ms] "
        "offset 180000ms)) > 120 # 10m\n",
    }
    assert alert == {
        "alert": "KubeEvent5m",
        "expr": "rate(registry:pulls:increase10m[10000ms:2000ms]) * 3.5e1 > 0.5 and 60 > 2m_or_so",
        "for": "2000ms",
        "keep_firing_for": "30000ms",
        "labels": {"severity": "warning"},
        "annotations": {"summary": "Within 10m.", "for_how_long": "5m"},
    }


def test_routes_are_divided_on_every_level() -> None:
    """Of a tree of routes, each with its own."""
    tree = {"group_wait": "30s", "routes": [{"repeat_interval": "1d12h", "routes": []}]}
    assert faster({"route": tree}, 10) == {
        "route": {
            "group_wait": "3000ms",
            "routes": [{"repeat_interval": "12960000ms", "routes": []}],
        }
    }


@pytest.mark.parametrize("wrong", ["", "10", "m", "1.5m", "5 m"])
def test_what_is_no_duration_is_an_error(wrong: str) -> None:
    """A key that is known to hold one holds nothing else."""
    with pytest.raises(ValueError, match="is no duration"):
        faster({"for": wrong}, 30)


def test_what_would_be_lost_is_an_error() -> None:
    """Zero means something else; a fraction of a millisecond does not matter."""
    assert faster({"for": "10s"}, 30) == {"for": "333ms"}
    with pytest.raises(ValueError, match="10ms / 30"):
        faster({"for": "10ms"}, 30)


def test_no_duration_of_the_shipped_rules_is_missed() -> None:
    """What a factor of 1 writes in milliseconds is all there is: no other unit is left."""
    assert len(alerts()) > 1
    for path in rule_files():
        for group in faster(yaml.safe_load(path.read_text(encoding="utf-8")), 1)["groups"]:
            for rule in group["rules"]:
                assert "ms]" in rule["expr"] or "[" not in rule["expr"]
                assert rule.get("for", "1ms").endswith("ms")


def test_seconds() -> None:
    """As Prometheus reads them."""
    assert (seconds("1m30s"), seconds("250ms"), seconds("1d")) == (90, 0.25, 86400)
