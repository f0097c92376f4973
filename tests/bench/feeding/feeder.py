"""The API server of the benchmark: serves prebuilt bytes as fast as the client reads them.

A process of its own, told what to do by JSON lines on standard input and answering each with one
JSON line. Blocking sockets, one thread a connection, ``sendall`` of large prebuilt writes: what it
costs is the kernel's copy, so it is never what is measured. It speaks LIST (pages and whole),
the streamed list (or refuses it with 422, as a server without WatchList) and WATCH of core/v1
events, without compression. Times in answers are CLOCK_MONOTONIC seconds, shared by all processes.
"""

from __future__ import annotations

import argparse
import json
import random
import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.bench.feeding.answers import (
    BOOKMARK,
    STREAM_HEAD,
    gathered,
    interspersed,
    reply,
    status,
)
from tests.bench.feeding.events import (
    FRAMES_PER_WRITE,
    Load,
    again,
    chunked,
    grid_of_marks,
    mixed,
)


@dataclass(slots=True)
class Moments:
    """When the client did what, in CLOCK_MONOTONIC seconds; 0 is never."""

    first_request: float = 0.0
    list_written: float = 0.0
    watch_opened: float = 0.0
    watches: int = 0
    lists: int = 0


@dataclass(slots=True)
class Content:
    """What a list holds, prebuilt: the items of each page of 500, and the same as watch frames."""

    pages: list[bytes] = field(default_factory=list)
    frames: list[bytes] = field(default_factory=list)
    streamed: bool = False
    events: int = 0


class Feeder:
    """The state of the server: its content, the open watch, and what is ready to be streamed."""

    def __init__(self, context: ssl.SSLContext | None) -> None:
        """Listen on a free port of loopback; ``context`` makes it HTTPS."""
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=16)
        self._context = context
        self.port: int = self._listener.getsockname()[1]
        self.content = Content()
        self.moments = Moments()
        self.rv = 1_000
        self.writes: list[bytes] = []
        self.marks: dict[int, int] = {}
        """Which of the writes are marks, and which ones."""
        self.counts: dict[int, int] = {}
        """Of the events that were repeated to this client."""
        self.watch: socket.socket | None = None
        self.watching = threading.Condition()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        """Answer the requests of one connection until it ends; a client's going is no error."""
        try:
            if self._context is not None:
                connection = self._context.wrap_socket(connection, server_side=True)
            with connection:
                buffer = b""
                while True:
                    while b"\r\n\r\n" not in buffer:
                        data = connection.recv(65536)
                        if not data:
                            return
                        buffer += data
                    head, _, buffer = buffer.partition(b"\r\n\r\n")
                    self._answer(connection, head.split(b" ", 2)[1].decode())
        except OSError:
            return

    def _answer(self, connection: socket.socket, target: str) -> None:
        if not self.moments.first_request:
            self.moments.first_request = time.monotonic()
        url = urlsplit(target)
        query = {key: values[-1] for key, values in parse_qs(url.query).items()}
        if url.path != "/api/v1/events":
            reply(connection, 404, status(404, "NotFound", url.path))
        elif query.get("watch", "").lower() not in ("1", "true"):
            self._list(connection, query)
        elif query.get("sendInitialEvents") == "true" and not self.content.streamed:
            reply(connection, 422, status(422, "Invalid", "sendInitialEvents is forbidden"))
        else:
            self._watch(connection, initial=query.get("sendInitialEvents") == "true")

    def _list(self, connection: socket.socket, query: dict[str, str]) -> None:
        """One page (``continue`` is its number), or everything when no limit was asked for."""
        self.moments.lists += 1
        pages = self.content.pages or [b""]
        page = int(query.get("continue", "0"))
        more = b""
        if "limit" not in query:
            page, items = len(pages), b",".join(pages)
        else:
            items = pages[page]
            page += 1
        if page < len(pages):
            more = b',"continue":"%d"' % page
        reply(
            connection,
            200,
            b'{"kind":"EventList","apiVersion":"v1","metadata":{"resourceVersion":"%d"%b},'
            b'"items":[%b]}\n' % (self.rv, more, items),
        )
        if not more:
            self.moments.list_written = time.monotonic()

    def _watch(self, connection: socket.socket, *, initial: bool) -> None:
        """Hold the stream open, after the initial events where asked for, until the client goes."""
        connection.sendall(STREAM_HEAD)
        if initial:
            for write in self.content.frames:
                connection.sendall(write)
            connection.sendall(chunked(BOOKMARK % self.rv))
            self.moments.list_written = time.monotonic()
        with self.watching:
            self.moments.watch_opened = time.monotonic()
            self.moments.watches += 1
            self.watch = connection
            self.watching.notify_all()
        if self._context is None:
            connection.recv(1)  # returns when the client closes
        else:
            threading.Event().wait()  # OpenSSL forbids reading here while another thread writes

    # What the control channel asks for. Each returns the answer's fields.

    def fill(self, load: dict[str, Any], events: int, streamed: bool) -> dict[str, Any]:
        """Build the content of the list: ``events`` events, one occurrence each."""
        made = Load(**load)
        first = self.rv
        self.rv += events
        self.content = Content(streamed=streamed, events=events)
        if streamed:
            chunks = [made.chunk(i, 1, first + i) for i in range(events)]
            self.content.frames = gathered(chunks, FRAMES_PER_WRITE)
        items = [made.item(i, 1, first + i) for i in range(events)]
        self.content.pages = [b",".join(items[at : at + 500]) for at in range(0, events, 500)]
        self.moments = Moments()
        return {"bytes": sum(map(len, self.content.pages))}

    def prepare(
        self,
        load: dict[str, Any],
        events: int,
        *,
        repeats: float = 0.0,
        start: int = 0,
        batch: int = 0,
        marks: int = 0,
    ) -> dict[str, Any]:
        """Build ``events`` frames: new ones from event ``start`` on and a share of repeats.

        Evenly between them so many ``marks``: events that each have a label set of their own.
        """
        answer = self._prepare(load, list(mixed(Load(**load), events, repeats, start)), batch)
        if marks:
            marked = grid_of_marks(marks)
            chunks = [marked.chunk(i, 1, self.rv + 1 + i) for i in range(marks)]
            self.rv += marks
            self.writes, self.marks = interspersed(self.writes, chunks)
        return answer

    def touch(self, load: dict[str, Any], events: int, count: int, step: int = 1) -> dict[str, Any]:
        """Build one frame for each ``step``-th of the first ``events`` events, at ``count``."""
        return self._prepare(load, [(i, count) for i in range(0, events, step)], 0)

    def touch_again(self, load: dict[str, Any], events: int, step: int = 1) -> dict[str, Any]:
        """Build one more repeat of each ``step``-th of the first ``events`` events."""
        order = []
        for i in range(0, events, step):
            self.counts[i] = self.counts.get(i, 1) + 1
            order.append((i, self.counts[i]))
        return self._prepare(load, order, 0)

    def repeat(self, load: dict[str, Any], events: int, first: int, last: int) -> dict[str, Any]:
        """Build ``events`` repeats of events ``first`` to ``last``, all of them known by now.

        Each goes on from the count of the last repeat; other frames are not looked at.
        """
        order = list(again(Load(**load), events, first, last, self.counts))
        return self._prepare(load, order, 0)

    def _prepare(
        self, load: dict[str, Any], order: list[tuple[int, int]], batch: int
    ) -> dict[str, Any]:
        made = Load(**load)
        chunks = [made.chunk(i, count, self.rv + at) for at, (i, count) in enumerate(order, 1)]
        self.rv += len(order)
        self.writes, self.marks = gathered(chunks, batch or FRAMES_PER_WRITE), {}
        return {"frames": len(order), "bytes": sum(map(len, self.writes))}

    def stream(self, rate: float = 0.0) -> dict[str, Any]:
        """Write what is prepared to the open watch; answered when the last byte is written.

        ``rate`` (writes a second) spaces them as independent arrivals are: exponential gaps.
        ``marked`` in the answer is when each mark was written.
        """
        with self.watching:
            self.watching.wait_for(lambda: self.watch is not None, timeout=60)
        assert self.watch is not None, "no watch was opened within a minute"
        send, dice = self.watch.sendall, random.Random(1)
        began = due = time.monotonic()
        marked = [0.0] * len(self.marks)
        for at, write in enumerate(self.writes):
            if rate:
                due += dice.expovariate(rate)
                time.sleep(max(0.0, due - time.monotonic()))
            if at in self.marks:
                marked[self.marks[at]] = time.monotonic()
            send(write)
        return {"began": began, "ended": time.monotonic(), "marked": marked}

    def wait_watch(self, timeout: float = 120.0) -> dict[str, Any]:
        """Wait until a watch is open; answers with the moments so far."""
        with self.watching:
            self.watching.wait_for(lambda: self.watch is not None, timeout)
        return asdict(self.moments)

    def forget(self) -> dict[str, Any]:
        """Begin anew for the next client: no watch, no moments; what is prepared stays so."""
        self.watch, self.moments, self.counts = None, Moments(), {}
        return {}


def main() -> None:
    """Serve until standard input ends; the first line out says the port."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--certificate", help="PEM with key and certificate: serve HTTPS")
    arguments = parser.parse_args()
    context = None
    if arguments.certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(arguments.certificate)
    feeder = Feeder(context)
    commands: dict[str, Callable[..., dict[str, Any]]] = {
        "fill": feeder.fill,
        "prepare": feeder.prepare,
        "touch": feeder.touch,
        "touch_again": feeder.touch_again,
        "repeat": feeder.repeat,
        "stream": feeder.stream,
        "wait_watch": feeder.wait_watch,
        "forget": feeder.forget,
    }
    print(json.dumps({"port": feeder.port}), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        print(json.dumps(commands[request.pop("do")](**request)), flush=True)


if __name__ == "__main__":
    main()
