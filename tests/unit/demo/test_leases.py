"""Leases over HTTP, as an election needs them."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

from exporter.demo import ApiServer
from exporter.demo.faults import Reset, Status

LEASES = "/apis/coordination.k8s.io/v1/namespaces/monitoring/leases"
ONE = f"{LEASES}/one"


def lease(holder: str, **metadata: Any) -> dict[str, Any]:
    return {"metadata": {"name": "one", **metadata}, "spec": {"holderIdentity": holder}}


async def ask(
    http: aiohttp.ClientSession, method: str, path: str, body: dict[str, Any] | None = None
) -> tuple[int, dict[str, Any]]:
    async with http.request(method, path, json=body) as response:
        return response.status, await response.json()


async def test_a_lease_is_created_and_read(http: aiohttp.ClientSession) -> None:
    """With a uid and a version of the cluster's one sequence; before that it is not found."""
    status, body = await ask(http, "GET", ONE)
    assert (status, body["reason"]) == (404, "NotFound")
    status, created = await ask(http, "POST", LEASES, lease("a"))
    assert status == 201
    assert created["metadata"]["uid"]
    assert created["metadata"]["namespace"] == "monitoring"
    assert await ask(http, "GET", ONE) == (200, created)


async def test_it_is_created_once(http: aiohttp.ClientSession) -> None:
    """Whoever comes second is told that it exists."""
    await ask(http, "POST", LEASES, lease("a"))
    status, body = await ask(http, "POST", LEASES, lease("b"))
    assert (status, body["reason"]) == (409, "AlreadyExists")


async def test_an_update_names_the_version_it_is_of(http: aiohttp.ClientSession) -> None:
    """Any other is a conflict."""
    _, created = await ask(http, "POST", LEASES, lease("a"))
    version = created["metadata"]["resourceVersion"]
    status, updated = await ask(http, "PUT", ONE, lease("b", resourceVersion=version))
    assert status == 200
    assert updated["spec"] == {"holderIdentity": "b"}
    assert updated["metadata"]["uid"] == created["metadata"]["uid"]
    for stale in (version, None):
        status, body = await ask(http, "PUT", ONE, lease("c", resourceVersion=stale))
        assert (status, body["reason"]) == (409, "Conflict")
    assert await ask(http, "GET", ONE) == (200, updated)


async def test_what_is_not_there_is_not_updated(http: aiohttp.ClientSession) -> None:
    """A Lease that was deleted has to be created."""
    status, body = await ask(http, "PUT", ONE, lease("a", resourceVersion="1"))
    assert (status, body["reason"]) == (404, "NotFound")


async def test_rights_are_asked_for(server: ApiServer, http: aiohttp.ClientSession) -> None:
    """By verb, resource and namespace, in the words of the API server."""
    server.access = lambda verb, resource, namespace: (verb, resource) != ("create", "leases")
    assert (await ask(http, "GET", ONE))[0] == 404
    status, body = await ask(http, "POST", LEASES, lease("a"))
    assert status == 403
    assert body["message"] == (
        'leases.coordination.k8s.io is forbidden: User "demo" cannot create resource "leases" '
        'in API group "coordination.k8s.io" in the namespace "monitoring"'
    )


async def test_faults_are_acted_out(server: ApiServer, http: aiohttp.ClientSession) -> None:
    """A Status stands in the place of the answer; a Reset comes after the deed."""
    server.on_lease(Status(503), Reset())
    assert (await ask(http, "POST", LEASES, lease("a")))[0] == 503
    assert server.leases == {}
    with pytest.raises(aiohttp.ClientError):
        await ask(http, "POST", LEASES, lease("a"))
    assert server.leases["monitoring", "one"]["spec"] == {"holderIdentity": "a"}


async def test_what_is_no_object_is_a_bad_request(http: aiohttp.ClientSession) -> None:
    """As any body that cannot be read."""
    async with http.post(LEASES, data=b"<html>") as response:
        assert response.status == 400
