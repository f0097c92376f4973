# SPDX-License-Identifier: Apache-2.0
"""The audit events of a case as a log has them, what their short forms leave out made up.

Ids are ``audit-1``, ``audit-2``, by their place, and each is a second younger than the one before
it. Without a stage a request is over; without a status it has code 200; without annotations the
authorizer let it in, unless it failed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from exporter.audit.annotations import DECISION
from exporter.audit.record import COMPLETE
from exporter.commands.rule_tests.language import AuditEvent

_BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
_FAILURE = 400


def audit_lines(events: Sequence[AuditEvent]) -> Iterator[bytes]:
    """A line of a log for each event."""
    for place, event in enumerate(events, 1):
        moment = (_BEGIN + timedelta(seconds=place)).strftime("%Y-%m-%dT%H:%M:%S.000000Z")
        status: dict[str, Any] = {"code": 200, **(event.response_status or {})}
        annotations = event.annotations
        if annotations is None and _is_let_in(status):
            annotations = {DECISION: "allow"}
        whole = msgspec.structs.replace(
            event,
            audit_id=event.audit_id or f"audit-{place}",
            stage=event.stage or COMPLETE,
            response_status=status,
            annotations=annotations,
            request_received_timestamp=event.request_received_timestamp or moment,
            stage_timestamp=event.stage_timestamp or moment,
        )
        yield msgspec.json.encode(whole)


def _is_let_in(status: dict[str, Any]) -> bool:
    code = status["code"]
    return isinstance(code, int) and code < _FAILURE
