# SPDX-License-Identifier: Apache-2.0
"""From the bytes of an audit log or an audit webhook to records of requests, each told from others.

Pure: no socket, no clock, no client library. ``wire`` knows how audit.k8s.io spells an event,
``record`` is the one spelling everything downstream sees, ``reading`` takes whole bodies and
streams of lines, ``identities`` knows what was read before, ``denials`` who refused a request;
``bodies`` is read only when a rule asks, ``batches`` cuts what comes at once.
"""

from exporter.audit.denials import Denial, denial_of
from exporter.audit.identities import Identities
from exporter.audit.reading import AuditLog, AuditReader, Undecodable, UnreadableBatchError
from exporter.audit.record import AuditRecord, Notes
from exporter.audit.users import UserClass

__all__ = [
    "AuditLog",
    "AuditReader",
    "AuditRecord",
    "Denial",
    "Identities",
    "Notes",
    "Undecodable",
    "UnreadableBatchError",
    "UserClass",
    "denial_of",
]
