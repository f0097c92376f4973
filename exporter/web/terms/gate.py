# SPDX-License-Identifier: Apache-2.0
"""Holds clients to the terms: asks for passwords, limits the rate, adds headers."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Self

from aiohttp import web
from aiohttp.typedefs import Handler

from exporter.notes import Note
from exporter.web.listening.files import LOOK_SECONDS
from exporter.web.seldom import Seldom
from exporter.web.terms.current import Current
from exporter.web.terms.passwords import CHALLENGE, BusyError, Passwords
from exporter.web.terms.rate import Bucket
from exporter.web.terms.reading import followed_terms
from exporter.web.terms.usage import WEB, Usage

_BUSY_SECONDS = 5


class Gate(Current):
    """The terms of ``--web.config.file`` as they are now.

    The kubelet knows no password: what is ``open`` asks for none, and is not limited.
    """

    def __init__(
        self,
        path: Path,
        *,
        note: Note,
        usage: Usage = WEB,
        open_: tuple[str, ...] = (),
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        super().__init__(followed_terms(path, note, usage), look_seconds=look_seconds)
        self.passwords = Passwords()
        self._note = note
        self._open = open_
        self._bucket: Bucket | None = None
        self._seldom = Seldom()

    @classmethod
    def of(
        cls, file: str, open_: tuple[str, ...], note: Note, *, usage: Usage = WEB
    ) -> Self | None:
        """That of a file; None where there is none."""
        return cls(Path(file), open_=open_, note=note, usage=usage) if file else None

    async def pass_(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """What the handler answers, to who may ask."""
        resource = request.match_info.route.resource
        if resource is not None and resource.canonical in self._open:
            return await handler(request)
        if seconds := self._seconds_to_wait():
            return web.Response(
                text="too many requests: see rate_limit in --web.config.file\n",
                status=429,
                headers={"Retry-After": str(math.ceil(seconds))},
            )
        users = self.terms.users
        if users:
            given = request.headers.getall("Authorization", [])
            try:
                known = len(given) == 1 and await self.passwords.fit(
                    users, given[0], request.remote or ""
                )
            except BusyError:
                return web.Response(
                    text="too many passwords wait to be tried\n",
                    status=503,
                    headers={"Retry-After": str(_BUSY_SECONDS)},
                )
            if not known:
                return self._unknown(request, asked=bool(given))
        return await handler(request)

    def _seconds_to_wait(self) -> float:
        rate = self.terms.rate
        if rate is None:
            self._bucket = None
            return 0.0
        if self._bucket is None or self._bucket.rate != rate:
            self._bucket = Bucket(rate)
        return self._bucket.take()

    def _unknown(self, request: web.Request, *, asked: bool) -> web.Response:
        if asked and (times := self._seldom.due("unknown")):
            fields: dict[str, object] = {"from": request.remote or "", "times": times}
            self._note("warning", "a request had no valid user and password", fields)
        return web.Response(
            text="no valid user and password\n",
            status=401,
            headers={"WWW-Authenticate": CHALLENGE},
        )
