# SPDX-License-Identifier: Apache-2.0
"""LIST pages and WATCH frames: which events a request sees, and the bytes that show them.

A page is cut from a snapshot of the store; a continue token names the snapshot's version and the
key to go on from, as the real ones do: base64 of a small JSON object (see `encode_token`).
"""

from __future__ import annotations

import base64
import binascii
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from exporter.demo.store.event_store import Change, EventStore, Stored
from exporter.demo.store.field_selector import EVERYTHING, FieldSelector
from exporter.demo.store.list_options import ListOptions
from exporter.demo.store.status import (
    CONTINUE_TOO_OLD,
    bad_request,
    expired,
    future_version,
)

_KIND = b'"kind":"Event","apiVersion":"v1",'
_OPENING = {
    kind: b'{"type":"%s","object":{%s' % (kind.encode(), _KIND)
    for kind in ("ADDED", "MODIFIED", "DELETED")
}
_CLOSING = b"}\n"
# The empty Event that carries a bookmark, as recorded.
_BLANK = (
    b'"involvedObject":{},"source":{},"firstTimestamp":null,"lastTimestamp":null,'
    b'"eventTime":null,"reportingComponent":"","reportingInstance":""}}\n'
)
_END_MARK = b',"annotations":{"k8s.io/initial-events-end":"true"}'


class _Token(msgspec.Struct):
    v: str
    rv: int
    start: str


@dataclass(frozen=True, slots=True)
class Scope:
    """The part of all events that one request asked for."""

    namespace: str = ""
    selector: FieldSelector = EVERYTHING

    def covers(self, stored: Stored) -> bool:
        """Whether an event is in scope."""
        if self.namespace and not stored.key.startswith(f"{self.namespace}/"):
            return False
        return self.selector.matches(stored.body)


@dataclass(frozen=True, slots=True)
class Page:
    """One LIST response: its `items` are JSON; `remaining` is None where it cannot be told."""

    revision: int
    items: list[bytes]
    continue_token: str = ""
    remaining: int | None = None

    def head(self) -> bytes:
        """The response up to the first item."""
        metadata: dict[str, object] = {"resourceVersion": str(self.revision)}
        if self.continue_token:
            metadata["continue"] = self.continue_token
            if self.remaining is not None:
                metadata["remainingItemCount"] = self.remaining
        return b'{"kind":"EventList","apiVersion":"v1","metadata":%s,"items":[' % (
            msgspec.json.encode(metadata)
        )

    def pieces(self) -> list[bytes]:
        """The items, each with the comma before it; they stand between `head` and `TAIL`."""
        return [item if i == 0 else b"," + item for i, item in enumerate(self.items)]


TAIL = b"]}\n"


def encode_token(revision: int, start: str) -> str:
    """A continue token: the list at `revision` goes on with the first key not before `start`."""
    text = msgspec.json.encode(_Token("meta.k8s.io/v1", revision, start))
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def decode_token(token: str) -> tuple[int, str]:
    """The version and the start key of a token; ApiError 400 for what is not one."""
    try:
        text = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        found = msgspec.json.decode(text, type=_Token)
    except (binascii.Error, ValueError) as error:
        raise bad_request(f"invalid continue token: continue key is not valid: {error}") from None
    return found.rv, found.start


def list_page(store: EventStore, namespace: str, options: ListOptions) -> Page:
    """Answer a LIST; ApiError 410 (compacted), 400 (token) or 504 (a version still to come)."""
    scope = Scope(namespace, options.selector)
    start = ""
    if options.continue_token:
        revision, start = decode_token(options.continue_token)
        if revision < 0:  # the inconsistent token of a 410: go on in what there is now
            revision = store.revision
        elif revision < store.compacted:
            raise expired(CONTINUE_TOO_OLD, encode_token(-1, start))
    else:
        revision = _list_revision(store, options)
    snapshot = store.snapshot(revision)
    return _cut(snapshot, scope, revision=revision, start=start, limit=options.limit)


def _list_revision(store: EventStore, options: ListOptions) -> int:
    asked = options.resource_version or 0
    if asked > store.revision:
        raise future_version(asked, store.revision, streamed=False)
    # Without a match a version with a limit means exactly that version: the API's old rule.
    exact = options.match == "Exact" or (not options.match and options.limit > 0)
    return asked if asked and exact else store.revision


def _cut(
    snapshot: tuple[Stored, ...], scope: Scope, *, revision: int, start: str, limit: int
) -> Page:
    prefix = f"{scope.namespace}/" if scope.namespace else ""
    first = bisect_left(snapshot, prefix + start, key=lambda stored: stored.key)
    last = len(snapshot)
    if prefix:
        last = bisect_left(snapshot, prefix + "\U0010ffff", key=lambda stored: stored.key)
    items: list[bytes] = []
    selective = bool(scope.selector.terms)
    for index in range(first, last):
        stored = snapshot[index]
        if selective and not scope.covers(stored):
            continue
        if limit and len(items) == limit:
            previous = snapshot[index - 1].key.removeprefix(prefix)
            token = encode_token(revision, previous + "\0")
            return Page(revision, items, token, None if selective else last - index)
        items.append(stored.body)
    return Page(revision, items)


def added_frames(events: Iterable[Stored], scope: Scope) -> list[bytes]:
    """The events in scope as ADDED lines: how a watch without a past begins."""
    return [_frame("ADDED", stored) for stored in events if scope.covers(stored)]


def change_frames(changes: Iterable[Change], scope: Scope) -> list[bytes]:
    """The lines that show `changes` to a watch of `scope`.

    To a filtered watch an event that comes into its scope is ADDED, one that leaves it DELETED.
    """
    frames = []
    for change in changes:
        before = change.before is not None and scope.covers(change.before)
        after = change.type != "DELETED" and scope.covers(change.after)
        if after:
            frames.append(_frame("MODIFIED" if before else "ADDED", change.after))
        elif before:
            frames.append(_frame("DELETED", change.after))
    return frames


def bookmark(revision: int, *, initial_events_end: bool = False) -> bytes:
    """A BOOKMARK line; with the annotation that ends streamed initial events, or without."""
    return b'{"type":"BOOKMARK","object":{%s"metadata":{"resourceVersion":"%d"%s},%s' % (
        _KIND,
        revision,
        _END_MARK if initial_events_end else b"",
        _BLANK,
    )


def _frame(kind: str, stored: Stored) -> bytes:
    return _OPENING[kind] + stored.body[1:] + _CLOSING
