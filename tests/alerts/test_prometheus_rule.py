"""The PrometheusRule holds what the files hold."""

from __future__ import annotations

import yaml

from tests.alerts.prometheus_rule import PATH, groups
from tests.promql.known import rule_files


def test_holds_all_groups() -> None:
    """Each file's group, unchanged, in the order of the files."""
    files = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in rule_files()]
    assert groups() == [group for file in files for group in file["groups"]]


def test_is_of_the_operators_kind() -> None:
    """The kind and version that it watches."""
    document = yaml.safe_load(PATH.read_text(encoding="utf-8"))
    assert (document["apiVersion"], document["kind"]) == (
        "monitoring.coreos.com/v1",
        "PrometheusRule",
    )
