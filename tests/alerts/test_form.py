"""The form that all alert rules have in common."""

from __future__ import annotations

import re
from collections import Counter

import promql_parser as promql
import pytest

from tests.alerts.rules import RUNBOOKS, Alert, alerts, expected
from tests.promql.known import metrics, recorded, rule_files
from tests.promql.reading import names, nodes, problems, ranges

SEVERITIES = {"critical", "warning", "info"}
SECTIONS = ["Meaning", "Impact", "Diagnosis", "Mitigation"]
EVALUATION = 30.0  # seconds; Prometheus' default is 60, where the scrape interval is too
_COMPARISON = re.compile(r" (?:>|<|>=|<=|==|!=) ")
_DURATION = re.compile(r"(\d+)([smh])\Z")
_SECONDS = {"s": 1, "m": 60, "h": 3600}
_URL = "https://github.com/kube-event-metrics/kube-event-metrics/blob/main/docs/runbooks/{}.md"

every_alert = pytest.mark.parametrize("alert", alerts(), ids=lambda alert: alert.name)


def seconds(duration: str) -> float:
    match = _DURATION.match(duration)
    assert match, duration
    return int(match[1]) * _SECONDS[match[2]]


def test_names_are_unique() -> None:
    """An alert's name tells which rule it is."""
    assert [name for name, n in Counter(a.name for a in alerts()).items() if n > 1] == []


def test_files_and_groups_go_by_subject() -> None:
    """A file is one group, and the group is named as the file is."""
    found = {alert.file: alert.group for alert in alerts()}
    assert {path.name for path in rule_files()} == set(found)
    for file, group in found.items():
        source, _, part = file.removesuffix(".rules.yaml").partition("-")
        subject = file.removesuffix(".rules.yaml")
        assert group == {
            "exporter": f"kube-event-metrics.{part}".rstrip("."),
            "audit": f"kubernetes-audit.{part}",
        }.get(source, f"kubernetes-events.{subject}")


@every_alert
def test_name_and_severity(alert: Alert) -> None:
    """KubeEvent... or KubeAudit... in CamelCase, and one label: the severity."""
    assert re.fullmatch(r"Kube(Event|Audit)([A-Z][A-Za-z0-9]*)+", alert.name)
    assert alert.name.startswith("KubeEventMetrics") == alert.file.startswith("exporter")
    assert alert.name.startswith("KubeAudit") == alert.file.startswith("audit-")
    assert set(alert.rule["labels"]) == {"severity"}
    assert alert.rule["labels"]["severity"] in SEVERITIES


@every_alert
def test_annotations(alert: Alert) -> None:
    """A static summary, a description with its number and cluster, and where to read on."""
    annotations = alert.rule["annotations"]
    assert set(annotations) == {"summary", "description", "runbook_url"}
    assert "{{" not in annotations["summary"]
    for text in (annotations["summary"], annotations["description"]):
        assert text.endswith(".")
        assert "\n" not in text
    assert "$labels.cluster" in annotations["description"]
    assert "$value" in annotations["description"]
    assert annotations["runbook_url"] == _URL.format(alert.name)


@every_alert
def test_durations(alert: Alert) -> None:
    """It waits for two evaluations, and does not flap."""
    assert seconds(alert.rule["for"]) >= 2 * EVALUATION
    assert seconds(alert.rule.get("keep_firing_for", "0s")) <= 3600
    bursts = any("increase" in name for name in names(alert.expr)) or "increase(" in alert.expr
    assert ("keep_firing_for" in alert.rule) or not bursts, "bursts need keep_firing_for"


@every_alert
def test_expression(alert: Alert) -> None:
    """It compares, keeps the cluster, and its description names only labels that are left."""
    tree = promql.parse(alert.expr)
    assert _COMPARISON.search(str(tree)) or str(tree).startswith("absent("), "no comparison"
    sums = [node for node in nodes(tree) if isinstance(node, promql.AggregateExpr)]
    for node in sums:
        assert node.modifier, f"{node}: sums over all clusters"
        assert "cluster" in node.modifier.labels
        assert not str(node).startswith(("topk", "bottomk"))
    kept = set(sums[0].modifier.labels) if sums and sums[0].modifier else None
    for label in re.findall(r"\$labels\.(\w+)", alert.rule["annotations"]["description"]):
        if kept is not None:
            assert label in kept, f"$labels.{label} is summed away"
    assert all(range_ >= 4 * EVALUATION for range_ in ranges(alert.expr))


@every_alert
def test_thresholds_allow_for_what_increase_adds(alert: Alert) -> None:
    """``increase`` makes up to a ninth more of what occurred, at scrapes a minute apart.

    So more than three is written ``>= 4``, and more than twenty ``>= 23``.
    """
    counts = "increase" in alert.expr and "histogram_quantile" not in alert.expr
    if counts and not alert.file.startswith("exporter"):
        assert re.findall(r"^\s*\) > [1-9]\d*$", alert.expr, re.MULTILINE) == []


@every_alert
def test_query_is_known(alert: Alert) -> None:
    """Every metric and label is declared; counters are read as counters."""
    assert problems(alert.expr) == []


@pytest.mark.parametrize(("name", "expr"), recorded().items())
def test_recording_rule(name: str, expr: str) -> None:
    """level:metric:operation, where the level is what it keeps, and two rules or more use it."""
    assert problems(expr) == []
    level, metric, operation = name.split(":")
    tree = promql.parse(expr)
    assert isinstance(tree, promql.AggregateExpr)
    assert tree.modifier
    assert tree.modifier.labels == ["cluster", *level.split("_")]
    assert all(metric in (read, read.removesuffix("_total")) for read in names(expr) & feeding())
    assert re.fullmatch(r"(increase|rate)\d+[mh]", operation)
    users = [alert for alert in alerts() if name in names(alert.expr)]
    assert len(users) >= 2, "one consumer needs no recording rule"


def feeding() -> set[str]:
    """The metrics that events feed."""
    return {name for name in metrics() if name.startswith(("kube_event_", "kube_events_"))} - {
        "kube_event_metrics_build_info"
    }


@pytest.mark.parametrize(
    "expr", [*recorded().values(), *(alert.expr for alert in alerts())], ids=lambda expr: expr[:60]
)
def test_first_occurrences_are_seen_without_births(expr: str) -> None:
    """Whoever reads what events gained also takes all of a series that is new.

    Without births the first sample of a series is an increase that `increase` does not see. But
    only where the exporter was scraped then: after a gap in the scrapes everything looks new.
    """
    for name, selector, range_ in re.findall(r"increase\(\s*(\w+)(\{[^}]*\})?\[(\w+)\]", expr):
        if not name.endswith("_total") or name.startswith("kube_event_metrics_"):
            continue
        flat = re.sub(r"\s+", " ", expr)
        assert (
            f"{name}{selector} unless {name}{selector} offset {range_} and on (cluster, job, "
            f"instance) kube_event_metrics_build_info offset {range_} or increase("
        ) in flat


@every_alert
def test_runbook(alert: Alert) -> None:
    """It has the four sections, in order, and something to paste."""
    path = RUNBOOKS / f"{alert.name}.md"
    text = path.read_text(encoding="utf-8")
    assert text.startswith(f"# {alert.name}\n")
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == SECTIONS
    diagnosis = text.partition("## Diagnosis")[2].partition("## Mitigation")[0]
    queries = re.findall(r"```promql\n(.*?)```", diagnosis, re.DOTALL)
    assert queries
    for query in queries:
        assert problems(query) == []


def test_no_runbook_is_left_over() -> None:
    """A runbook is of an alert that there is."""
    assert {path.stem for path in RUNBOOKS.glob("*.md")} - {"README"} == {
        alert.name for alert in alerts()
    }


@every_alert
def test_has_a_case_that_fires_and_one_that_stays_silent(alert: Alert) -> None:
    """Both are in this folder's files."""
    cases = [firing for name, firing in expected() if name == alert.name]
    assert any(cases), "no case in which it fires"
    assert any(not firing for firing in cases), "no case in which it is silent"
    assert all(
        set(one["exp_annotations"]) == set(alert.rule["annotations"])
        for firing in cases
        for one in firing
    ), "annotations are part of what is expected"
