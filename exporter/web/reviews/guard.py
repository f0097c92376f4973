# SPDX-License-Identifier: Apache-2.0
"""Lets requests in by their bearer token."""

from __future__ import annotations

import re

from aiohttp import web
from aiohttp.typedefs import Handler

from exporter.notes import Note
from exporter.web.reviews.answers import Standing
from exporter.web.reviews.reviews import Reviews, UnansweredError
from exporter.web.reviews.tally import Outcome
from exporter.web.seldom import Seldom

# All that an API server could take for one is of these.
_BEARER = re.compile(r"bearer +([\x21-\x7e]+) *", re.IGNORECASE)
_RETRY_SECONDS = 5


class Guard:
    """Asks ``reviews`` whether whose token it is may get the path that is asked for.

    The kubelet has no token: what is ``open`` asks for none. For what is not there at all one needs
    the right to ``path``, which is that of the metrics: to others all paths look alike.
    """

    def __init__(self, reviews: Reviews, *, path: str, open_: tuple[str, ...], note: Note) -> None:
        self._reviews = reviews
        self._path = path
        self._open = open_
        self._note = note
        self._seldom = Seldom()

    async def pass_(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """What the handler answers, to who may ask."""
        resource = request.match_info.route.resource
        path = self._path if resource is None else resource.canonical
        if path in self._open:
            return await handler(request)
        outcome, refusal = await self._judged(request, path)
        self._reviews.tally.requests[outcome] += 1
        return await handler(request) if refusal is None else refusal

    async def _judged(
        self, request: web.Request, path: str
    ) -> tuple[Outcome, web.StreamResponse | None]:
        token = _token(request)
        if token is None:
            return Outcome.UNAUTHORIZED, self._unauthorized(request)
        try:
            verdict = await self._reviews.verdict(token, path, request.remote or "")
        except UnansweredError as error:
            self._say(request, "error", "a token cannot be reviewed", {"error": str(error)})
            return Outcome.UNAVAILABLE, _unavailable()
        match verdict.standing:
            case Standing.ALLOWED:
                return Outcome.ALLOWED, None
            case Standing.DENIED:
                problem = "a user has no right to get a path"
                self._say(request, "warning", problem, {"user": verdict.user, "path": path})
                return Outcome.FORBIDDEN, _forbidden(verdict.user, path)
            case Standing.UNKNOWN:
                return Outcome.UNAUTHORIZED, self._unauthorized(request)

    def _unauthorized(self, request: web.Request) -> web.Response:
        if "Authorization" in request.headers:
            self._say(request, "warning", "a request had no valid bearer token", {})
        return web.Response(
            text="no valid bearer token\n",
            status=401,
            headers={"WWW-Authenticate": 'Bearer realm="kube-event-metrics"'},
        )

    def _say(
        self, request: web.Request, level: str, problem: str, fields: dict[str, object]
    ) -> None:
        if times := self._seldom.due(problem):
            self._note(level, problem, {"from": request.remote or "", **fields, "times": times})


def _token(request: web.Request) -> str | None:
    given = request.headers.getall("Authorization", [])
    found = _BEARER.fullmatch(given[0]) if len(given) == 1 else None
    return found[1] if found else None


def _forbidden(user: str, path: str) -> web.Response:
    name = user.encode("ascii", "backslashreplace").decode()
    return web.Response(text=f"{name} may not get {path}\n", status=403)


def _unavailable() -> web.Response:
    return web.Response(
        text="the API server could not be asked about the token\n",
        status=503,
        headers={"Retry-After": str(_RETRY_SECONDS)},
    )
