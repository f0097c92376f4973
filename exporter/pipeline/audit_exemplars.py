# SPDX-License-Identifier: Apache-2.0
"""What an exemplar of an audit family says: the names that are no labels of it."""

from __future__ import annotations

from exporter.audit import AuditRecord
from exporter.metrics.text import Pairs

LONGEST = 128
"""Of a text that is kept for one; who writes it chooses its length."""


def detail_of(record: AuditRecord) -> tuple[str, str]:
    """For ``who``."""
    return record.user[:LONGEST], record.name[:LONGEST]


def who(detail: object) -> Pairs:
    """Who asked, and for which object."""
    if not isinstance(detail, tuple):
        return ()
    user, name = detail
    return (("user", user), ("name", name))


def audit_id(detail: object) -> Pairs:
    """What finds the request in the audit log."""
    return (("audit_id", detail),) if isinstance(detail, str) else ()
