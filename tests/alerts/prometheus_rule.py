"""deploy/prometheus/prometheus-rule.yaml: all rules as the Prometheus Operator takes them."""

from __future__ import annotations

from pathlib import Path

import yaml

from tests.promql.known import rule_files

PATH = Path(__file__).resolve().parents[2] / "deploy" / "prometheus" / "prometheus-rule.yaml"
_HEAD = """\
---
# SPDX-License-Identifier: Apache-2.0
# Made of alerts/*.rules.yaml by `python -m tests.generate`, for the Prometheus Operator. Your
# Prometheus may select rules by label (spec.ruleSelector): add the label that it asks for.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: kube-event-metrics
  labels:
    app.kubernetes.io/name: kube-event-metrics
spec:
  groups:
"""


def text() -> str:
    """The groups stand as they are in their files, comments included."""
    return _HEAD + "".join(_groups(path) for path in rule_files())


def _groups(path: Path) -> str:
    body = path.read_text(encoding="utf-8").partition("\ngroups:\n")[2]
    # A level deeper than in the file; empty lines stay empty.
    return "".join(f"  {line}" if line.strip() else line for line in body.splitlines(keepends=True))


def groups() -> object:
    """What the file holds for Prometheus."""
    return yaml.safe_load(text())["spec"]["groups"]
