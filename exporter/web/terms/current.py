# SPDX-License-Identifier: Apache-2.0
"""Terms of a listener as they are at each moment: read anew when their files change."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from typing import NoReturn

from aiohttp import web

from exporter.web.listening import Followed
from exporter.web.listening.files import LOOK_SECONDS
from exporter.web.terms.reading import Terms
from exporter.web.terms.security import ServerContext, narrowed, refusal


class Current:
    """The terms that ``followed`` reads."""

    def __init__(self, followed: Followed[Terms], *, look_seconds: float = LOOK_SECONDS) -> None:
        self._followed = followed
        self._look_seconds = look_seconds

    @property
    def terms(self) -> Terms:
        """Those of this moment. There are none before ``load``."""
        return self._followed.value

    async def load(self) -> None:
        """Read them for the first time; raises ``FileError``."""
        await self._followed.load()

    async def look(self) -> None:
        """Read them anew if there is something new."""
        await self._followed.look()

    async def follow(self, *, changed: Callable[[], None], ended: Callable[[], None]) -> NoReturn:
        """Read them anew when they change, for ever; ``changed`` is told of it, and ``ended`` when
        who was let in before could be refused now.
        """
        while True:
            await asyncio.sleep(self._look_seconds)
            before = self.terms
            await self.look()
            if self.terms is not before:
                changed()
            if narrowed(before.context, self.terms.context):
                ended()

    def context(self) -> ssl.SSLContext | None:
        """The TLS of a new connection; None is none."""
        return self.terms.context

    def refusal(self, tls: ssl.SSLObject) -> str:
        """Why this client is not let in after a handshake that went well, ``""`` if it is."""
        began = tls.context
        # A client can take its time for a handshake, and whoever ends connections sees none yet.
        if isinstance(began, ServerContext) and narrowed(began, self.terms.context):
            return "the terms have changed since its handshake began"
        return refusal(tls)

    def outdated(self, request: web.BaseRequest) -> bool:
        """Whether the handshake of its connection was on other terms."""
        transport = request.transport
        return transport is not None and (
            transport.get_extra_info("sslcontext") is not self.terms.context
        )
