from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest

from exporter.kube.connection import Cluster, ClusterChoice
from exporter.kube.telemetry import Failure
from exporter.kube.watcher import Watcher, cause_of
from tests.unit.kube.conversation import Conversation, added, end_mark, error, page
from tests.unit.kube.kubeconfigs import kubeconfig

_KEY: Any = SimpleNamespace(host="k8s.example", port=6443, ssl=True, is_ssl=True)
_OS_ERROR = OSError(111, "refused")
WALL = 1_795_348_800.0


def answer(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    """A whole answer as it goes over the wire; the connection ends behind it."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join((*lines, "", "")).encode() + body


class _Enough(Exception):  # noqa: N818 - no error: the test has seen what it wants
    """Ends the watcher at its first wait."""


@contextlib.asynccontextmanager
async def _saying(*answers: bytes) -> AsyncIterator[str]:
    """A server that gives one of these to each connection, in order; yields its URL."""
    queue = list(answers)

    async def give(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(queue.pop(0) if queue else b"")
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(give, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def told(
    folder: Path, *answers: bytes, streaming: bool = False, **options: Any
) -> Conversation:
    """What the protocol knows when a watcher that got these answers wants to wait."""
    talk = Conversation(streaming=streaming, uniform=lambda: 0.0)

    async def stop(seconds: float) -> None:
        talk.now = seconds
        raise _Enough

    async with _saying(*answers) as url:
        path = kubeconfig(folder / "k", server=url)
        cluster = Cluster(ClusterChoice(str(path)), {})
        watcher = Watcher(
            cluster, "/x", talk.protocol, talk.telemetry, wall=lambda: WALL, sleep=stop, **options
        )
        with pytest.raises(_Enough):
            await watcher.run()
        await cluster.close()
    return talk


class TestAnswers:
    @pytest.mark.parametrize("date", ["Mon, 23 Nov 2026 12:00:00 +99999999999999", "tomorrow"])
    async def test_a_hostile_date_does_not_end_us(self, tmp_path: Path, date: str) -> None:
        """Then our own clock says when the list began."""
        talk = await told(tmp_path, answer(page("a"), f"Date: {date}"))
        assert talk.consumer.lists == [("100", ["a"])]
        assert talk.consumer.began == [WALL]

    @pytest.mark.parametrize("streaming", [True, False])
    async def test_a_portals_page_is_told_as_that(self, tmp_path: Path, streaming: bool) -> None:
        """HTML with status 200 is nothing the API says: no list, no watch, a clear cause."""
        html = answer(b"<html>log in</html>", "Content-Type: text/html; charset=utf-8")
        talk = await told(tmp_path, html, streaming=streaming)
        assert talk.failures() == {"unreadable": 1}
        assert "text/html" in talk.telemetry.last_failure
        assert talk.consumer.began == []

    async def test_a_retry_after_that_is_a_date_is_kept(self, tmp_path: Path) -> None:
        """Forty seconds from the server's own time."""
        headers = (
            "Date: Mon, 23 Nov 2026 10:00:00 GMT",
            "Retry-After: Mon, 23 Nov 2026 10:00:40 GMT",
        )
        talk = await told(tmp_path, answer(b"", *headers, status="503 Busy"))
        assert talk.failures() == {"server_error": 1}
        assert talk.now == 40.0

    async def test_an_endless_refusal_is_not_read_to_its_end(self, tmp_path: Path) -> None:
        """A megabyte of an error page says enough; what is promised beyond it is not waited for."""
        body = b"HTTP/1.1 500 X\r\nContent-Length: 9999999999\r\n\r\n" + b"x" * 1_100_000
        async with asyncio.timeout(10):
            talk = await told(tmp_path, body)
        assert talk.failures() == {"server_error": 1}

    async def test_a_page_beyond_any_size_is_not_held(self, tmp_path: Path) -> None:
        """It is given up at its limit and is no list."""
        talk = await told(tmp_path, answer(page("a" * 5000)), page_limit=4096)
        assert talk.failures() == {"unreadable": 1}
        assert "4096" in talk.telemetry.last_failure
        assert talk.consumer.lists == []
        assert talk.consumer.abandoned == 1

    async def test_an_overlong_line_before_an_error_is_counted(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Though the stream has nothing more to say."""
        monkeypatch.setattr("exporter.framing.LineSplitter.__init__.__defaults__", (300,))
        lines = (end_mark(1), added("a" * 400, 2), error(500, "InternalError"))
        body = b"".join(line + b"\n" for line in lines)
        talk = await told(tmp_path, answer(body), streaming=True)
        assert talk.failures() == {"error_frame": 1}
        assert talk.telemetry.undecodable["overlong"] == 1


def caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


class TestCauseOf:
    @pytest.mark.parametrize(
        ("error", "cause"),
        [
            (aiohttp.ClientConnectorError(_KEY, _OS_ERROR), Failure.REFUSED),
            (aiohttp.ConnectionTimeoutError(), Failure.REFUSED),
            (aiohttp.ClientProxyConnectionError(_KEY, _OS_ERROR), Failure.REFUSED),
            (aiohttp.ClientConnectorDNSError(_KEY, _OS_ERROR), Failure.DNS),
            (aiohttp.ClientConnectorSSLError(_KEY, _OS_ERROR), Failure.TLS),
            (
                aiohttp.ClientConnectorCertificateError(_KEY, ssl.SSLCertVerificationError()),
                Failure.TLS,
            ),
            (ssl.SSLError(1, "bad record"), Failure.TLS),
            (caused(aiohttp.ClientOSError(1, "x"), ssl.SSLError(1, "x")), Failure.TLS),
            (TimeoutError(), Failure.SILENT),
            (aiohttp.SocketTimeoutError(), Failure.SILENT),
            (aiohttp.ClientPayloadError("not completed"), Failure.TRUNCATED),
            (aiohttp.ServerDisconnectedError(), Failure.RESET),
            (aiohttp.ClientOSError(104, "reset"), Failure.RESET),
            (ConnectionResetError(), Failure.RESET),
            (BrokenPipeError(), Failure.RESET),
            (aiohttp.ClientConnectionError("closed"), Failure.RESET),
            (aiohttp.InvalidURL("x"), Failure.OTHER),
            (OSError(5, "I/O"), Failure.OTHER),
        ],
    )
    def test_each_error_has_its_class(self, error: Exception, cause: Failure) -> None:
        """What aiohttp raises is told apart by what an operator would do about it."""
        assert cause_of(error) is cause
