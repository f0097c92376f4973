# SPDX-License-Identifier: Apache-2.0
"""Where the demo's notifications arrive: it takes what Alertmanager sends and shows it as text.

It needs nothing but Python: `python inbox.py PORT` prints what arrives.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

_MOST_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Message:
    """One notification, as its reader would see it."""

    receiver: str
    """That of the Alertmanager configuration; the path of the request."""
    title: str
    text: str

    def __str__(self) -> str:
        lines = self.text.rstrip().splitlines()
        body = "".join(f"  | {line}".rstrip() + "\n" for line in lines)
        return f"-- to {self.receiver}: {self.title}\n{body}"


def message(receiver: str, payload: Any) -> Message:
    """Read what a Slack, PagerDuty or webhook receiver sends; ValueError if it is none of them."""
    match payload:
        case {"attachments": [{"title": str(title), "text": str(text)}, *_]}:
            return Message(receiver, title, text)
        case {"payload": {"summary": str(title), "custom_details": {"text": str(text)}}}:
            return Message(receiver, title, text)
        case {"status": str(status), "alerts": [*alerts], "groupLabels": dict(group)}:
            labels = ", ".join(f"{name}={value}" for name, value in sorted(group.items()))
            return Message(receiver, f"{status}, {len(alerts)} as JSON: {labels}", "")
    raise ValueError("this is no notification")


class Inbox:
    """Listens while it is entered, and hands each message to `deliver`, in a thread of its own."""

    def __init__(
        self, deliver: Callable[[Message], None], host: str = "127.0.0.1", port: int = 0
    ) -> None:
        """OSError where the port is taken."""
        self._server = ThreadingHTTPServer((host, port), _handler(deliver))
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        """Of all receivers; the name of one is the path below it."""
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler(deliver: Callable[[Message], None]) -> type[BaseHTTPRequestHandler]:
    one_at_a_time = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            try:
                if length > _MOST_BYTES:
                    raise ValueError("too long")
                arrived = message(self.path.strip("/"), json.loads(self.rfile.read(length)))
            except ValueError as error:
                self.send_error(400, str(error))
                return
            with one_at_a_time:
                deliver(arrived)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
            """The messages say enough."""

    return Handler


def _main(port: int) -> None:
    """Inside a container: everybody in its network may write."""
    with Inbox(lambda arrived: print(arrived, flush=True), "0.0.0.0", port):  # noqa: S104
        print(f"notifications arrive at port {port}", flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    _main(int(sys.argv[1]))
