# SPDX-License-Identifier: Apache-2.0
"""Field selectors of core/v1 Events: which labels exist, and which events a selector picks.

The set of labels and the refusals were recorded from kube-apiserver 1.36.3. `source` is the
source's component, or the reporting controller where that is empty.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import msgspec

from exporter.demo.status import bad_request


class _Metadata(msgspec.Struct, gc=False):
    name: str = ""
    namespace: str = ""


class _Reference(msgspec.Struct, rename="camel", gc=False):
    kind: str = ""
    namespace: str = ""
    name: str = ""
    uid: str = ""
    api_version: str = ""
    resource_version: str = ""
    field_path: str = ""


class _Source(msgspec.Struct, gc=False):
    component: str = ""


class _Selectable(msgspec.Struct, rename="camel"):
    metadata: _Metadata = msgspec.field(default_factory=_Metadata)
    involved_object: _Reference = msgspec.field(default_factory=_Reference)
    source: _Source = msgspec.field(default_factory=_Source)
    reason: str = ""
    type: str = ""
    reporting_component: str = ""


_LABELS: Mapping[str, Callable[[_Selectable], str]] = MappingProxyType(
    {
        "involvedObject.kind": lambda e: e.involved_object.kind,
        "involvedObject.namespace": lambda e: e.involved_object.namespace,
        "involvedObject.name": lambda e: e.involved_object.name,
        "involvedObject.uid": lambda e: e.involved_object.uid,
        "involvedObject.apiVersion": lambda e: e.involved_object.api_version,
        "involvedObject.resourceVersion": lambda e: e.involved_object.resource_version,
        "involvedObject.fieldPath": lambda e: e.involved_object.field_path,
        "reason": lambda e: e.reason,
        "reportingComponent": lambda e: e.reporting_component,
        "source": lambda e: e.source.component or e.reporting_component,
        "type": lambda e: e.type,
        "metadata.name": lambda e: e.metadata.name,
        "metadata.namespace": lambda e: e.metadata.namespace,
    }
)
_decode = msgspec.json.Decoder(_Selectable).decode

# A backslash protects a comma, an equals sign or a backslash inside a value.
_TERMS = re.compile(r"(?:[^,\\]|\\.)+")
_TERM = re.compile(r"(?P<label>[^=!]*)(?P<operator>!=|==|=)(?P<value>.*)", re.DOTALL)
_ESCAPE = re.compile(r"\\([\\,=])")


@dataclass(frozen=True, slots=True)
class _Term:
    value_of: Callable[[_Selectable], str]
    value: str
    equal: bool


@dataclass(frozen=True, slots=True)
class FieldSelector:
    """A parsed selector: all its terms must hold; without terms it picks every event."""

    terms: tuple[_Term, ...] = ()

    @classmethod
    def parse(cls, text: str) -> FieldSelector:
        """Parse `label=value,label!=value`; ApiError 400 for a label that events do not offer."""
        terms = []
        for part in _TERMS.findall(text):
            found = _TERM.fullmatch(part)
            if found is None:
                raise bad_request(f"invalid selector: '{text}'; can't understand '{part}'")
            label = found["label"].strip()
            value_of = _LABELS.get(label)
            if value_of is None:
                raise bad_request(f"field label not supported: {label}")
            value = _ESCAPE.sub(r"\1", found["value"])
            terms.append(_Term(value_of, value, found["operator"] != "!="))
        return cls(tuple(terms))

    def matches(self, body: bytes) -> bool:
        """Whether the event whose JSON `body` is given is picked."""
        if not self.terms:
            return True
        event = _decode(body)
        return all((t.value_of(event) == t.value) == t.equal for t in self.terms)


EVERYTHING = FieldSelector()
