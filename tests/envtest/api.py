# SPDX-License-Identifier: Apache-2.0
"""A plain client of one API server: one request, one connection, one JSON answer."""

from __future__ import annotations

import http.client
import json
import ssl
from pathlib import Path
from typing import Any

Json = dict[str, Any]

_REQUEST_TIMEOUT = 30.0


class ApiError(Exception):
    """The server refused: its HTTP status and its own words."""

    def __init__(self, status: int, message: str) -> None:
        """Keep both; `status` is what tests compare."""
        super().__init__(f"{status}: {message}")
        self.status = status


class ApiClient:
    """Requests to an API server on loopback under one bearer token.

    No environment (proxies, kubeconfig) is looked at, and nothing is retried.
    """

    def __init__(self, port: int, ca_file: Path, token: str) -> None:
        """Trust `ca_file` alone, send `token` with each request."""
        self._port = port
        self._tls = ssl.create_default_context(cafile=str(ca_file))
        self._token = token

    def request(self, method: str, path: str, body: Json | None = None) -> Json:
        """The decoded answer. A PATCH is a JSON merge patch. ApiError at 400 and above."""
        return _decoded(self._exchange(method, path, body))

    def lines(self, path: str) -> list[Json]:
        """The frames of a watch up to its end, which `timeoutSeconds` in `path` must bound."""
        return [json.loads(line) for line in self._exchange("GET", path).splitlines()]

    def text(self, path: str) -> str:
        """An answer that is no JSON."""
        return self._exchange("GET", path).decode()

    def ready(self) -> bool:
        """Whether the server says that it is ready; False also when nobody answers."""
        try:
            return self._exchange("GET", "/readyz") == b"ok"
        except (OSError, http.client.HTTPException, ApiError):
            return False

    def _exchange(self, method: str, path: str, body: Json | None = None) -> bytes:
        patch = "application/merge-patch+json"
        headers = {
            "Authorization": f"Bearer {self._token}",
            "Content-Type": patch if method == "PATCH" else "application/json",
        }
        connection = http.client.HTTPSConnection(
            "127.0.0.1", self._port, timeout=_REQUEST_TIMEOUT, context=self._tls
        )
        try:
            payload = None if body is None else json.dumps(body)
            connection.request(method, path, payload, headers)
            response = connection.getresponse()
            answer = response.read()
        finally:
            connection.close()
        if response.status >= 400:
            raise ApiError(response.status, answer.decode(errors="replace")[:500])
        return answer


def _decoded(answer: bytes) -> Json:
    decoded = json.loads(answer)
    assert isinstance(decoded, dict)
    return decoded
