"""What one writes in an hour: json.loads a line of an audit log, and a labelled Counter.

It counts requests that are over by their first look, knows no duplicates and bounds nothing.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, generate_latest


def main() -> None:
    """Read the log that is named, print the page."""
    registry = CollectorRegistry()
    requests = Counter(
        "kube_audit_requests",
        "Requests.",
        ("verb", "group", "resource", "subresource", "code", "user"),
        registry=registry,
    )
    with Path(sys.argv[1]).open("rb") as log:
        for line in log:
            event = json.loads(line)
            if event["stage"] == "ResponseComplete":
                about = event.get("objectRef", {})
                requests.labels(
                    event["verb"],
                    about.get("apiGroup", ""),
                    about.get("resource", ""),
                    about.get("subresource", ""),
                    event.get("responseStatus", {}).get("code", ""),
                    event["user"].get("username", "").partition(":")[0],
                ).inc()
    sys.stdout.write(generate_latest(registry).decode())


if __name__ == "__main__":
    main()
