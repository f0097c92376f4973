# SPDX-License-Identifier: Apache-2.0
"""The format of a test file, as types: an unknown or misspelt key is an error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeVar

import msgspec

from exporter.config.strict_yaml import YamlError, parse
from exporter.config.typed import TypedError, converted

T = TypeVar("T")


class CaseError(ValueError):
    """A test file that cannot be run; the message names file, test and key."""


class _Object(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, rename="camel"):
    """Something of the API's, with its names."""


class ObjectMeta(_Object):
    """``meta/v1.ObjectMeta``; what we do not read may be there, as kubectl prints it."""

    name: str | None = None
    namespace: str | None = None
    uid: str | None = None
    resource_version: str | None = None
    creation_timestamp: str | None = None
    generate_name: Any = None
    self_link: Any = None
    generation: Any = None
    deletion_timestamp: Any = None
    deletion_grace_period_seconds: Any = None
    labels: Any = None
    annotations: Any = None
    owner_references: Any = None
    finalizers: Any = None
    managed_fields: Any = None


class ObjectReference(_Object):
    """``core/v1.ObjectReference``."""

    kind: str | None = None
    namespace: str | None = None
    name: str | None = None
    uid: str | None = None
    api_version: str | None = None
    resource_version: str | None = None
    field_path: str | None = None


class EventSource(_Object):
    """``core/v1.EventSource``."""

    component: str | None = None
    host: str | None = None


class EventSeries(_Object):
    """``core/v1.EventSeries``; servers of old wrote a ``state`` too."""

    count: int | None = None
    last_observed_time: str | None = None
    state: Any = None


class Event(_Object):
    """``core/v1.Event``, every field of it."""

    api_version: str | None = None
    kind: str | None = None
    metadata: ObjectMeta | None = None
    involved_object: ObjectReference | None = None
    reason: str | None = None
    message: str | None = None
    source: EventSource | None = None
    first_timestamp: str | None = None
    last_timestamp: str | None = None
    count: int | None = None
    type: str | None = None
    event_time: str | None = None
    series: EventSeries | None = None
    action: str | None = None
    related: ObjectReference | None = None
    reporting_component: str | None = None
    reporting_instance: str | None = None


class UserInfo(_Object):
    """``authentication/v1.UserInfo``."""

    username: str | None = None
    groups: list[str] | None = None
    uid: Any = None
    extra: Any = None


class AuditReference(_Object):
    """``audit/v1.ObjectReference``."""

    resource: str | None = None
    namespace: str | None = None
    name: str | None = None
    api_group: str | None = None
    api_version: str | None = None
    subresource: str | None = None
    uid: Any = None
    resource_version: Any = None


class AuditEvent(_Object):
    """``audit/v1.Event``, every field of it, in the order on the wire."""

    kind: str | None = None
    api_version: str | None = None
    level: str | None = None
    audit_id: str | None = msgspec.field(name="auditID", default=None)
    stage: Literal["RequestReceived", "ResponseStarted", "ResponseComplete", "Panic"] | None = None
    request_uri: str | None = msgspec.field(name="requestURI", default=None)
    verb: str | None = None
    user: UserInfo | None = None
    impersonated_user: UserInfo | None = None
    authentication_metadata: Any = None
    source_ips: list[str] | None = msgspec.field(name="sourceIPs", default=None)
    user_agent: str | None = None
    object_ref: AuditReference | None = None
    response_status: dict[str, Any] | None = None
    request_object: Any = None
    response_object: Any = None
    request_received_timestamp: str | None = None
    stage_timestamp: str | None = None
    annotations: dict[str, str] | None = None


class _Head(msgspec.Struct, forbid_unknown_fields=True):
    tests: list[Any]
    rule_files: list[str] = []


class _Body(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    samples: list[str]
    events: list[Any] = []
    audit_events: list[Any] = []


class Case(msgspec.Struct):
    """One test: events in their order, of each of the two kinds, and the samples they must give."""

    name: str
    events: list[Event]
    audit_events: list[AuditEvent]
    samples: list[str]


class CaseFile(msgspec.Struct):
    """A test file. ``rule_files`` are paths, relative to it."""

    rule_files: list[str]
    cases: list[Case]


def read_cases(name: str, text: str) -> CaseFile:
    """The content of a test file called ``name``; raises ``CaseError``."""
    try:
        data = parse(text)
    except YamlError as error:
        raise CaseError(f"{name}: {error}") from error
    head = _converted(data, _Head, name)
    if not head.tests:
        raise CaseError(f"{name}: tests: there is none")
    cases: list[Case] = []
    names: set[str] = set()
    for number, test in enumerate(head.tests, 1):
        case = _case(test, number, name)
        if case.name in names:
            raise CaseError(f"{name}: {case.name}: name: stands twice in this file")
        names.add(case.name)
        cases.append(case)
    return CaseFile(head.rule_files, cases)


def _case(test: Any, number: int, file: str) -> Case:
    known = test.get("name") if isinstance(test, Mapping) else None
    where = f"{file}: {known or f'test {number}'}"
    body = _converted(test, _Body, where)
    events = [
        _converted(event, Event, f"{where}: events[{place}]")
        for place, event in enumerate(body.events)
    ]
    audit_events = [
        _converted(event, AuditEvent, f"{where}: audit_events[{place}]")
        for place, event in enumerate(body.audit_events)
    ]
    if isinstance(test, Mapping) and not test.keys() & {"events", "audit_events"}:
        raise CaseError(f"{where}: has neither `events` nor `audit_events`")
    return Case(body.name, events, audit_events, body.samples)


def _converted(value: Any, type_: type[T], where: str) -> T:
    try:
        found: T = converted(value, type_)
    except TypedError as error:
        raise CaseError(f"{where}: {error}") from error
    return found
