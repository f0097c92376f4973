# SPDX-License-Identifier: Apache-2.0
"""Which names in a request can be believed: anybody can put any into a URL.

Label values are bounded. Who made up names could use up the room of those that are there, and
with it blind the metrics of everybody.
"""

from __future__ import annotations

from typing import NamedTuple, TypeVar

from exporter.audit import AuditRecord
from exporter.audit.resources import OTHER
from exporter.audit.users import STRANGERS

About = tuple[str, str, str]
"""Group, resource, subresource."""
_N = TypeVar("_N", str, About)
# Names that others have used are bounded as label values are: more find no series anyway.
_MOST_RESOURCES = 2_000
_MOST_NAMESPACES = 20_000
# Kubernetes has no longer name; who may nothing can ask for one as long as a URL.
_LONGEST_NAMESPACE = 63
_LONGEST_RESOURCE = 256
# Who may nothing, the account of any pod, can ask for anything. So many names that nobody else has
# used are told apart all the same: a controller that lacks its role is found by them.
_MOST_DOUBTED = 200
_FORBID = "forbid"
_FIRST_FAILURE = 400


class Named(NamedTuple):
    """What a request is about, as far as it can be believed; the rest is ``other``."""

    group: str
    resource: str
    subresource: str
    namespace: str


class Names:
    """Those that were used by requests that were let in."""

    def __init__(self) -> None:
        self._resources: set[About] = set()
        self.namespaces: set[str] = {""}
        """Those of requests that were let in."""
        self._doubted_resources: set[About] = set()
        self._doubted_namespaces: set[str] = set()

    def of(self, record: AuditRecord) -> Named:
        """The names of a request."""
        about = record.group, record.resource, record.subresource
        if believed(record):
            return Named(*about, record.namespace)
        room = 0 if _is_strange(record) else _MOST_DOUBTED
        resource = about
        if record.resource and about not in self._resources:
            short = len(record.group) + len(record.resource) + len(record.subresource)
            fits = short <= _LONGEST_RESOURCE and _joins(self._doubted_resources, about, room)
            resource = about if fits else (OTHER, OTHER, OTHER)
        namespace = record.namespace
        if namespace not in self.namespaces:
            fits = len(namespace) <= _LONGEST_NAMESPACE
            fits = fits and _joins(self._doubted_namespaces, namespace, room)
            namespace = namespace if fits else OTHER
        return Named(*resource, namespace)

    def met(self, record: AuditRecord) -> None:
        """A request is about a resource that was not met before, or not lately."""
        if believed(record) and len(self._resources) < _MOST_RESOURCES:
            self._resources.add((record.group, record.resource, record.subresource))

    def met_namespace(self, record: AuditRecord) -> None:
        """The same of its namespace."""
        namespace = record.namespace
        if namespace in self.namespaces or len(namespace) > _LONGEST_NAMESPACE:
            return
        if believed(record) and len(self.namespaces) < _MOST_NAMESPACES:
            self.namespaces.add(namespace)


def believed(record: AuditRecord) -> bool:
    """Whether only who may do something could have made it look so."""
    return not _is_strange(record) and record.decision != _FORBID


def _is_strange(record: AuditRecord) -> bool:
    """Whether anybody who reaches the API server could have made it look so."""
    let_in = record.code < _FIRST_FAILURE and record.decision == "allow"
    return record.user_class in STRANGERS and not let_in


def _joins(names: set[_N], name: _N, room: int) -> bool:
    """Whether it is, or now is, one of those that are told apart though nobody else used them."""
    if name not in names:
        if len(names) >= room:
            return False
        names.add(name)
    return True
