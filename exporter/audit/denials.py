# SPDX-License-Identifier: Apache-2.0
"""Who refused a request. The code alone does not say: 403 has three meanings, 422 has two."""

from __future__ import annotations

from enum import StrEnum

from exporter.audit.record import AuditRecord
from exporter.audit.resources import WRITES

_CONNECTS = frozenset({"attach", "exec", "portforward"})
# k8s.io/apiserver, admission/plugin/policy and admission/plugin/webhook/errors. Both choose the
# code of their refusal; unless they do it is 422 of a policy, and 403 of a webhook.
_BY_POLICY = "AdmissionPolicy '"
_BY_WEBHOOK = 'admission webhook "'
_DENIED = " denied "


class Denial(StrEnum):
    """Who refused it: a closed set."""

    UNAUTHENTICATED = "unauthenticated"
    """Authentication: bad or no credentials."""
    AUTHORIZER = "authorizer"
    """The authorizer, RBAC mostly: the user may not."""
    ADMISSION = "admission"
    """Admission: a quota, Pod Security, a policy, a webhook, a namespace that is ending."""
    IMPERSONATION = "impersonation"
    """The user may not act as whom they asked to be."""


def denial_of(record: AuditRecord) -> Denial | None:
    """Who refused this request, which is over; None where nobody did.

    A 401 or 403 of whom the API server only passes on to (a pod behind ``proxy``) is no denial
    of the API server's.
    """
    code = record.code
    if code == 401 and not record.user:
        return Denial.UNAUTHENTICATED
    if code == 403 and record.decision == "forbid":
        return Denial.AUTHORIZER
    if code == 403 and not record.decision and record.user:
        return Denial.IMPERSONATION
    if code < 400 or record.decision != "allow":
        return None
    refused = code == 403 and _is_admitted(record)
    return Denial.ADMISSION if refused or _says_so(record.message) else None


def _is_admitted(record: AuditRecord) -> bool:
    """Whether admission has a say: in writes and connections, not in reads."""
    subresource = record.subresource
    return subresource in _CONNECTS or (record.verb in WRITES and subresource != "proxy")


def _says_so(message: str) -> bool:
    # 422 is else an object that is not valid, and nobody's denial.
    named = _BY_POLICY in message or message.startswith(_BY_WEBHOOK)
    return named and _DENIED in message
