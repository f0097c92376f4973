# SPDX-License-Identifier: Apache-2.0
"""Connections, history and credentials that go away while events keep coming."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.envtest.cluster import EVENTS_READER, Cluster
from tests.envtest.events import EventWriter
from tests.envtest.exporter_process import RunExporter
from tests.envtest.relay import Relay

pytestmark = [pytest.mark.envtest, pytest.mark.timeout(240)]

_FAILURES = "kube_event_metrics_watch_failures_total"
_RELISTS = "kube_event_metrics_relists_total"


def test_cut_connection(
    cluster: Cluster, writer: EventWriter, relay: Relay, tmp_path: Path, run_exporter: RunExporter
) -> None:
    """A watch that was cut goes on where it stopped: nothing is listed again, lost or doubled."""
    token = cluster.service_account(writer.namespace, "exporter", EVENTS_READER)
    kubeconfig = cluster.kubeconfig(tmp_path / "kubeconfig", token=token, port=relay.port)
    exporter = run_exporter(kubeconfig)
    name = writer.create("BackOff", count=2)
    assert exporter.counted(writer) == {"BackOff": 2}
    relay.cut()
    writer.repeat(name, 5)
    writer.create("Pulled")
    relay.restore()
    assert exporter.counted(writer) == {"BackOff": 5, "Pulled": 1}
    assert exporter.value(_RELISTS) == 0


def test_server_away(
    cluster: Cluster, namespace: str, relay: Relay, tmp_path: Path, run_exporter: RunExporter
) -> None:
    """While the server is away the process lives, says that no watch is open, and can be ended."""
    token = cluster.service_account(namespace, "exporter", EVENTS_READER)
    kubeconfig = cluster.kubeconfig(tmp_path / "kubeconfig", token=token, port=relay.port)
    exporter = run_exporter(kubeconfig)
    assert exporter.value("kube_event_metrics_watch_connected") == 1
    relay.cut()
    exporter.wait_for_value(_FAILURES, cause="refused")
    assert exporter.value("kube_event_metrics_watch_connected") == 0
    assert exporter.get("/livez")[0] == 200
    # The fixture ends it, still cut off, within its two seconds.


def test_compaction(
    cluster: Cluster, writer: EventWriter, relay: Relay, tmp_path: Path, run_exporter: RunExporter
) -> None:
    """When history was compacted away under a watch, a relist finds what it missed, once."""
    token = cluster.service_account(writer.namespace, "exporter", EVENTS_READER)
    kubeconfig = cluster.kubeconfig(tmp_path / "kubeconfig", token=token, port=relay.port)
    exporter = run_exporter(kubeconfig, "--events.namespace", writer.namespace)
    repeated = writer.create("BackOff", count=2)
    untouched = writer.create("Pulled", count=3)
    series = writer.create_new_style("FailedScheduling")
    assert exporter.counted(writer) == {"BackOff": 2, "Pulled": 3, "FailedScheduling": 1}

    relay.cut()
    writer.repeat(repeated, 6)
    writer.repeat_new_style(series, 4)
    writer.create("Evicted", count=2)
    cluster.compact()
    relay.restore()

    expected = {"BackOff": 6, "Pulled": 3, "FailedScheduling": 4, "Evicted": 2}
    assert exporter.counted(writer) == expected
    assert exporter.value(_RELISTS, cause="expired") == 1
    writer.repeat(untouched, 4)
    assert exporter.counted(writer) == expected | {"Pulled": 4}


def test_compaction_under_quiet_watch(
    cluster: Cluster, writer: EventWriter, relay: Relay, tmp_path: Path, run_exporter: RunExporter
) -> None:
    """A watch of a quiet namespace ages by what happens elsewhere: its 410 costs a relist only."""
    elsewhere = EventWriter(cluster.admin, cluster.namespace())
    token = cluster.service_account(writer.namespace, "exporter", EVENTS_READER)
    kubeconfig = cluster.kubeconfig(tmp_path / "kubeconfig", token=token, port=relay.port)
    exporter = run_exporter(kubeconfig, "--events.namespace", writer.namespace)
    name = writer.create("BackOff", count=2)
    assert exporter.counted(writer) == {"BackOff": 2}
    for _ in range(5):
        elsewhere.create("Pulled")
    cluster.compact()
    relay.cut()
    relay.restore()
    exporter.wait_for_value(_RELISTS, cause="expired")
    assert exporter.counted(writer) == {"BackOff": 2}
    writer.repeat(name, 3)
    assert exporter.counted(writer) == {"BackOff": 3}


def test_restart(
    cluster: Cluster, writer: EventWriter, kubeconfig: Path, run_exporter: RunExporter
) -> None:
    """Over a crash of the API server, what was written before and after it is counted once."""
    exporter = run_exporter(kubeconfig)
    name = writer.create("BackOff", count=2)
    assert exporter.counted(writer) == {"BackOff": 2}
    # Accepted, and perhaps not yet sent to the watch when the server dies.
    writer.repeat(name, 4)
    writer.create("Pulled", count=3)
    cluster.restart_apiserver()
    writer.repeat(name, 5)
    writer.create("Killing")
    assert exporter.counted(writer) == {"BackOff": 5, "Pulled": 3, "Killing": 1}


def test_token_rotation(
    cluster: Cluster, writer: EventWriter, tmp_path: Path, run_exporter: RunExporter
) -> None:
    """When its token dies it is refused until the file holds a new one, and then loses nothing."""
    namespace = writer.namespace
    cluster.service_account(namespace, "exporter", EVENTS_READER)
    token_file = tmp_path / "token"
    token_file.write_text(cluster.token(namespace, "exporter", bound_to="session"))
    kubeconfig = cluster.kubeconfig(tmp_path / "kubeconfig", token_file=token_file)
    exporter = run_exporter(kubeconfig)
    name = writer.create("BackOff", count=2)
    assert exporter.counted(writer) == {"BackOff": 2}

    cluster.admin.request("DELETE", f"/api/v1/namespaces/{namespace}/secrets/session")
    # Ends the open watch, which nobody checks again, and the server's cache of tokens.
    cluster.restart_apiserver()
    exporter.wait_for_value(_FAILURES, cause="unauthorized")
    writer.repeat(name, 4)
    fresh = tmp_path / "token.fresh"
    fresh.write_text(cluster.token(namespace, "exporter"))
    fresh.replace(token_file)

    writer.create("Pulled")
    assert exporter.counted(writer) == {"BackOff": 4, "Pulled": 1}
