# SPDX-License-Identifier: Apache-2.0
"""The exporter as its users run it: a process, a kubeconfig, HTTP."""

from __future__ import annotations

import http.client
import os
import re
import signal
import ssl
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from tests.envtest.events import EventWriter
from tests.envtest.process import ServerProcess

# The bar for an orderly end, seconds.
STOP_WITHIN = 2.0

_LISTENING = re.compile(r"msg=listening .*address=127\.0\.0\.1:(\d+)")
_MARKER = "TestMarker"

# What would lead the exporter to another cluster, other settings, or past loopback.
_FOREIGN = re.compile(r"(?i)kube|.*_proxy$")


class ExporterProcess:
    """`python -m exporter run`, or another `command`, on a free port of loopback."""

    def __init__(
        self,
        kubeconfig: Path | None,
        log: Path,
        *flags: str,
        command: Sequence[str] = (sys.executable, "-m", "exporter", "run"),
    ) -> None:
        """Start it and learn its port from its log; AssertionError if it does not get that far.

        Without a kubeconfig it has no cluster, or is in a pod of one.
        """
        command = list(command)
        if kubeconfig is not None:
            command += ["--kubeconfig", str(kubeconfig)]
        command += ["--web.listen-address", "127.0.0.1:0", "--log.format", "logfmt", *flags]
        env = {name: value for name, value in os.environ.items() if not _FOREIGN.match(name)}
        self.process = ServerProcess(command, log, env)
        try:
            address = self.process.wait_for(
                lambda: _LISTENING.search(self.process.output()), "says where it listens", 30
            )
        except BaseException:
            self.process.stop(signal.SIGKILL)
            raise
        self.port = int(address[1])
        self.token = ""
        """What ``get`` shows, where the exporter asks for one."""
        self.tls: ssl.SSLContext | None = None
        """How ``get`` trusts it, where it speaks TLS."""
        self._markers = 0
        self._ended = False

    def get(self, path: str) -> tuple[int, str]:
        """Status and body of one request, as a plain client that is no scraper."""
        connection = self._connection()
        try:
            headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
            connection.request("GET", path, headers=headers)
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        if self.tls:
            return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=10, context=self.tls)
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)

    def ready(self) -> bool:
        """What /readyz says: 200 or 503, anything else fails."""
        status, body = self.get("/readyz")
        assert status in {200, 503}, f"/readyz: {status} {body}"
        return status == 200

    def wait_ready(self, within: float = 30.0) -> None:
        """Wait until the first list is done."""
        self.process.wait_for(self.ready, "ready", within)

    def samples(self) -> list[Sample]:
        """All samples of one request of /metrics."""
        status, body = self.get("/metrics")
        assert status == 200, f"/metrics: {status} {body}"
        return [
            sample for family in text_string_to_metric_families(body) for sample in family.samples
        ]

    def value(self, name: str, **labels: str) -> float:
        """The sum of the samples of `name` that carry these labels; 0 when there is none."""
        wanted = labels.items()
        return sum(s.value for s in self.samples() if s.name == name and wanted <= s.labels.items())

    def wait_for_value(self, name: str, *, within: float = 30.0, **labels: str) -> float:
        """Wait until that sum is above 0."""
        return self.process.wait_for(
            lambda: self.value(name, **labels), f"{name}{labels} > 0", within
        )

    def occurrences(self, namespace: str) -> dict[str, int]:
        """What was counted for the objects of a namespace, by reason; zeros left out."""
        counts: dict[str, int] = {}
        for sample in self.samples():
            if sample.name == "kube_events_total" and sample.labels["namespace"] == namespace:
                reason = sample.labels["reason"]
                counts[reason] = counts.get(reason, 0) + int(sample.value)
        return {reason: count for reason, count in counts.items() if count}

    def counted(self, writer: EventWriter, within: float = 60.0) -> dict[str, int]:
        """What was counted, by reason, of all that was written to a namespace before this call.

        A marker is written last; when it is counted, all before it was seen: frames come in order,
        and a list is whole. So nothing is still on its way when the answer is compared.
        """
        self._markers += 1
        marker = f"{_MARKER}{self._markers}"
        writer.create(marker, warning=True)
        counts = self.process.wait_for(
            lambda: _with(self.occurrences(writer.namespace), marker), f"counts {marker}", within
        )
        return {reason: count for reason, count in counts.items() if not reason.startswith(_MARKER)}

    def kill(self) -> None:
        """End it as a crash does."""
        self._ended = True
        self.process.stop(signal.SIGKILL)

    def stop(self) -> None:
        """End it as Kubernetes does: SIGTERM, then exit code 0 within two seconds.

        One that the test has ended already stays as it is.
        """
        if self._ended:
            return
        self._ended = True
        assert self.process.exit_code is None, f"ended by itself: {self.process.output()[-2000:]}"
        code = self.process.stop(signal.SIGTERM, within=STOP_WITHIN)
        assert code == 0, f"exit code {code} after SIGTERM: {self.process.output()[-2000:]}"


class RunExporter(Protocol):
    """The fixture `run_exporter`."""

    def __call__(self, kubeconfig: Path, *flags: str, ready: bool = True) -> ExporterProcess:
        """Start one and, if asked to, wait until it is ready."""


def _with(counts: dict[str, int], reason: str) -> dict[str, int] | None:
    return counts if reason in counts else None
