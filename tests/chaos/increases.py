"""What Prometheus has seen: the increases in the samples it stores."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import pairwise

from tests.chaos.truth import METRICS, Counts, Labels, labels
from tests.integration.prometheus_server import Prometheus

_OF_THE_TARGET = {"__name__", "instance", "job"}


def increase(samples: Iterable[float]) -> float:
    """By Prometheus' own rule: the first sample adds nothing, and a fall is a counter's new start.

    >>> increase([3, 5, 5, 1, 2])
    4
    """
    return sum(after - before if after >= before else after for before, after in pairwise(samples))


def increases(
    prometheus: Prometheus,
    seconds: float,
    *,
    metrics: Iterable[str] = METRICS,
    matchers: str = "",
) -> Counts:
    """Of the last ``seconds``, by metric and label set, over all instances; without zeros.

    A range selector gives the samples as they were scraped: nothing is extrapolated.
    ``matchers`` choose series, such as those of one instance.
    """
    seen: dict[str, Counter[Labels]] = {}
    for metric in metrics:
        seen[metric] = Counter()
        for series in prometheus.query(f"{metric}{{{matchers}}}[{int(seconds) + 1}s]"):
            own = {k: v for k, v in series["metric"].items() if k not in _OF_THE_TARGET}
            risen = increase(float(value) for _, value in series["values"])
            assert risen == int(risen), series
            if risen:
                seen[metric][labels(own)] += int(risen)
    return seen


def history(prometheus: Prometheus, seconds: float, metric: str, label_set: Labels) -> str:
    """The samples of a label set, for people: each new value and when it was scraped, by instance.

    A bucket tells nothing that its histogram's count does not.
    """
    if metric.endswith("_bucket"):
        return ""
    matchers = ",".join(f'{name}="{value}"' for name, value in label_set)
    told = []
    for series in prometheus.query(f"{metric}{{{matchers}}}[{int(seconds) + 1}s]"):
        samples = [(0.0, ""), *series["values"]]
        news = (after for before, after in pairwise(samples) if after[1] != before[1])
        told.append(" ".join(f"{value}@{time:.3f}" for time, value in news))
    return "; ".join(told)
