# SPDX-License-Identifier: Apache-2.0
"""Leases of the demo's API server: read, created and updated, as an election needs them.

Each request first takes its scripted faults: a Status or Hang in place of it, or a Reset
after it, so that it was done and its sender does not know.
"""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import msgspec
from aiohttp import web

from exporter.demo.faults import Fault, FaultQueue, Hang, Reset, Status
from exporter.demo.server import responses
from exporter.demo.server.events_api import Access, EventsApi, allow_all
from exporter.demo.store import EventStore
from exporter.demo.store.status import ApiError, bad_request

_RESOURCE = "leases"
_GROUP = "coordination.k8s.io"
_VERBS = {"GET": "get", "POST": "create", "PUT": "update"}
_COLLECTION = f"/apis/{_GROUP}/v1/namespaces/{{namespace}}/leases"


class LeasesApi(EventsApi):
    """The request handlers, with those of Leases; see EventsApi for its settings.

    `leases` has the objects, by namespace and name.
    """

    def __init__(
        self,
        store: EventStore,
        *,
        token: str | None = None,
        access: Access = allow_all,
        watch_list: bool = True,
    ) -> None:
        super().__init__(store, token=token, access=access, watch_list=watch_list)
        self.leases: dict[tuple[str, str], dict[str, Any]] = {}
        self.lease_faults = FaultQueue()

    def routes(self) -> list[web.RouteDef]:
        """Every path that is answered; any other is a 404."""
        return [
            *super().routes(),
            web.post(_COLLECTION, self._leases),
            web.get(_COLLECTION + "/{name}", self._leases, allow_head=False),
            web.put(_COLLECTION + "/{name}", self._leases),
        ]

    async def _leases(self, request: web.Request) -> web.Response:
        verb = _VERBS[request.method]
        namespace = request.match_info["namespace"]
        body = await request.read()
        self._note(request, verb, namespace)
        faults = self.lease_faults.take()
        try:
            await _act_out(faults)
            self._authorize(request, verb, namespace, _RESOURCE, _GROUP)
            found = self._lease(namespace, request.match_info.get("name", ""), verb, body)
        except ApiError as error:
            return responses.error_response(error)
        if any(isinstance(fault, Reset) for fault in faults) and request.transport:
            request.transport.abort()
        return responses.json_response(found, 201 if verb == "create" else 200)

    def _lease(self, namespace: str, name: str, verb: str, body: bytes) -> dict[str, Any]:
        """The Lease after what was asked was done."""
        sent: dict[str, Any] = {} if verb == "get" else _decoded(body)
        metadata: dict[str, Any] = sent.get("metadata") or {}
        key = namespace, name or str(metadata.get("name", ""))
        found = self.leases.get(key)
        if verb == "create":
            if found is not None:
                raise _refusal(409, "AlreadyExists", f'"{key[1]}" already exists')
            return self._stored(key, sent, uid=str(uuid.uuid4()))
        if found is None:
            raise _refusal(404, "NotFound", f'"{name}" not found')
        if verb == "get":
            return found
        if metadata.get("resourceVersion") != found["metadata"]["resourceVersion"]:
            raise ApiError(
                409,
                "Conflict",
                f'Operation cannot be fulfilled on {_RESOURCE}.{_GROUP} "{name}": the object has '
                "been modified; please apply your changes to the latest version and try again",
            )
        return self._stored(key, sent, uid=found["metadata"]["uid"])

    def _stored(self, key: tuple[str, str], lease: dict[str, Any], *, uid: str) -> dict[str, Any]:
        self.store.advance()  # all objects of a cluster share one sequence of versions
        version = str(self.store.revision)
        own = {"namespace": key[0], "name": key[1], "uid": uid, "resourceVersion": version}
        self.leases[key] = {**lease, "metadata": {**lease["metadata"], **own}}
        return self.leases[key]


async def _act_out(faults: tuple[Fault, ...]) -> None:
    for fault in faults:
        if isinstance(fault, Status):
            raise fault.error()
        if isinstance(fault, Hang):
            await asyncio.get_running_loop().create_future()


def _decoded(body: bytes) -> dict[str, Any]:
    try:
        found: dict[str, Any] = msgspec.json.decode(body, type=dict[str, Any])
    except msgspec.MsgspecError as error:
        raise bad_request(str(error)) from error
    return found


def _refusal(code: int, reason: str, what: str) -> ApiError:
    return ApiError(code, reason, f"{_RESOURCE}.{_GROUP} {what}")
