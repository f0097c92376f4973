# SPDX-License-Identifier: Apache-2.0
"""A kube-apiserver as far as a client of core/v1 Events and of Leases can see, on loopback.

HTTP/1.1 without TLS. It can be scripted to misbehave (see faults), and waited for.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from aiohttp import web

from exporter.demo.faults import Script, StreamFault
from exporter.demo.server import responses
from exporter.demo.server.leases_api import LeasesApi
from exporter.demo.server.request_log import SeenRequest

_PATIENCE = 5.0  # seconds that a condition is waited for


class ApiServer(LeasesApi):
    """One API server: it listens, can be killed and started again, and keeps its URL then.

    See EventsApi for its settings.
    """

    _runner: web.AppRunner | None = None
    _host, _port = "127.0.0.1", 0

    @property
    def url(self) -> str:
        """Where it listens, once it has been started; it stays the same over stop and start."""
        return f"http://{self._host}:{self._port}"

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen; port 0 is any free one, or on a restart the one it had. OSError if taken."""
        app = web.Application()
        app.router.add_routes(self.routes())
        app.on_response_prepare.append(_without_server_header)
        # A watch whose client has gone must end at once, not at its next event.
        self._runner = web.AppRunner(
            app, access_log=None, handler_cancellation=True, shutdown_timeout=1.0
        )
        self._unsubscribe = self.store.subscribe(self._wake)  # the store may outlive this server
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port or self._port).start()
        self._host, self._port = self._runner.addresses[0][:2]

    async def stop(self) -> None:
        """Go away as a killed server does: connections are cut, nothing is ended in order."""
        if self._runner is None:
            return
        runner, self._runner = self._runner, None
        self._unsubscribe()
        for site in list(runner.sites):
            await site.stop()
        server = runner.server
        _cut(server)
        # Handlers end by the loss of their connection; cleanup() would wait for them in vain.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE):
                while server is not None and server.connections:  # noqa: ASYNC110 (no event)
                    await asyncio.sleep(0)
        await runner.cleanup()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.stop()

    def drop_connections(self) -> None:
        """Cut every open connection and go on listening."""
        _cut(self._runner.server if self._runner else None)

    def kubeconfig(self, path: Path) -> None:
        """Write a kubeconfig that points here, for its owner's eyes (OSError where that fails)."""
        path.touch(mode=0o600)
        path.write_text(responses.kubeconfig(self.url, self.token), encoding="utf-8")

    def on_list(self, *scripts: Script) -> None:
        """Queue what goes wrong with the next LIST requests, a page each."""
        self.list_faults.extend(scripts)

    def on_watch(self, *scripts: Script) -> None:
        """Queue what goes wrong with the next WATCH requests."""
        self.watch_faults.extend(scripts)

    def on_lease(self, *scripts: Script) -> None:
        """Queue what goes wrong with the next requests about Leases."""
        self.lease_faults.extend(scripts)

    def break_watches(self, *faults: StreamFault) -> None:
        """Let these strike every open watch, from its next frame on."""
        for stream in self._watches.values():
            stream.add(faults)

    def send_bookmarks(self) -> None:
        """Send a bookmark now to every open watch that allows them."""
        for watch in self._watches:
            watch.ask_for_bookmark()

    @property
    def open_watches(self) -> int:
        """How many watches are being served."""
        return len(self._watches)

    def all_sent(self, watches: int = 1) -> bool:
        """Whether exactly so many watches are open and everything has been sent to each."""
        position = self.store.position()
        return len(self._watches) == watches and all(w.position == position for w in self._watches)

    async def wait_for_request(
        self,
        predicate: Callable[[SeenRequest], bool],
        *,
        count: int = 1,
        patience: float = _PATIENCE,
    ) -> SeenRequest:
        """The `count`-th request that `predicate` picks, once it is there; else TimeoutError."""
        found: list[SeenRequest] = []

        def enough() -> bool:
            found[:] = filter(predicate, self.requests)
            return len(found) >= count

        await self._changed.until(enough, patience)
        return found[count - 1]

    async def wait_for_watches(self, count: int = 1, *, patience: float = _PATIENCE) -> None:
        """Return once exactly `count` watches are open and everything has been sent to each."""
        await self._changed.until(lambda: self.all_sent(count), patience)

    def _wake(self) -> None:
        for watch in self._watches:
            watch.wake()


def _cut(server: web.Server | None) -> None:
    for connection in server.connections if server else ():
        if connection.transport is not None:
            connection.transport.abort()


async def _without_server_header(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers.popall("Server", None)
