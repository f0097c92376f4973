# SPDX-License-Identifier: Apache-2.0
"""The record: one stage of one request in the only spelling the rest of the house knows."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from functools import lru_cache

import msgspec

from exporter.audit.bodies import texts_of
from exporter.audit.resources import LONG_RUNNING_SUBRESOURCES, LONG_RUNNING_VERBS
from exporter.audit.users import UserClass

STARTED = "ResponseStarted"
COMPLETE = "ResponseComplete"
PANIC = "Panic"
_MICROSECONDS = 1_000_000
_ABSENT = msgspec.Raw()


class Notes(msgspec.Struct, frozen=True, gc=False):
    """What the annotations of a request say that is worth a metric; most requests have none."""

    deprecated: bool = False
    """The API version asked for is deprecated."""
    removed_release: str = ""
    """The Kubernetes release without it, such as ``1.25``, where the server knows."""
    failed_open: tuple[tuple[str, str], ...] = ()
    """Type (``validating``, ``mutating``, ``image_policy``) and name of each webhook that could
    not be asked, and let the request through; each once."""
    policy_violations: tuple[tuple[str, str], ...] = ()
    """Name and binding of each ValidatingAdmissionPolicy that this violates in audit mode."""
    pod_security_level: str = ""
    """The Pod Security level that the namespace audits, and this violates."""


class AuditRecord(msgspec.Struct, frozen=True, gc=False):
    """One stage of one request. An absent text or time is ``""``; times are RFC 3339.

    Texts are as long as the client made them: who keeps any must cut it.
    """

    audit_id: str
    """A client can choose it: two requests can have the same."""
    stage: str
    verb: str
    """One of ``VERBS``, else ``other``."""
    group: str
    version: str
    resource: str
    """``""`` where the request is for none, such as /version."""
    subresource: str
    namespace: str
    name: str
    code: int
    """HTTP status, 100 to 599; 0 where there is none."""
    message: str
    """Of a failure."""
    decision: str
    """Of the authorizer: ``allow``, ``forbid``; ``""`` where it was not asked."""
    user: str
    user_class: UserClass
    """Of who really asks."""
    impersonated: bool
    """Whether ``user`` acts as somebody else, and may."""
    impersonated_user: str
    dry_run: bool
    """Nothing is stored. A delete can also ask so in its body, which is not read."""
    received: str
    """When the request came in, before authentication."""
    staged: str
    """When this stage was reached, by the same clock."""
    notes: Notes | None
    """None where there is nothing to say."""
    annotation_keys: Collection[str] = ()
    """Of all annotations but the authorizer's."""
    user_agent: str = ""
    """What the client says it is."""
    uri: str = ""
    """Path and query."""
    raw_groups: msgspec.Raw = _ABSENT
    raw_impersonated_groups: msgspec.Raw = _ABSENT
    raw_sources: msgspec.Raw = _ABSENT
    body: msgspec.Raw = _ABSENT
    """Of the request, as the client wrote it; empty unless the policy's level has it."""

    @property
    def user_groups(self) -> Sequence[str]:
        """Of who really asks."""
        return texts_of(self.raw_groups)

    @property
    def impersonated_groups(self) -> Sequence[str]:
        """Of whom ``user`` acts as."""
        return texts_of(self.raw_impersonated_groups)

    @property
    def source(self) -> str:
        """Who the API server itself spoke to: the last address, which no client can forge."""
        addresses = texts_of(self.raw_sources)
        return addresses[-1] if addresses else ""

    @property
    def counted_class(self) -> UserClass:
        """The class of user that it is counted under."""
        return UserClass.IMPERSONATED if self.impersonated else self.user_class

    @property
    def ends(self) -> bool:
        """Whether the request is over: of all its stages this is so of exactly one.

        What is refused before it is known who asks has ResponseStarted and nothing else
        (k8s.io/apiserver, endpoints/filters/authn_audit.go and request_deadline.go).
        """
        stage = self.stage
        return stage in (COMPLETE, PANIC) or (stage == STARTED and not self.user)

    @property
    def long_running(self) -> bool:
        """Whether it lasts as long as its client likes, so that its duration says nothing."""
        return self.verb in LONG_RUNNING_VERBS or self.subresource in LONG_RUNNING_SUBRESOURCES

    @property
    def begins(self) -> bool:
        """Whether a long-running request was let in and goes on. Its end is another record."""
        return self.stage == STARTED and bool(self.user) and self.code < 400 and self.long_running

    def duration(self) -> float | None:
        """Seconds since it came in; None where either time is unknown.

        0.0 where the server's clock was set back in between.
        """
        received, staged = self.received, self.staged
        # Nearly always both are in one second, and told to the microsecond.
        if received[:20] == staged[:20] and len(received) == len(staged) == _MICRO_TIME:
            before, after = received[20:26], staged[20:26]
            if before.isdecimal() and after.isdecimal() and staged[19] == ".":
                return max(int(after) - int(before), 0) / _MICROSECONDS
        since, until = microseconds(received), microseconds(staged)
        if since is None or until is None:
            return None
        return max(until - since, 0) / _MICROSECONDS


def microseconds(text: str) -> int | None:
    """Unix microseconds of an RFC 3339 time; None where it is none, as the year 1 of Go is."""
    if len(text) == _MICRO_TIME and text[19] == "." and text[-1] == "Z":
        micros = text[20:26]
        if micros.isdecimal():
            second = _whole(text[:19] + "Z")
            return None if second is None else second + int(micros)
    # Longer ones would be kept for the cache, and are as long as their sender made them.
    return _whole(text) if len(text) <= _LONGEST_TIME else None


_MICRO_TIME = len("2026-11-23T12:00:00.000000Z")
_LONGEST_TIME = len("2026-11-23T12:00:00.000000000+00:00")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@lru_cache(maxsize=1024)  # what is read together was written in the same seconds
def _whole(text: str) -> int | None:
    try:
        moment = datetime.fromisoformat(text)
        since = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH
    except (ValueError, OverflowError):
        return None
    micros = (since.days * 86_400 + since.seconds) * _MICROSECONDS + since.microseconds
    return micros if micros > 0 else None
