"""The objects that events are about, in namespaces of which there are more and more."""

from __future__ import annotations

import random
from itertools import count

from exporter.demo import ObjectRef
from tests.chaos.cast import REGISTRIES

_NEWEST = 3
"""Namespaces in which half of it happens."""
_REGISTRIES_EACH = 2


class Objects:
    """Makes them. Each new namespace means new label sets, of which some stay rare."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._number = count()
        self._namespaces = 1

    def open_namespace(self) -> None:
        """From now on there is one more."""
        self._namespaces += 1

    def pod(self) -> ObjectRef:
        """A new pod's container."""
        number, path = next(self._number), "spec.containers{app}"
        namespace = self._namespace()
        return ObjectRef("Pod", f"web-{number}", namespace, f"uid-{number}", field_path=path)

    def replica_set(self) -> ObjectRef:
        """A new ReplicaSet."""
        number = next(self._number)
        return ObjectRef("ReplicaSet", f"rs-{number}", self._namespace(), f"uid-{number}")

    def registry(self, namespace: str) -> str:
        """Where a namespace's images are: in one of two places."""
        own = int(namespace.rpartition("-")[2]) + self._rng.randrange(_REGISTRIES_EACH)
        return REGISTRIES[own % len(REGISTRIES)]

    def _namespace(self) -> str:
        oldest = max(self._namespaces - _NEWEST, 0) if self._rng.random() < 0.5 else 0
        return f"team-{self._rng.randrange(oldest, self._namespaces)}"
