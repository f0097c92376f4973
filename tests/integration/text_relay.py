"""Stands between a Prometheus and its target, and asks for the text format only.

Prometheus before 2.49 asks for OpenMetrics first and cannot be told otherwise; older ones, and
whoever scrapes through a proxy that drops the Accept header, get text.
"""

from __future__ import annotations

import http.client
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

from exporter.web.scrapers import SCRAPE_HEADER


class TextRelay:
    """A context manager: it listens on ``port`` and carries to another one of loopback."""

    def __init__(self, target_port: int) -> None:
        self.content_types: set[str] = set()
        """Of the pages it carried."""
        relay = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                connection = http.client.HTTPConnection("127.0.0.1", target_port, timeout=10)
                try:
                    timeout = self.headers[SCRAPE_HEADER]
                    headers = {"Accept": "text/plain;version=0.0.4", SCRAPE_HEADER: timeout}
                    connection.request("GET", self.path, headers=headers)
                    response = connection.getresponse()
                    body = response.read()
                finally:
                    connection.close()
                content_type = response.headers["Content-Type"]
                relay.content_types.add(content_type)
                self.send_response(response.status)
                self.send_header("Content-Type", content_type)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
                """Nobody reads it."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

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
