"""The bars of a graph add up to what occurred; a zero is there while an exporter counts, only."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from dashboards.kit.metrics import Counter
from tests.integration.prometheus_server import program

pytestmark = pytest.mark.prometheus

_LABELS = 'job="j", instance="i", namespace="n", type="Warning", reason="R", kind="Pod"'
_EVENTS = f'kube_events_total{{{_LABELS}, component="c"}}'
_SYNCED = 'kube_event_metrics_synced{job="j", instance="i", scope=""}'
# A scrape each 15 seconds, for an hour: alone, in pairs, and a burst of ten.
_RISES = [int(n % 40 == 7) + 2 * int(n % 60 == 30) + 10 * int(n == 150) for n in range(240)]
_TOTAL = sum(_RISES)


def _values(rises: list[int]) -> str:
    """Scraped between the steps of a graph, as scrapes are: nobody aligns the two."""
    return " ".join(f"_ {sum(rises[: n + 1])} _" for n in range(len(rises)))


def _holds(folder: Path, expressions: dict[str, float | None], **series: str) -> None:
    """Each has this value after an hour; None: it has none."""
    tests = {
        "evaluation_interval": "15s",
        "tests": [
            {
                "interval": "5s",
                "input_series": [{"series": name, "values": text} for name, text in series.items()],
                "promql_expr_test": [
                    {
                        "expr": expr,
                        "eval_time": "1h",
                        "exp_samples": [{"labels": "{}", "value": value}]
                        if value is not None
                        else [],
                    }
                    for expr, value in expressions.items()
                ],
            }
        ],
    }
    file = folder / "tests.yaml"
    file.write_text(json.dumps(tests), encoding="utf-8")
    done = subprocess.run(
        [program("promtool"), "test", "rules", str(file)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _asked(expr: str, step: int) -> str:
    """As Grafana asks it of a target that is scraped each 15 seconds."""
    return (
        expr.replace("$__rate_interval", f"{max(step + 15, 60)}s")
        .replace("$__interval_ms", str(step * 1000))
        .replace("$__range", "1h")
        .replace('"$job"', '".+"')
        .replace('"$cluster"', '".*"')
        .replace('"$namespace"', '".*"')
    )


@pytest.mark.parametrize("step", [120, 300, 600])  # from the shortest of the kit on
def test_bars_add_up(step: int, tmp_path: Path) -> None:
    """Whatever the step is, to an occurrence at the edges."""
    bars = _asked(Counter("kube_events_total").bars().text, step)
    total = f"sum_over_time(({bars})[1h:{step}s])"
    _holds(tmp_path, {f"abs({total} - {_TOTAL}) < bool 1": 1.0}, **{_EVENTS: _values(_RISES)})


@pytest.mark.parametrize("asked", ["increase", "bars"])
def test_zero_needs_an_exporter_that_counts(asked: str, tmp_path: Path) -> None:
    """0 where nothing occurred, nothing where the list is not complete or nobody is there."""
    counter = Counter("kube_events_total")
    built = counter.increase() if asked == "increase" else counter.bars()
    expr = _asked(built.or_no_events().text, 60)
    _holds(tmp_path, {expr: 0.0}, **{_SYNCED: "1x720"})
    _holds(tmp_path, {expr: None}, **{_SYNCED: "0x720"})
    _holds(tmp_path, {expr: None}, **{'up{job="j", instance="i"}': "0x720"})


def test_graph_by_label_says_that_nothing_happened(tmp_path: Path) -> None:
    """By a series of its own, which is gone when something does."""
    expr = _asked(Counter("kube_events_total").bars("reason", top=3).or_no_events().text, 60)
    silent, loud = f"count(({expr}) == 0)", f"count(({expr}) > 0)"
    _holds(tmp_path, {loud: None, silent: 1.0}, **{_SYNCED: "1x720"})
    rising = {_SYNCED: "1x720", _EVENTS: "0+1x720"}
    _holds(tmp_path, {loud: 1.0, silent: None}, **rising)
