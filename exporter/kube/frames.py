# SPDX-License-Identifier: Apache-2.0
"""The frames of a watch and the pages of a list, decoded once, typed by the object.

A frame that cannot be read is a value (``Undecodable``), not an exception: one bad line
must not end the stream it stands in.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, Generic, Protocol, TypeVar

import msgspec


class KubeObject(Protocol):
    """What the list/watch protocol needs to know of an object."""

    @property
    def resource_version(self) -> str:
        """``metadata.resourceVersion``, or ``""``."""


T = TypeVar("T", bound=KubeObject)
T_contra = TypeVar("T_contra", bound=KubeObject, contravariant=True)


class Undecodable(StrEnum):
    """Why a frame or an object was passed over: a closed set, it is a label value."""

    SYNTAX = "syntax"
    """Not JSON."""
    SCHEMA = "schema"
    """JSON of another shape than the API's."""
    UNKNOWN_TYPE = "unknown_type"
    """A frame type that the watch protocol does not know."""
    UNNAMED = "unnamed"
    """An object without a name: it cannot be told from others, so it cannot be counted once."""
    OVERLONG = "overlong"
    """A line beyond any size an API server sends."""
    TRUNCATED = "truncated"
    """The stream ended inside the line; the object comes again, in full."""


_CHANGES = frozenset({"ADDED", "MODIFIED", "DELETED"})


class Frame(msgspec.Struct, Generic[T], gc=False):
    """One line of a watch: ADDED, MODIFIED, DELETED, BOOKMARK or ERROR, and its object."""

    type: str
    object: T


class _Meta(msgspec.Struct, gc=False):
    resourceVersion: str | None = None
    annotations: dict[str, Any] | None = None
    cont: str | None = msgspec.field(default=None, name="continue")


class _Details(msgspec.Struct, gc=False):
    retryAfterSeconds: float | None = None


class Status(msgspec.Struct, gc=False):
    """``meta/v1.Status``, and what else an ERROR or BOOKMARK frame can hold."""

    metadata: _Meta | None = None
    reason: str | None = None
    message: str | None = None
    code: int | None = None
    details: _Details | None = None

    @property
    def expired(self) -> bool:
        """HTTP 410: reason Expired, or Gone on old servers. A resourceVersion is too old."""
        return self.code == 410 or self.reason in ("Expired", "Gone")

    @property
    def retry_after(self) -> float | None:
        """Seconds to wait before asking again, where the server names them."""
        return self.details.retryAfterSeconds if self.details else None

    @property
    def resource_version(self) -> str:
        """``metadata.resourceVersion``, or ``""``."""
        return (self.metadata and self.metadata.resourceVersion) or ""

    @property
    def ends_initial_events(self) -> bool:
        """Whether this bookmark ends a streamed list (KEP-3157)."""
        annotations = self.metadata and self.metadata.annotations
        return bool(annotations and annotations.get("k8s.io/initial-events-end") == "true")


class Page(msgspec.Struct, gc=False):
    """One page of a list. ``items`` can be null: servers write an empty list so."""

    metadata: _Meta | None = None
    items: list[msgspec.Raw] | None = None

    @property
    def resource_version(self) -> str:
        """Of the list, the same on every page."""
        return (self.metadata and self.metadata.resourceVersion) or ""

    @property
    def next_token(self) -> str:
        """Asks for the next page; ``""`` on the last."""
        return (self.metadata and self.metadata.cont) or ""


class FrameReader(Generic[T]):
    """Decodes frames, list items and statuses of one object type."""

    def __init__(self, object_type: type[T]) -> None:
        self._frame = msgspec.json.Decoder(Frame[object_type])  # type: ignore[valid-type]
        self._object = msgspec.json.Decoder(object_type)
        self._status_frame = msgspec.json.Decoder(Frame[Status])
        self._page = msgspec.json.Decoder(Page)

    def changes(self, block: bytes) -> Sequence[Frame[T]] | None:
        """All lines of a block, decoded at once; None unless all are changes of objects."""
        try:
            frames: list[Frame[T]] = self._frame.decode_lines(block)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            return None
        return frames if _CHANGES.issuperset([frame.type for frame in frames]) else None

    def frames(self, block: bytes) -> Sequence[Frame[T] | Frame[Status] | Undecodable]:
        """All lines of a block, one at a time; blank ones are nothing."""
        return [self.frame(line) for line in block.split(b"\n") if line]

    def frame(self, line: bytes) -> Frame[T] | Frame[Status] | Undecodable:
        """One line of a watch."""
        try:
            frame: Frame[T] = self._frame.decode(line)
        except msgspec.ValidationError:
            return self._odd_frame(line)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            return Undecodable.SYNTAX
        if frame.type in _CHANGES:
            return frame
        return self._odd_frame(line)

    def _odd_frame(self, line: bytes) -> Frame[Status] | Undecodable:
        try:
            frame: Frame[Status] = self._status_frame.decode(line)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            return Undecodable.SCHEMA
        if frame.type in ("BOOKMARK", "ERROR"):
            return frame
        if frame.type in _CHANGES:
            return Undecodable.SCHEMA
        return Undecodable.UNKNOWN_TYPE

    def page(self, body: bytes) -> Page | None:
        """A page of a list, its items still undecoded; None where the body is none."""
        try:
            return self._page.decode(body)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            return None

    def item(self, raw: msgspec.Raw) -> T | Undecodable:
        """One item of a page: one bad object does not take its page along."""
        try:
            return self._object.decode(raw)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            return Undecodable.SCHEMA

    def bare(self, line: bytes) -> T | None:
        """An object on a line of its own, without a frame around it."""
        item = self.item(msgspec.Raw(line))
        return None if isinstance(item, Undecodable) else item

    def status(self, body: bytes) -> Status:
        """The body of a refused request; an empty Status where it is none (a proxy's HTML)."""
        try:
            return msgspec.json.decode(body, type=Status)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            return Status()
