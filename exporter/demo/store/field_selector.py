# SPDX-License-Identifier: Apache-2.0
"""Field selectors of core/v1 Events: which labels exist, and which events a selector picks.

The set of labels and the refusals were recorded from kube-apiserver 1.36.3. `source` is the
source's component, or the reporting controller where that is empty.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from exporter.demo.store.status import bad_request

_REFERENCE = ("kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath")
_LABELS = frozenset(
    {"metadata.name", "metadata.namespace", "reason", "reportingComponent", "source", "type"}
    | {f"involvedObject.{field}" for field in _REFERENCE}
)

# A backslash protects a comma, an equals sign or a backslash inside a value.
_TERMS = re.compile(r"(?:[^,\\]|\\.)+")
_TERM = re.compile(r"(?P<label>[^=!]*)(?P<operator>!=|==|=)(?P<value>.*)", re.DOTALL)
_ESCAPE = re.compile(r"\\([\\,=])")


@dataclass(frozen=True, slots=True)
class _Term:
    label: str
    value: str
    equal: bool

    def holds(self, event: Mapping[str, Any]) -> bool:
        return (_value(event, self.label) == self.value) == self.equal


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
            if label not in _LABELS:
                raise bad_request(f"field label not supported: {label}")
            value = _ESCAPE.sub(r"\1", found["value"])
            terms.append(_Term(label, value, found["operator"] != "!="))
        return cls(tuple(terms))

    def matches(self, body: bytes) -> bool:
        """Whether the event whose JSON `body` is given is picked."""
        if not self.terms:
            return True
        event = msgspec.json.decode(body)
        return all(term.holds(event) for term in self.terms)


def _value(event: Mapping[str, Any], label: str) -> object:
    if label == "source":
        return event["source"].get("component") or event["reportingComponent"]
    outer, _, inner = label.partition(".")
    return event[outer].get(inner, "") if inner else event.get(outer, "")


EVERYTHING = FieldSelector()
