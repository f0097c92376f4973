from __future__ import annotations

import asyncio
import socket
import ssl
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest

from exporter.demo import ApiServer, EventStore
from exporter.kube.telemetry import Failure
from exporter.kube.watcher import _KEEPALIVE, _keep_alive, cause_of

_KEY: Any = SimpleNamespace(host="k8s.example", port=6443, ssl=True, is_ssl=True)
_OS_ERROR = OSError(111, "refused")


def caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


async def keepalive_of_a_watch() -> dict[str, int]:
    """What the kernel was told of the connection that a watch came in on."""
    async with (
        ApiServer(EventStore()) as server,
        aiohttp.ClientSession() as session,
        session.get(f"{server.url}/api/v1/events?watch=1") as response,
    ):
        _keep_alive(response)
        assert response.connection is not None
        assert response.connection.transport is not None
        sock = response.connection.transport.get_extra_info("socket")
        options = {
            name: sock.getsockopt(socket.IPPROTO_TCP, getattr(socket, name))
            for name, _ in _KEEPALIVE
        }
        options["SO_KEEPALIVE"] = sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    return options


class TestKeepAlive:
    @pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
    def test_a_half_open_connection_is_probed(self, loop: str) -> None:
        """On both event loops: a peer that is gone without a word is noticed in a minute."""
        factory = pytest.importorskip("uvloop").new_event_loop if loop == "uvloop" else None
        with asyncio.Runner(loop_factory=factory) as runner:
            options = runner.run(keepalive_of_a_watch())
        assert options == {
            "SO_KEEPALIVE": 1,
            "TCP_KEEPIDLE": 30,
            "TCP_KEEPINTVL": 10,
            "TCP_KEEPCNT": 3,
        }


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
