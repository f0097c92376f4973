# SPDX-License-Identifier: Apache-2.0
"""Occurrences written through both API groups, counted through one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.envtest.events import EventWriter
from tests.envtest.exporter_process import RunExporter

pytestmark = [pytest.mark.envtest, pytest.mark.timeout(180)]


def test_baseline(writer: EventWriter, kubeconfig: Path, run_exporter: RunExporter) -> None:
    """What happened before the first list is not counted, what is added to it is."""
    name = writer.create("BackOff", count=3)
    exporter = run_exporter(kubeconfig)
    assert exporter.counted(writer) == {}
    writer.repeat(name, 5)
    assert exporter.counted(writer) == {"BackOff": 2}


def test_counts(writer: EventWriter, kubeconfig: Path, run_exporter: RunExporter) -> None:
    """Repeats of core/v1 count by what they add: by one, by a jump, and not when repeated."""
    exporter = run_exporter(kubeconfig)
    name = writer.create("Unhealthy", warning=True)
    for count in (2, 3, 25, 25, 26):
        writer.repeat(name, count)
    writer.create("Unhealthy", warning=True, count=4)
    assert exporter.counted(writer) == {"Unhealthy": 30}


def test_series(writer: EventWriter, kubeconfig: Path, run_exporter: RunExporter) -> None:
    """An event of events.k8s.io/v1 counts 1 without a series, then what its series adds."""
    exporter = run_exporter(kubeconfig)
    name = writer.create_new_style("FailedScheduling")
    assert exporter.counted(writer) == {"FailedScheduling": 1}
    writer.repeat_new_style(name, 2)
    assert exporter.counted(writer) == {"FailedScheduling": 2}
    writer.repeat_new_style(name, 7)
    assert exporter.counted(writer) == {"FailedScheduling": 7}


@pytest.mark.parametrize("new_style", [False, True], ids=["core", "events.k8s.io"])
def test_labels(
    writer: EventWriter, kubeconfig: Path, run_exporter: RunExporter, new_style: bool
) -> None:
    """Both ways of writing end in the same labels: the object's, and the component's."""
    exporter = run_exporter(kubeconfig)
    if new_style:
        writer.create_new_style("Seen")
    else:
        writer.create("Seen", warning=True)
    exporter.counted(writer)
    (labels,) = [
        sample.labels
        for sample in exporter.samples()
        if sample.name == "kube_events_total" and sample.labels["reason"] == "Seen"
        if sample.labels["namespace"] == writer.namespace
    ]
    assert labels == {
        "type": "Warning",
        "reason": "Seen",
        "kind": "Pod",
        "namespace": writer.namespace,
        "component": "default-scheduler" if new_style else "kubelet",
    }


def test_field_selector(writer: EventWriter, kubeconfig: Path, run_exporter: RunExporter) -> None:
    """A field selector is applied by the API server: what it leaves out is never sent."""
    exporter = run_exporter(
        kubeconfig,
        *("--events.namespace", writer.namespace),
        *("--events.field-selector", "type=Warning"),
    )
    writer.create("Pulled")
    writer.create("BackOff", warning=True, count=2)
    assert exporter.counted(writer) == {"BackOff": 2}
    # The event and the marker that `counted` wrote.
    assert exporter.value("kube_event_metrics_frames_total", type="ADDED") == 2
