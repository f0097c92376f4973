# SPDX-License-Identifier: Apache-2.0
"""What the demo's API server answers: LIST, WATCH, access reviews, and its refusals.

The answers were recorded from kube-apiserver 1.36.3. Each LIST page and each WATCH first takes its
scripted faults, if there are any.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Sequence

import msgspec
from aiohttp import web

from exporter.demo.faults import (
    ErrorFrame,
    Fault,
    FaultQueue,
    Hang,
    ListGone,
    NoWatchList,
    Status,
)
from exporter.demo.server import responses
from exporter.demo.server.frame_stream import FrameStream, StreamEnded
from exporter.demo.server.request_log import Changed, SeenRequest
from exporter.demo.server.watches import Watch
from exporter.demo.store import EventStore, pages
from exporter.demo.store.list_options import ListOptions
from exporter.demo.store.pages import Scope
from exporter.demo.store.status import (
    CONTINUE_TOO_OLD,
    LIST_TOO_OLD,
    ApiError,
    bad_request,
    expired,
    forbidden,
    unauthorized,
)

Access = Callable[[str, str, str], bool]

_TOKENS_KEPT = 1024
_REQUESTS_KEPT = 10_000
_WATCH_SECONDS = (1800.0, 3600.0)  # a watch without timeoutSeconds lasts as long, at random
_USER = "demo"


def allow_all(*_: str) -> bool:
    """The access rule that refuses nobody."""
    return True


class EventsApi:
    """The request handlers, the settings they follow, and the log of what they were asked.

    `token`: the bearer token to ask for (None: anybody may ask). `access`: whether a verb on a
    resource in a namespace ("" for all) is allowed; it decides access reviews and what is asked.
    `watch_list`: the feature gate of streamed initial events. All may be changed while the server
    runs. `requests` are the last ones, oldest first; `struck` counts the faults that acted, by the
    names of their classes and the codes of those that have one.
    """

    def __init__(
        self,
        store: EventStore,
        *,
        token: str | None = None,
        access: Access = allow_all,
        watch_list: bool = True,
    ) -> None:
        self.store = store
        self.token = token
        self.access = access
        self.watch_list = watch_list
        self._changed = Changed()
        self.requests: deque[SeenRequest] = deque(maxlen=_REQUESTS_KEPT)
        self.list_faults = FaultQueue()
        self.watch_faults = FaultQueue()
        self.struck: Counter[str] = Counter()
        self._page_of: OrderedDict[str, int] = OrderedDict()
        self._watches: dict[Watch, FrameStream] = {}

    def routes(self) -> list[web.RouteDef]:
        """Every path that is answered; any other is a 404."""
        return [
            web.get("/api/v1/events", self._events),
            web.get("/api/v1/namespaces/{namespace}/events", self._events),
            web.post("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", self._access_review),
            web.get("/version", self._version),
        ]

    async def _version(self, request: web.Request) -> web.Response:
        self._note(request, "get", "")
        if not self._authenticated(request):
            return responses.error_response(unauthorized())
        return responses.json_response(responses.VERSION)

    async def _access_review(self, request: web.Request) -> web.Response:
        self._note(request, "create", "")
        if not self._authenticated(request):
            return responses.error_response(unauthorized())
        try:
            review = msgspec.json.decode(await request.read(), type=responses.AccessReview)
        except msgspec.MsgspecError as error:
            return responses.error_response(bad_request(str(error)))
        asked = review.spec.resource_attributes
        allowed = self.access(asked.verb, asked.resource, asked.namespace)
        return responses.access_review(review, allowed=allowed)

    async def _events(self, request: web.Request) -> web.StreamResponse:
        namespace = request.match_info.get("namespace", "")
        is_watch = request.query.get("watch", "") not in ("", "0", "false")
        verb = "watch" if is_watch else "list"
        page = self._page(request.query.get("continue", ""))
        self._note(request, verb, namespace, page)
        queue = self.watch_faults if is_watch else self.list_faults
        streamed = request.query.get("sendInitialEvents") not in (None, "0", "false")
        faults = queue.take(page=page, streamed_list=is_watch and streamed)
        try:
            for fault in faults:
                if isinstance(fault, Status | Hang):
                    self._strike(fault)
                if isinstance(fault, Status):
                    return responses.error_response(fault.error(), fault.body)
                if isinstance(fault, Hang):
                    await asyncio.get_running_loop().create_future()
            self._authorize(request, verb, namespace)
            gate = self.watch_list and not any(isinstance(f, NoWatchList) for f in faults)
            options = ListOptions.parse(request.query, watch_list=gate)
            if options.watch:
                return await self._watch(request, namespace, options, faults)
            return await self._list(request, namespace, options, faults, page)
        except ApiError as error:
            return responses.error_response(error)
        except ConnectionError:
            return web.Response()  # to nobody: the client had gone before its answer began

    async def _list(
        self,
        request: web.Request,
        namespace: str,
        options: ListOptions,
        faults: Sequence[Fault],
        page: int,
    ) -> web.StreamResponse:
        if gone := [fault for fault in faults if isinstance(fault, ListGone)]:
            self._strike(gone[0])
            raise _gone(options.continue_token)
        found = pages.list_page(self.store, namespace, options)
        if found.continue_token:
            self._page_of[found.continue_token] = page + 1
            if len(self._page_of) > _TOKENS_KEPT:
                self._page_of.popitem(last=False)
        if not faults:
            body, headers = responses.compressed(
                request, (found.head(), *found.pieces(), pages.TAIL)
            )
            response = web.StreamResponse(headers=headers)
            await response.prepare(request)
            await response.write(body)
            return response
        response = web.StreamResponse(headers=responses.headers())
        await response.prepare(request)
        stream = FrameStream(request, response, faults, self._strike)
        with contextlib.suppress(StreamEnded, ConnectionError):
            await stream.write(found.head())
            await stream.begin()
            await stream.send(found.pieces())
            await stream.write(pages.TAIL)
        return response

    async def _watch(
        self,
        request: web.Request,
        namespace: str,
        options: ListOptions,
        faults: Sequence[Fault],
    ) -> web.StreamResponse:
        response = web.StreamResponse(headers=responses.headers())
        await response.prepare(request)
        stream = FrameStream(request, response, faults, self._strike)
        watch = Watch(
            self.store,
            Scope(namespace, options.selector),
            options,
            timeout=options.timeout or random.uniform(*_WATCH_SECONDS),
            sent=self._changed.notify,
        )
        self._watches[watch] = stream
        try:
            with contextlib.suppress(StreamEnded, ConnectionError):
                try:
                    await watch.feed(stream)
                except ApiError as error:
                    await stream.write(error.frame())
        finally:
            del self._watches[watch]
            self._changed.notify()
        return response

    def _strike(self, fault: Fault) -> None:
        code = f" {fault.code}" if isinstance(fault, Status | ErrorFrame) else ""
        self.struck[type(fault).__name__ + code] += 1

    def _page(self, token: str) -> int:
        """Which page of its list a request is; a token that was not given out here makes it 2."""
        return self._page_of.get(token, 2) if token else 1

    def _note(self, request: web.Request, verb: str, namespace: str, page: int = 1) -> None:
        self.requests.append(
            SeenRequest(
                method=request.method,
                path=request.path,
                query=dict(request.query),
                verb=verb,
                namespace=namespace,
                page=page,
                authorized="Authorization" in request.headers,
            )
        )
        self._changed.notify()

    def _authenticated(self, request: web.Request) -> bool:
        return self.token is None or request.headers.get("Authorization") == f"Bearer {self.token}"

    def _authorize(
        self,
        request: web.Request,
        verb: str,
        namespace: str,
        resource: str = "events",
        group: str = "",
    ) -> None:
        if not self._authenticated(request):
            raise unauthorized()
        if not self.access(verb, resource, namespace):
            raise forbidden(_USER, verb, namespace, resource, group)


def _gone(token: str) -> ApiError:
    if not token:
        return expired(LIST_TOO_OLD)
    _, start = pages.decode_token(token)
    return expired(CONTINUE_TOO_OLD, pages.encode_token(-1, start))
