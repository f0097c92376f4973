# SPDX-License-Identifier: Apache-2.0
"""Whom the list/watch protocol talks to: who takes the objects, and who keeps the log."""

from __future__ import annotations

from typing import Protocol

from exporter.kube.frames import T_contra


class Consumer(Protocol[T_contra]):
    """Where the objects go. Between ``list_began`` and ``list_published`` nothing counts."""

    def list_began(self, server_time: float) -> None:
        """A list starts at ``server_time`` (Unix seconds, the server's clock)."""

    def listed(self, item: T_contra) -> bool:
        """One object of the list; False if it could not be used."""

    def unlisted(self, item: T_contra) -> bool:
        """An object of the list that was deleted meanwhile; False if it could not be used."""

    def list_published(self, resource_version: str) -> None:
        """The list is complete."""

    def list_abandoned(self) -> None:
        """The list broke; nothing of it may be kept."""

    def changed(self, kind: str, item: T_contra) -> bool:
        """ADDED, MODIFIED or DELETED; False if it could not be used."""
