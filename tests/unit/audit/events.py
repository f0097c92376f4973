"""Audit events as the API server writes them, and the records of them."""

from __future__ import annotations

import json
from typing import Any

from exporter.audit import AuditReader, AuditRecord
from exporter.audit.mending import mended

ALLOW = {"authorization.k8s.io/decision": "allow", "authorization.k8s.io/reason": ""}
FORBID = {"authorization.k8s.io/decision": "forbid", "authorization.k8s.io/reason": ""}
RECEIVED = "2026-11-22T11:35:18.727221Z"


def event(**fields: Any) -> dict[str, Any]:
    """A pod that somebody made; ``fields`` replace those of the event, None leaves one out."""
    whole = {
        "kind": "Event",
        "apiVersion": "audit.k8s.io/v1",
        "level": "Metadata",
        "auditID": "81cb9b2e-eac8-41e6-acf9-c694c7f23de0",
        "stage": "ResponseComplete",
        "requestURI": "/api/v1/namespaces/shop/pods",
        "verb": "create",
        "user": {"username": "ann", "groups": ["system:authenticated"]},
        "sourceIPs": ["127.0.0.1"],
        "userAgent": "kubectl/v1.36.3",
        "objectRef": {
            "resource": "pods",
            "namespace": "shop",
            "name": "web-0",
            "apiVersion": "v1",
        },
        "responseStatus": {"metadata": {}, "code": 201},
        "requestReceivedTimestamp": RECEIVED,
        "stageTimestamp": "2026-11-22T11:35:18.742136Z",
        "annotations": ALLOW,
        **fields,
    }
    return {key: value for key, value in whole.items() if value is not None}


def line(**fields: Any) -> bytes:
    """The same as a line of the log."""
    return json.dumps(event(**fields), separators=(",", ":")).encode() + b"\n"


def body(*events: dict[str, Any]) -> bytes:
    """Events as the webhook is sent them: without their kind."""
    items = [{k: v for k, v in e.items() if k not in ("kind", "apiVersion")} for e in events]
    whole = {"kind": "EventList", "apiVersion": "audit.k8s.io/v1", "metadata": {}, "items": items}
    return json.dumps(whole, separators=(",", ":")).encode() + b"\n"


def of_body(reader: AuditReader, sent: bytes) -> list[AuditRecord] | None:
    """All records of a body, mended if need be; None where it is no EventList."""
    slices = reader.slices(sent)
    if slices is None:
        slices = reader.slices(mended(sent))
    return None if slices is None else [each for records in slices for each in records]


def record(**fields: Any) -> AuditRecord:
    """The record of such an event."""
    (found,) = AuditReader().lines(line(**fields))
    return found


def failure(code: int, message: str = "") -> dict[str, Any]:
    """A ``responseStatus``."""
    return {"metadata": {}, "status": "Failure", "code": code, "message": message}


def problems(reader: AuditReader) -> dict[str, int]:
    """What could not be read, by cause."""
    return {str(cause): n for cause, n in reader.undecodable.items() if n}
