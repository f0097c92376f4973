# SPDX-License-Identifier: Apache-2.0
"""What the exporter takes for granted about an API server, asked of a real one."""

from __future__ import annotations

import pytest

from tests.envtest.api import ApiError
from tests.envtest.cluster import EVENTS_READER, Cluster
from tests.envtest.events import EventWriter
from tests.envtest.process import eventually
from tests.envtest.relay import Relay

pytestmark = [pytest.mark.envtest, pytest.mark.timeout(180)]


def _revision(cluster: Cluster, namespace: str) -> str:
    listed = cluster.admin.request("GET", f"/api/v1/namespaces/{namespace}/events")
    return str(listed["metadata"]["resourceVersion"])


def test_both_api_groups_show_one_object(cluster: Cluster, writer: EventWriter) -> None:
    """An Event written through events.k8s.io/v1 is listed by core/v1 under the same name."""
    name = writer.create_new_style("FailedScheduling")
    writer.repeat_new_style(name, 2)
    path = f"/api/v1/namespaces/{writer.namespace}/events"
    (event,) = cluster.admin.request("GET", path)["items"]
    assert event["metadata"]["name"] == name
    assert event["series"]["count"] == 2


def test_compacted_watch_ends_with_410(cluster: Cluster, writer: EventWriter) -> None:
    """A watch from before the compaction is answered 200 and one ERROR line with code 410."""
    old = _revision(cluster, writer.namespace)
    writer.repeat(writer.create("Pulled"), 2)
    cluster.compact()
    path = f"/api/v1/namespaces/{writer.namespace}/events?watch=1&timeoutSeconds=5"
    frames = cluster.admin.lines(f"{path}&resourceVersion={old}")
    assert [(frame["type"], frame["object"]["code"]) for frame in frames] == [("ERROR", 410)]


def test_token_is_limited_to_its_rules(cluster: Cluster, writer: EventWriter) -> None:
    """A ServiceAccount with a Role lists the events of its namespace and no others."""
    namespace = writer.namespace
    token = cluster.service_account(namespace, "reader", EVENTS_READER, scope="namespace")
    reader = cluster.client(token)
    listed = reader.request("GET", f"/api/v1/namespaces/{namespace}/events")
    assert listed["items"] == []
    with pytest.raises(ApiError, match="403"):
        reader.request("GET", "/api/v1/events")


def test_token_dies_with_its_secret(cluster: Cluster, namespace: str) -> None:
    """A token bound to a Secret is refused with 401 once the Secret and the cache are gone."""
    cluster.service_account(namespace, "reader", EVENTS_READER)
    token = cluster.token(namespace, "reader", bound_to="session")
    reader = cluster.client(token)
    reader.request("GET", "/api/v1/events?limit=1")
    cluster.admin.request("DELETE", f"/api/v1/namespaces/{namespace}/secrets/session")
    cluster.restart_apiserver()
    with pytest.raises(ApiError, match="401"):
        reader.request("GET", "/api/v1/events?limit=1")


def test_relay_cuts_and_restores(cluster: Cluster, relay: Relay) -> None:
    """While the relay is cut its clients are refused; afterwards they are served as before."""
    through = cluster.client(port=relay.port)
    assert through.ready()
    relay.cut()
    assert not through.ready()
    relay.restore()
    assert eventually(through.ready, "the relay carries again", within=5)
