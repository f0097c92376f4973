# SPDX-License-Identifier: Apache-2.0
"""How audit.k8s.io spells an event; with ``annotations`` the only file that knows.

Only fields that are used are declared: msgspec skips the rest (the body of the answer is most of
an event) without building it. What only rules ask for is skipped too, and kept as it is written.
"""

from __future__ import annotations

from urllib.parse import parse_qsl

import msgspec

from exporter.audit.annotations import DECISION, PLAIN, notes_of
from exporter.audit.record import AuditRecord
from exporter.audit.resources import OTHER, VERBS, WRITES
from exporter.audit.users import user_class

_ABSENT = msgspec.Raw()
"""Of a field that nearly nobody asks for, and so is kept as it is written."""


class _User(msgspec.Struct, gc=False):
    username: str | None = None
    groups: msgspec.Raw = _ABSENT


class _Reference(msgspec.Struct, gc=False):
    resource: str | None = None
    namespace: str | None = None
    name: str | None = None
    apiGroup: str | None = None
    apiVersion: str | None = None
    subresource: str | None = None


class _Status(msgspec.Struct, gc=False):
    message: str | None = None
    code: int | None = None


class AuditEvent(msgspec.Struct, gc=False):
    """An event of audit.k8s.io/v1, on a line or among the ``items`` of a list of them.

    The order is the order on the wire: msgspec looks for the next key first.
    """

    auditID: str | None = None
    stage: str | None = None
    requestURI: str | None = None
    verb: str | None = None
    user: _User | None = None
    impersonatedUser: _User | None = None
    sourceIPs: msgspec.Raw = _ABSENT
    userAgent: str | None = None
    objectRef: _Reference | None = None
    responseStatus: _Status | None = None
    requestObject: msgspec.Raw = _ABSENT
    requestReceivedTimestamp: str | None = None
    stageTimestamp: str | None = None
    annotations: dict[str, str] | None = None
    items: list[msgspec.Raw] | None = None
    """Then it is no event, but an EventList as the webhook sends it."""


class StrictEvent(AuditEvent, kw_only=True, gc=False):
    """The same, where many are decoded at once: what has no id or no stage is refused at once, and
    is not millions of objects first.
    """

    auditID: str
    stage: str


_NO_USER = _User()
_NO_REFERENCE = _Reference()
_NO_STATUS = _Status()
_NO_ANNOTATIONS: dict[str, str] = {}
# Nobody writes so many parameters, and each costs memory.
_MOST_PARAMETERS = 256


def read_audit_event(event: AuditEvent) -> AuditRecord | None:
    """The record of an event; None where it has no id or no stage, and so is none."""
    audit_id, stage = event.auditID, event.stage
    if not audit_id or not stage:
        return None
    verb = event.verb
    if verb not in VERBS:
        verb = OTHER
    uri = event.requestURI
    user = event.user or _NO_USER
    name = user.username or ""
    acting = event.impersonatedUser
    about = event.objectRef or _NO_REFERENCE
    status = event.responseStatus or _NO_STATUS
    code = status.code or 0
    annotations = event.annotations or _NO_ANNOTATIONS
    plain = annotations.keys() <= PLAIN
    return AuditRecord(
        audit_id,
        stage,
        verb,
        about.apiGroup or "",
        about.apiVersion or "",
        about.resource or "",
        about.subresource or "",
        about.namespace or "",
        about.name or "",
        code if 100 <= code <= 599 else 0,
        status.message or "",
        annotations.get(DECISION, ""),
        name,
        user_class(name, user.groups),
        acting is not None,
        (acting and acting.username) or "",
        verb in WRITES and uri is not None and "?" in uri and _is_dry_run(uri),
        event.requestReceivedTimestamp or "",
        event.stageTimestamp or "",
        None if plain else notes_of(annotations),
        () if plain else annotations.keys() - PLAIN,
        event.userAgent or "",
        uri or "",
        user.groups,
        acting.groups if acting else _ABSENT,
        event.sourceIPs,
        event.requestObject,
    )


def _is_dry_run(uri: str) -> bool:
    query = uri.partition("?")[2]
    if "dryRun" not in query and "%" not in query:
        return False
    try:
        pairs = parse_qsl(query, max_num_fields=_MOST_PARAMETERS)
    except ValueError:
        return False
    # kube-apiserver takes no value but All.
    return ("dryRun", "All") in pairs
