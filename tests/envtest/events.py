# SPDX-License-Identifier: Apache-2.0
"""Writes Events as the two recorders of client-go do, through the API."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from tests.envtest.api import ApiClient, Json

# Microseconds, as metav1.MicroTime wants them.
_MICRO_TIME = "%Y-%m-%dT%H:%M:%S.%fZ"
_TIME = "%Y-%m-%dT%H:%M:%SZ"


class EventWriter:
    """Writes the Events of one namespace.

    Names are `<object>.<hex of nanoseconds>`, as client-go's; each method that creates returns the
    name, under which the Event can be repeated.
    """

    def __init__(self, client: ApiClient, namespace: str) -> None:
        """`client` may create and patch events in `namespace`."""
        self._client = client
        self.namespace = namespace
        self._core = f"/api/v1/namespaces/{namespace}/events"
        self._new = f"/apis/events.k8s.io/v1/namespaces/{namespace}/events"

    def create(
        self, reason: str, *, count: int = 1, warning: bool = False, name: str | None = None
    ) -> str:
        """Create as the older recorder does, with a count (core/v1)."""
        name = name or _event_name()
        now = datetime.now(UTC).strftime(_TIME)
        body: Json = {
            "metadata": {"name": name, "namespace": self.namespace},
            "involvedObject": self._pod(),
            "reason": reason,
            "message": f"{reason} happened",
            "type": "Warning" if warning else "Normal",
            "source": {"component": "kubelet", "host": "node-1"},
            "reportingComponent": "kubelet",
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": count,
        }
        self._client.request("POST", self._core, body)
        return name

    def repeat(self, name: str, count: int) -> None:
        """Say that a core/v1 Event has now happened `count` times in all."""
        now = datetime.now(UTC).strftime(_TIME)
        self._client.request(
            "PATCH", f"{self._core}/{name}", {"count": count, "lastTimestamp": now}
        )

    def create_new_style(self, reason: str) -> str:
        """Create as the newer recorder does, without count or series (events.k8s.io/v1)."""
        name = _event_name()
        body: Json = {
            "metadata": {"name": name, "namespace": self.namespace},
            "regarding": self._pod(),
            "reason": reason,
            "note": f"{reason} happened",
            "action": "Scheduling",
            "type": "Warning",
            "reportingController": "default-scheduler",
            "reportingInstance": "default-scheduler-0",
            "eventTime": datetime.now(UTC).strftime(_MICRO_TIME),
        }
        self._client.request("POST", self._new, body)
        return name

    def repeat_new_style(self, name: str, count: int) -> None:
        """Say through its series that an Event has now happened `count` times in all."""
        now = datetime.now(UTC).strftime(_MICRO_TIME)
        series = {"count": count, "lastObservedTime": now}
        self._client.request("PATCH", f"{self._new}/{name}", {"series": series})

    def exists(self, name: str) -> bool:
        """Whether the API server still lists the Event."""
        path = f"{self._core}?fieldSelector=metadata.name={name}"
        return bool(self._client.request("GET", path)["items"])

    def _pod(self) -> Json:
        return {
            "apiVersion": "v1",
            "kind": "Pod",
            "name": "web-0",
            "namespace": self.namespace,
            "uid": "3f1c2a52-7f0b-4a35-9a2e-5f2f1c0d8e11",
        }


def _event_name() -> str:
    return f"web-0.{time.time_ns():x}"
