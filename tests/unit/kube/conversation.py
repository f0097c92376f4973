"""One side of a conversation with an API server, without a socket: the tests play the server."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from exporter.kube.frames import FrameReader
from exporter.kube.listwatch import ListWatch
from exporter.kube.request import Phase, Request
from exporter.kube.telemetry import Failure, Relist, Telemetry

SERVER_TIME = 1_795_347_600.0
_STATUSES = Path(__file__).parent / "statuses"


class _Meta(msgspec.Struct):
    name: str = ""
    resourceVersion: str = ""


class Thing(msgspec.Struct):
    """Any object of the API: what the protocol knows of one, and a name to tell it by."""

    metadata: _Meta

    @property
    def resource_version(self) -> str:
        return self.metadata.resourceVersion


def status(name: str) -> bytes:
    """A recorded body."""
    return (_STATUSES / f"{name}.body").read_bytes()


def thing(name: str, version: int | str) -> dict[str, Any]:
    return {"metadata": {"name": name, "resourceVersion": str(version)}}


def frame(kind: str, name: str, version: int | str) -> bytes:
    """One line of a watch."""
    return json.dumps({"type": kind, "object": thing(name, version)}).encode()


def added(name: str, version: int | str) -> bytes:
    return frame("ADDED", name, version)


def end_mark(version: int | str) -> bytes:
    metadata = {
        "resourceVersion": str(version),
        "annotations": {"k8s.io/initial-events-end": "true"},
    }
    return json.dumps({"type": "BOOKMARK", "object": {"metadata": metadata}}).encode()


def bookmark(version: int | str) -> bytes:
    """A BOOKMARK that is no end mark."""
    metadata = {"resourceVersion": str(version)}
    return json.dumps({"type": "BOOKMARK", "object": {"metadata": metadata}}).encode()


def error(code: int, reason: str = "", **details: object) -> bytes:
    """An ERROR line."""
    obj = {"code": code, "reason": reason, "message": f"{code} {reason}", "details": details}
    return json.dumps({"type": "ERROR", "object": obj}).encode()


def page(*names: str, version: int | str = 100, token: str = "") -> bytes:
    """One page of a list."""
    metadata: dict[str, Any] = {"resourceVersion": str(version)}
    if token:
        metadata["continue"] = token
    return json.dumps({"metadata": metadata, "items": [thing(n, 1) for n in names]}).encode()


class Recording:
    """A consumer that writes down what it is given and takes no list that was not begun."""

    def __init__(self) -> None:
        self.lists: list[tuple[str, list[str]]] = []
        """(resourceVersion, names) of each published list."""
        self.changes: list[tuple[str, str]] = []
        self.began: list[float] = []
        self.removed: list[str] = []
        self.abandoned = 0
        self.open: list[str] | None = None

    def list_began(self, server_time: float) -> None:
        self.began.append(server_time)
        self.open = []

    def listed(self, item: Thing) -> bool:
        assert self.open is not None, "an object of a list that has not begun"
        self.open.append(item.metadata.name)
        return bool(item.metadata.name)

    def unlisted(self, item: Thing) -> bool:
        assert self.open is not None, "an object of a list that has not begun"
        self.removed.append(item.metadata.name)
        return bool(item.metadata.name)

    def list_published(self, resource_version: str) -> None:
        assert self.open is not None, "a list published that has not begun"
        self.lists.append((resource_version, self.open))
        self.open = None

    def list_abandoned(self) -> None:
        assert self.open is not None, "a list abandoned that has not begun"
        self.open = None
        self.abandoned += 1

    def changed(self, kind: str, item: Thing) -> bool:
        self.changes.append((kind, item.metadata.name))
        return bool(item.metadata.name)


class Conversation:
    """The protocol, a consumer, and a clock that moves by what the protocol waits."""

    def __init__(
        self, *, uniform: Callable[[], float] = lambda: 0.5, now: float = 1000.0, **options: Any
    ) -> None:
        self.now = now
        self.consumer = Recording()
        self.telemetry = Telemetry()
        self.notes: list[tuple[str, str, dict[str, object]]] = []
        self.requests: list[Request] = []
        self.protocol = ListWatch(
            FrameReader(Thing),
            self.consumer,
            self.telemetry,
            note=lambda *note: self.notes.append(note),
            uniform=uniform,
            **options,
        )

    def ask(self) -> Request:
        """The next request, after its wait."""
        request = self.protocol.next_request()
        self.now += request.wait
        self.requests.append(request)
        return request

    def accept(self) -> Request:
        """The next request, answered by 200 and a body to come."""
        request = self.ask()
        self.protocol.accepted(self.now, SERVER_TIME)
        return request

    def refuse(self, code: int, body: bytes = b"", retry_after: float | None = None) -> Request:
        """The next request, answered by another status; returns the one that follows."""
        self.ask()
        self.protocol.refused(code, body, retry_after, self.now)
        return self.ask()

    def lines(self, *lines: bytes) -> bool:
        """Lines of the open stream."""
        return self.protocol.block(b"".join(line + b"\n" for line in lines), self.now)

    def page(self, body: bytes) -> None:
        """The next request, answered by a page."""
        self.accept()
        self.protocol.page(body, self.now)

    def end(self, *, after: float = 0.0, truncated: bool = False) -> None:
        """The open stream comes to its end, ``after`` seconds."""
        self.now += after
        self.protocol.ended(self.now, truncated=truncated)

    def watching(self, version: int | str = 100) -> Conversation:
        """Goes on to an open watch at ``version``, by way of a list."""
        if self.protocol.phase is Phase.STREAM:
            self.accept()
            self.lines(end_mark(version))
        else:
            self.page(page(version=version))
            self.accept()
        return self

    def failures(self) -> dict[str, int]:
        """The failures so far, without the zeros."""
        return {c.value: n for c in Failure if (n := self.telemetry.failures[c])}

    def relists(self) -> dict[str, int]:
        """The relists so far, without the zeros."""
        return {c.value: n for c in Relist if (n := self.telemetry.relists[c])}
