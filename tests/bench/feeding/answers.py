"""The bytes of an API server's answers, and how they are cut into writes."""

from __future__ import annotations

import json
import socket

BOOKMARK = (
    b'{"type":"BOOKMARK","object":{"kind":"Event","apiVersion":"v1","metadata":{'
    b'"resourceVersion":"%d","annotations":{"k8s.io/initial-events-end":"true"}},'
    b'"involvedObject":{},"source":{},"firstTimestamp":null,"lastTimestamp":null,'
    b'"eventTime":null,"reportingComponent":"","reportingInstance":""}}\n'
)
STREAM_HEAD = (
    b"HTTP/1.1 200 OK\r\nCache-Control: no-cache, private\r\n"
    b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
)


def gathered(chunks: list[bytes], size: int) -> list[bytes]:
    """So many chunks in one write."""
    return [b"".join(chunks[at : at + size]) for at in range(0, len(chunks), size)]


def interspersed(writes: list[bytes], marks: list[bytes]) -> tuple[list[bytes], dict[int, int]]:
    """The writes with the marks evenly among them, and at which place each mark stands."""
    gap = len(writes) // len(marks)
    every: list[bytes] = []
    places = {}
    for number, mark in enumerate(marks):
        every += writes[number * gap : (number + 1) * gap]
        places[len(every)] = number
        every.append(mark)
    return every + writes[len(marks) * gap :], places


def status(code: int, reason: str, message: str) -> bytes:
    """The body of a refusal."""
    return json.dumps(
        {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": message,
            "reason": reason,
            "code": code,
        }
    ).encode()


def reply(connection: socket.socket, code: int, body: bytes) -> None:
    """A whole answer."""
    connection.sendall(
        b"HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        % (code, len(body))
        + body
    )
