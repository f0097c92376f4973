# SPDX-License-Identifier: Apache-2.0
"""The informer: what the list/watch of one kind shows, into its table."""

from __future__ import annotations

from collections.abc import Callable

from exporter.workloads.table import Owner, Table
from exporter.workloads.wire import MetadataObject, OwnerReference, controller_of

_Named = tuple[str, str, Owner]


class Informer:
    """The consumer (``exporter.kube.consumer``) of one list/watch.

    ``shared`` gives the owner that a reference names, None being no controller.
    """

    def __init__(self, table: Table, shared: Callable[[OwnerReference | None], Owner]) -> None:
        self.table = table
        self._shared = shared

    def list_began(self, server_time: float) -> None:  # noqa: ARG002 - nothing depends on it
        """A list starts; until it is published what was known before is answered."""
        self.table.begin_list()

    def listed(self, item: MetadataObject) -> bool:
        """One object of the list; False if it has no name."""
        named = self._read(item)
        if named:
            self.table.listed(*named)
        return named is not None

    def unlisted(self, item: MetadataObject) -> bool:
        """An object of the list that was deleted meanwhile; False if it has no name."""
        named = self._read(item)
        if named:
            self.table.unlisted(*named)
        return named is not None

    def list_published(self, resource_version: str) -> None:  # noqa: ARG002 - nothing is compared
        """The list is complete."""
        self.table.publish_list()

    def list_abandoned(self) -> None:
        """The list broke."""
        self.table.abandon_list()

    def changed(self, kind: str, item: MetadataObject) -> bool:
        """ADDED, MODIFIED or DELETED; False if it has no name."""
        named = self._read(item)
        if named is None:
            return False
        take = self.table.ended if kind == "DELETED" else self.table.changed
        take(*named)
        return True

    def _read(self, item: MetadataObject) -> _Named | None:
        metadata = item.metadata
        if metadata is None or not metadata.name:
            return None
        owner = self._shared(controller_of(metadata))
        return metadata.namespace or "", metadata.name, owner
