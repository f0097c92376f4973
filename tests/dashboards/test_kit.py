"""What cannot be built: dashboards of metrics, labels and legends that are not there."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dashboards.kit.alerts import firing_alerts
from dashboards.kit.board import Board
from dashboards.kit.expressions import SCOPE
from dashboards.kit.layout import Row, placed
from dashboards.kit.metrics import Counter, Gauge, Histogram
from dashboards.kit.panels import bars, lines, number
from dashboards.kit.queries import Query, occurrences
from dashboards.kit.tables import Column, table
from dashboards.kit.variables import of
from tests.dashboards.queries import substituted, without_no_events
from tests.promql.reading import problems

_EVENTS = Counter("kube_events_total")
_SYNCED = Gauge("kube_event_metrics_synced")
_PULLS = Histogram("kube_event_image_pull_duration_seconds")


def _panel(width: int, height: int = 4) -> Any:
    return number("a", "Is it well?", _SYNCED.min(), width=width, height=height)


def test_a_family_that_is_not_declared() -> None:
    """What was meant is named."""
    with pytest.raises(ValueError, match="did you mean kube_events_total"):
        Counter("kube_event_total")


def test_a_counter_has_no_value() -> None:
    """It cannot be asked as a gauge, nor a histogram as a counter."""
    with pytest.raises(ValueError, match="is a counter, not a gauge"):
        Gauge("kube_events_total")
    with pytest.raises(ValueError, match="is a histogram, not a counter"):
        Counter("kube_event_image_pull_duration_seconds")


def test_a_label_that_the_family_has_not() -> None:
    """In a grouping and in a matcher."""
    with pytest.raises(ValueError, match="no label 'reasons'; did you mean reason"):
        _EVENTS.bars("reasons")
    with pytest.raises(ValueError, match="no label 'registry'"):
        _EVENTS.increase(where='registry="docker.io"')
    with pytest.raises(ValueError, match="is no list of matchers"):
        _EVENTS.increase(where="type=Warning")


def test_workload_labels_are_there_where_they_are_asked_for() -> None:
    """They are an option of the exporter."""
    with pytest.raises(ValueError, match="no label 'workload_name'"):
        _EVENTS.increase("workload_name")
    with pytest.raises(ValueError, match="has no namespace"):
        Counter("kube_event_node_failures_total", workloads=True)
    assert "by (workload_name)" in (
        Counter("kube_events_total", workloads=True).increase("workload_name").text
    )


def test_a_legend_of_a_label_that_the_query_does_not_keep() -> None:
    """It would be empty."""
    with pytest.raises(ValueError, match="no label 'kind'"):
        Query(_EVENTS.bars("reason"), "{{kind}}")


def test_selectors_hold_to_the_variables() -> None:
    """To the namespace only where the family has one."""
    assert _EVENTS.increase().text == (
        f'sum(increase(kube_events_total{{{SCOPE}, namespace=~"$namespace"}}[$__range]))'
    )
    assert _SYNCED.min().text == f"min(kube_event_metrics_synced{{{SCOPE}}})"


def test_process_metrics_are_those_of_exporters() -> None:
    """All is every job of Prometheus; each process has them."""
    text = Gauge("process_resident_memory_bytes").max("instance").text
    assert "and on (cluster, job, instance) last_over_time(kube_event_metrics_build_info" in text


def test_a_zero_needs_an_exporter() -> None:
    """Without labels it is the value itself, with labels an element of its own."""
    one, several = _EVENTS.increase(), _EVENTS.bars("kind", "reason")
    zero = f"0 * (sum(kube_event_metrics_synced{{{SCOPE}}}) > 0)"
    assert one.or_no_events().text == f"{one.text} or {zero}"
    assert several.or_no_events().text == (
        f'{several.text} > 0 or on () label_replace({zero}, "kind", "no events", "", "")'
    )


def test_a_zero_of_an_option_needs_the_option() -> None:
    """Of a lease nothing happens where there is none."""
    leading = Gauge("kube_event_metrics_leader").sum()
    failures = Counter("kube_event_metrics_lease_failures_total").increase()
    assert failures.or_no_events(leading).text == f"{failures.text} or 0 * {leading.text}"


def test_what_is_found_can_be_asked_for_without_the_zero() -> None:
    """Else a query that finds nothing would look as if it did."""
    one, several = _EVENTS.increase(), _EVENTS.bars("kind", "reason")
    leading = Gauge("kube_event_metrics_leader").sum()
    for present in (None, leading):
        assert without_no_events(one.or_no_events(present).text) == one.text
        assert without_no_events(several.or_no_events(present).text) == several.above(0).text


def test_elements_of_zero_are_left_out_once() -> None:
    """A comparison of a comparison says nothing more."""
    text = _EVENTS.increase("reason").above(0).or_no_events().text
    assert text.count("> 0 or on ()") == 1
    assert "> 0 > 0" not in text


def test_what_is_below_a_bound_is_said_as_a_truth() -> None:
    """Elements that are not below it stay, as 0: a figure of them can be the least."""
    said = Gauge("kube_audit_last_received_timestamp_seconds").age("region").is_below(300)
    assert said.text.startswith("(time() - max by (region) (")
    assert said.text.endswith(") < bool 300")
    assert (said.labels, said.unit, said.least().labels) == (("region",), "short", ())


def test_units_follow_from_names() -> None:
    """Durations, sizes, counts, and what becomes of them."""
    size = Histogram("kube_event_image_size_bytes")
    cpu = Counter("process_cpu_seconds_total")
    assert (_PULLS.quantile(0.9).unit, _PULLS.mean().unit) == ("s", "s")
    assert (size.bars().unit, size.throughput().unit) == ("decbytes", "Bps")
    assert (_EVENTS.bars().unit, _EVENTS.rate().unit) == ("short", "cps")
    assert (cpu.rate().unit, _EVENTS.increase().over(_EVENTS.increase()).unit) == (
        "percentunit",
        "percentunit",
    )
    assert Gauge("kube_event_last_seen_timestamp_seconds").age().unit == "s"


def test_a_panel_has_one_unit() -> None:
    """One axis cannot say two things."""
    with pytest.raises(ValueError, match="one panel, one unit"):
        lines("a", "What?", Query(_PULLS.quantile(0.9), "pull"), Query(_EVENTS.rate(), "events"))


def test_ages_are_of_times_and_throughput_is_of_sizes() -> None:
    """Else the figure means nothing."""
    with pytest.raises(ValueError, match="is no time"):
        _SYNCED.age()
    with pytest.raises(ValueError, match="is no size"):
        _PULLS.throughput()


@pytest.mark.parametrize(
    "expression",
    [
        _EVENTS.bars("reason", top=3).or_no_events(),
        _EVENTS.increase("reason", over="24h offset 1h"),
        _EVENTS.increase("reason").within(_EVENTS.increase("reason").top(3)),
        _EVENTS.increase("reason").above(0).without(_EVENTS.increase("reason").above(0)),
        _EVENTS.increase().times(24, "short").over(_EVENTS.increase(), "none"),
        _EVENTS.increase("reason", "namespace")
        .above(0)
        .count("namespace")
        .within(_EVENTS.increase("namespace").top(5)),
        _PULLS.quantile(0.9, "registry"),
        _PULLS.quantile(0.9),
        _PULLS.mean("registry"),
        _PULLS.bars(),
        _PULLS.increase("namespace"),
        _SYNCED.max("scope").and_also(_SYNCED.min("scope")).least(),
        Gauge("kube_event_last_seen_timestamp_seconds").age("reason").bottom(5),
        Counter("process_cpu_seconds_total").rate("instance"),
    ],
    ids=lambda expression: expression.text[:60],
)
def test_what_is_put_together_is_promql(expression: Any) -> None:
    """Of every kind one."""
    assert problems(substituted(expression.text)) == []


def test_columns_of_a_table_have_the_same_labels() -> None:
    """Else their rows do not meet."""
    with pytest.raises(ValueError, match="other labels"):
        table(
            "a",
            "Which?",
            Column("b", _EVENTS.increase("reason")),
            Column("c", _EVENTS.increase("kind")),
        )


def test_matching_needs_the_labels() -> None:
    """On both sides."""
    with pytest.raises(ValueError, match="no label"):
        _EVENTS.increase("reason").within(_EVENTS.increase("kind"))


def test_panels_fill_the_lines_of_a_row() -> None:
    """From the left, the next row below them."""
    first, second, third = _panel(12), _panel(12), _panel(24)
    panels = placed([Row("a", [first, second, third]), Row("b", [_panel(24)])])
    assert [
        (p.grid_pos.x, p.grid_pos.y, p.grid_pos.w) for p in panels if p.grid_pos is not None
    ] == [(0, 0, 24), (0, 1, 12), (12, 1, 12), (0, 5, 24), (0, 9, 24), (0, 10, 24)]


@pytest.mark.parametrize("panels", [[_panel(12)], [_panel(12), _panel(12, 5)], [_panel(16)] * 2])
def test_a_line_with_a_hole_is_an_error(panels: Any) -> None:
    """Not full, uneven, or wider than the grid."""
    with pytest.raises(ValueError, match="wide and high"):
        placed([Row("a", panels)])


def test_an_id_does_not_change_with_another_row() -> None:
    """Links to a panel outlive a board that grows."""
    before = placed([Row("a", [_panel(24)]), Row("b", [_panel(24)])])
    after = placed([Row("a", [_panel(24), _panel(24)]), Row("b", [_panel(24)])])
    assert before[-1].id_val == after[-1].id_val == 201


def test_a_closed_row_holds_its_panels() -> None:
    """Grafana asks nothing for them until somebody opens it."""
    (row,) = placed([Row("a", [_panel(24)], collapsed=True)])
    assert [
        panel["id"]
        for panel in json.loads(
            Board("u", "t", "?", [Row("a", [_panel(24)], collapsed=True)]).json()
        )["panels"][0]["panels"]
    ] == [101]
    assert row.id_val == 100


def test_help_of_the_metrics_is_told_below_a_description() -> None:
    """In the words of the declarations."""
    panel = bars("a", "What?", occurrences("kube_event_evictions_total", "cause"))
    assert panel.description == (
        "What?\n\n`kube_event_evictions_total`: Pods evicted from their node, by cause."
    )


def test_alerts_by_a_label_that_they_have_not() -> None:
    """They keep what they aggregate by, and no job."""
    with pytest.raises(ValueError, match="no label 'job'"):
        firing_alerts("job")


def test_a_variable_of_a_label_that_is_not_there() -> None:
    """Its list would be empty."""
    with pytest.raises(ValueError, match="no label 'registry'"):
        of("registry", "kube_events_total", "Nothing.")
