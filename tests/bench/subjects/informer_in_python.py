"""What one writes in an afternoon from stock parts: the thing the benchmark compares with.

The ``kubernetes`` package's SharedInformer feeds a prometheus_client Counter, one increment a
notification. It is not exact (repeats that jump, returns after the TTL and relists are counted
wrong); it is here for its cost alone.
"""

# mypy: disallow-untyped-calls=False
from __future__ import annotations

import argparse
import signal
import sys
from typing import Any

from kubernetes import client, config
from kubernetes.informer import ADDED, MODIFIED, SharedInformer
from prometheus_client import Counter, start_http_server

EVENTS = Counter(
    "kube_events_total", "Events.", ["type", "reason", "kind", "namespace", "component"]
)


def count(event: Any) -> None:
    """One notification of the informer is one occurrence, as far as this script knows."""
    source = event.source.component if event.source else None
    EVENTS.labels(
        event.type or "",
        event.reason or "",
        event.involved_object.kind or "",
        event.involved_object.namespace or "",
        source or event.reporting_component or "",
    ).inc()


def main() -> None:
    """Serve /metrics until SIGTERM."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kubeconfig", required=True)
    parser.add_argument("--port", type=int, required=True)
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    config.load_kube_config(config_file=arguments.kubeconfig)
    start_http_server(arguments.port, addr="127.0.0.1")
    informer = SharedInformer(client.CoreV1Api().list_event_for_all_namespaces)
    informer.add_event_handler(ADDED, count)
    informer.add_event_handler(MODIFIED, count)
    informer.start()
    signal.pause()


if __name__ == "__main__":
    main()
