"""An API server that audits: its log and its webhook, of golden cases and of real ones."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.recordings import reading
from tests.unit.audit.events import failure, line

_GOLDEN = Path(__file__).resolve().parents[1] / "golden"
_RECORDED = ("kubernetes-1.20.2/audit/audit.log", "kubernetes-1.36.3/audit/audit.log")


def audit_lines() -> list[bytes]:
    """Something for every family and every operation: with line breaks, junk among them."""
    golden = [path.read_bytes() for path in sorted(_GOLDEN.glob("audit*/audit.ndjson"))]
    whole = b"\n".join([*golden, *map(reading.body, _RECORDED)])
    written = [each + b"\n" for each in whole.split(b"\n") if each.strip()]
    return [*written, line(auditID="turned away", responseStatus=failure(429))]


def post(port: int, body: bytes) -> int:
    """A batch to the webhook at a port; the status that it is answered with."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("POST", "/audit/eu-1/webhook", body)
        return connection.getresponse().status
    finally:
        connection.close()


def batch(lines: list[bytes]) -> bytes:
    """The events among these lines, as the webhook is sent them."""
    items = list(_items(lines))
    return json.dumps({"kind": "EventList", "items": items}).encode()


def _items(lines: list[bytes]) -> Iterator[dict[str, Any]]:
    for each in lines:
        try:
            found = json.loads(each)
        except ValueError:
            continue
        if isinstance(found, dict):
            yield found
