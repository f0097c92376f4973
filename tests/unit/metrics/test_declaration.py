from __future__ import annotations

import re

import pytest

from exporter.metrics.declaration import Declaration, MetricType

C, G, H = MetricType.COUNTER, MetricType.GAUGE, MetricType.HISTOGRAM


@pytest.mark.parametrize(
    ("name", "type_", "help_", "labels", "buckets", "problem"),
    [
        ("Kube_total", C, "Help.", (), (), "lower case"),
        ("kube-events_total", C, "Help.", (), (), "lower case"),
        ("", G, "Help.", (), (), "lower case"),
        ("kube_events\n_total", C, "Help.", (), (), "lower case"),
        ("kube_events_total\n", C, "Help.", (), (), "lower case"),
        ("kube_events", C, "Help.", (), (), "end in _total"),
        ("kube_events_total", G, "Help.", (), (), "end in _total"),
        ("kube_events_total", C, "Help", (), (), "full stop"),
        ("kube_events_total", C, "", (), (), "full stop"),
        ("kube_events_total", C, "Help.", ("a", "a"), (), "stands twice"),
        ("kube_events_total", C, "Help.", ("A",), (), "'A' is no label name"),
        ("kube_events_total", C, "Help.", ("__name__",), (), "'__name__' is no label name"),
        ("kube_wait_seconds", H, "Help.", ("le",), (1.0,), "'le' is no label name"),
        ("kube_wait_seconds", H, "Help.", (), (), "have buckets"),
        ("kube_level", G, "Help.", (), (1.0,), "have buckets"),
        ("kube_wait_seconds", H, "Help.", (), (2.0, 1.0), "must rise"),
        ("kube_wait_seconds", H, "Help.", (), (1.0, 1.0), "must rise"),
        ("kube_wait_seconds", H, "Help.", (), (1.0, float("inf")), "without +Inf"),
        ("kube_wait_seconds", H, "Help.", (), (float("nan"),), "without +Inf"),
    ],
)
def test_bad_declaration_names_family_and_problem(
    *,
    name: str,
    type_: MetricType,
    help_: str,
    labels: tuple[str, ...],
    buckets: tuple[float, ...],
    problem: str,
) -> None:
    """A declaration that breaks a rule of naming is refused with its name and the rule."""
    with pytest.raises(ValueError, match=re.escape(problem)) as caught:
        Declaration(name, type_, help_, labels, buckets)
    assert str(caught.value).startswith(f"{name}: ")


def test_good_declarations_are_taken() -> None:
    """One of each type, with what it needs, is accepted."""
    assert Declaration("kube_events_total", C, "Help.", ("a", "b")).labels == ("a", "b")
    assert Declaration("kube_level", G, "Help.").buckets == ()
    assert Declaration("kube_wait_seconds", H, "Help.", ("a",), (0.5, 1)).buckets == (0.5, 1)
