# SPDX-License-Identifier: Apache-2.0
"""Owners: from the object that an event is about to the workload at the top of its chain.

Deployment <- ReplicaSet <- Pod, CronJob <- Job <- Pod; every other controller (StatefulSet,
DaemonSet, an operator's own kind) is the top as far as can be told without more rights.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from sys import intern
from typing import NamedTuple

from exporter.workloads.informer import Informer
from exporter.workloads.table import NOBODY, Owner, Table
from exporter.workloads.wire import OwnerReference

NONE = ("", "")
"""No workload, or none that is known."""
# A chain has two steps; people can write longer ones, and rings.
_MAX_STEPS = 4
# The API bounds no name in an owner reference; as a label value 256 bytes are kept.
_MAX_NAME = 512
# Workloads that are not watched, because nothing above them is asked for.
_WORKLOADS = frozenset(
    {"Deployment", "StatefulSet", "DaemonSet", "CronJob", "ReplicationController", "Rollout"}
)
_NO_WORKLOADS = frozenset({"Node", "Pod"})
_SWEEP_AT_LEAST = 1024


class Resource(NamedTuple):
    """A kind that is watched."""

    kind: str
    group: str
    plural: str

    def path(self, namespace: str) -> str:
        """Of its list, in a namespace or, for ``""``, in all."""
        prefix = f"/apis/{self.group}/v1" if self.group else "/api/v1"
        scope = f"/namespaces/{namespace}" if namespace else ""
        return f"{prefix}{scope}/{self.plural}"


FOLLOWED = (
    Resource("Pod", "", "pods"),
    Resource("ReplicaSet", "apps", "replicasets"),
    Resource("Job", "batch", "jobs"),
)
"""What must be listed and watched for whole chains."""
_POD = FOLLOWED[0].kind
# Another group's Job is not in our table: volcano.sh has such.
_ABOVE = frozenset((r.group, r.kind) for r in FOLLOWED if r.kind != _POD)


class Owners:
    """Who manages what, in ``namespaces`` (``("",)`` for all).

    ``retention`` is how long an object that ended is remembered at least, in seconds;
    ``limit`` bounds the objects of one kind in all namespaces together.
    """

    def __init__(self, namespaces: Sequence[str], *, retention: float, limit: int) -> None:
        self.misses = {resource.kind: 0 for resource in FOLLOWED}
        """Look-ups that met an object that is not known, by its kind."""
        share = max(limit // len(namespaces), 1)
        self._tables = {
            resource.kind: {n: Table(retention=retention, limit=share) for n in namespaces}
            for resource in FOLLOWED
        }
        self._scoped = tuple(namespaces) != ("",)
        self._shared: dict[Owner, Owner] = {}
        self._sweep_at = _SWEEP_AT_LEAST

    def informer(self, kind: str, namespace: str) -> Informer:
        """The consumer of the list/watch of a kind in a scope."""
        return Informer(self._tables[kind][namespace], self.shared)

    def tables(self) -> Iterator[tuple[str, str, Table]]:
        """(kind, namespace, table), all."""
        for kind, scopes in self._tables.items():
            for namespace, table in scopes.items():
                yield kind, namespace, table

    def workload_of(self, kind: str, namespace: str, name: str) -> tuple[str, str]:
        """(kind, name) of the workload that an object belongs to, the object itself included.

        ``("", "")``: it belongs to none (a pod without a controller, or with a node's or another
        pod as its controller, has no workload: such names know no bound), or it is not known,
        which ``misses`` counts.
        """
        if kind in _WORKLOADS:
            return kind, name
        for _ in range(_MAX_STEPS):
            scopes = self._tables.get(kind)
            if scopes is None:
                return NONE
            table = scopes.get(namespace if self._scoped else "")
            owner = None if table is None else table.owner(namespace, name)
            if owner is None:
                self.misses[kind] += 1
                return NONE
            if owner is NOBODY:
                return NONE if kind == _POD else (kind, name)
            kind, name = owner.kind, owner.name
            if not owner.followed:
                break
        # A static pod's is its node, a batch driver's is another pod: no names to count by.
        return NONE if kind in _NO_WORKLOADS else (kind, name)

    def forget(self, now: float) -> None:
        """Drop what ended long ago; to be called now and then, ``now`` as for ``Table``."""
        for _, _, table in self.tables():
            table.forget(now)

    def shared(self, reference: OwnerReference | None) -> Owner:
        """The owner of a reference: one tuple for all objects of one owner."""
        if reference is None or not reference.kind or not reference.name:
            return NOBODY
        group = (reference.apiVersion or "").rpartition("/")[0]
        owner = Owner(
            intern(reference.kind[:_MAX_NAME]),
            reference.name[:_MAX_NAME],
            (group, reference.kind) in _ABOVE,
        )
        known = self._shared.setdefault(owner, owner)
        if len(self._shared) > self._sweep_at:
            self._sweep()
            known = self._shared.setdefault(owner, owner)
        return known

    def _sweep(self) -> None:
        """Forget owners without objects; as often as their number has doubled."""
        owners = (owner for _, _, table in self.tables() for owner in table.owners())
        self._shared = {owner: owner for owner in owners}
        self._sweep_at = max(2 * len(self._shared), _SWEEP_AT_LEAST)
