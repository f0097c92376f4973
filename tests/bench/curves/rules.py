"""A rule file of any length, for the reasons of a ``grid`` load."""

from __future__ import annotations

from pathlib import Path

_HEAD = """families:
  kube_event_bench_total: {type: counter, help: Made-up events., labels: [namespace, cause]}
causes:
  bench:
    - {cause: label_set, pattern: 'label set'}
    - {cause: timeout, pattern: '(?i)timed? ?out'}
rules:
"""
_RULE = """  - id: bench-%(number)d
    components: [kubelet]
    kinds: [Pod]
    reasons: [Reason%(number)03d]
    message: '^A made-up event of the benchmark, (?P<why>.*)'
    samples:
      - {family: kube_event_bench_total, labels: {namespace: $namespace, cause: bench($why)}}
"""


def write_rules(path: Path, count: int) -> Path:
    """So many rules, one a reason, each of which reads the message; returns the path."""
    path.write_text(_HEAD + "".join(_RULE % {"number": number} for number in range(count)))
    return path
