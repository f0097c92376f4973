"""Over HTTP the server is a kube-apiserver as far as a client of Events can see."""

from __future__ import annotations

from pathlib import Path

import aiohttp
import pytest

from exporter.demo import ApiServer, EventStore
from tests.unit.demo.wire import NOW, event, lines, name_of, rest

EVENTS = "/api/v1/events"


def watch(**query: str) -> dict[str, str]:
    return {"watch": "1", **query}


@pytest.mark.usefixtures("five")
class TestList:
    async def test_items_are_as_the_api_lists_them(self, http: aiohttp.ClientSession) -> None:
        """A list has kind and version, its items have neither."""
        async with http.get(EVENTS) as response:
            body = await response.json()
        assert response.status == 200
        assert response.headers["Content-Type"] == "application/json"
        assert "Date" in response.headers
        assert "Server" not in response.headers
        assert (body["kind"], body["apiVersion"]) == ("EventList", "v1")
        assert body["metadata"] == {"resourceVersion": "6"}
        assert [name_of(item) for item in body["items"]] == list("abcde")
        assert "kind" not in body["items"][0]

    async def test_pages_follow_each_other(
        self, server: ApiServer, http: aiohttp.ClientSession
    ) -> None:
        """Following continue shows all events once; the log knows which page was asked for."""
        names, query = [], {"limit": "2"}
        while True:
            async with http.get(EVENTS, params=query) as response:
                body = await response.json()
            names += [name_of(item) for item in body["items"]]
            if "continue" not in body["metadata"]:
                break
            query["continue"] = body["metadata"]["continue"]
        assert names == list("abcde")
        assert [request.page for request in server.requests] == [1, 2, 3]

    async def test_an_expired_page_is_gone(
        self, store: EventStore, http: aiohttp.ClientSession
    ) -> None:
        """A page after a compaction is an HTTP 410 with a fresh token."""
        async with http.get(EVENTS, params={"limit": "2"}) as response:
            token = (await response.json())["metadata"]["continue"]
        store.create(event("f"), NOW)
        store.compact()
        query = {"limit": "2", "continue": token}
        async with http.get(EVENTS, params=query) as response:
            status = await response.json()
        assert response.status == status["code"] == 410
        assert status["metadata"]["continue"]

    async def test_a_namespace_can_be_listed(self, http: aiohttp.ClientSession) -> None:
        """A namespaced list is of that namespace only."""
        async with http.get("/api/v1/namespaces/default/events") as response:
            assert (await response.json())["items"] == []

    async def test_a_field_selector_is_applied(self, http: aiohttp.ClientSession) -> None:
        """Only what the selector picks is listed."""
        async with http.get(EVENTS, params={"fieldSelector": "metadata.name=c"}) as response:
            assert [name_of(item) for item in (await response.json())["items"]] == ["c"]

    async def test_a_large_list_is_compressed(
        self, store: EventStore, http: aiohttp.ClientSession
    ) -> None:
        """Above 128 KiB a client that takes gzip gets it."""
        store.create(event("large", message="x" * 200_000), NOW)
        async with http.get(EVENTS) as response:
            assert response.headers["Content-Encoding"] == "gzip"
            assert len((await response.json())["items"]) == 6


class TestAccess:
    async def test_a_token_is_asked_for(
        self, server: ApiServer, http: aiohttp.ClientSession
    ) -> None:
        """Without the right token the answer is 401; the log says who brought one."""
        server.token = "secret"
        wrong = {"Authorization": "Bearer wrong"}
        right = {"Authorization": "Bearer secret"}
        statuses = []
        for headers in ({}, wrong, right):
            async with http.get(EVENTS, headers=headers) as response:
                statuses.append(response.status)
        assert statuses == [401, 401, 200]
        assert [request.authorized for request in server.requests] == [False, True, True]
        assert "secret" not in repr(server.requests[-1])

    async def test_a_forbidden_verb_is_named(
        self, server: ApiServer, http: aiohttp.ClientSession
    ) -> None:
        """Where access is refused the answer is 403, and says which verb and where."""
        server.access = lambda verb, _resource, namespace: verb == "list" and namespace == "shop"
        async with http.get("/api/v1/namespaces/shop/events") as response:
            assert response.status == 200
        async with http.get("/api/v1/namespaces/shop/events", params=watch()) as response:
            status = await response.json()
        assert (response.status, status["reason"]) == (403, "Forbidden")
        assert status["message"] == (
            'events is forbidden: User "demo" cannot watch resource "events" in API group ""'
            ' in the namespace "shop"'
        )
        async with http.get(EVENTS) as response:
            assert "at the cluster scope" in (await response.json())["message"]

    @pytest.mark.parametrize("allowed", [True, False])
    async def test_a_review_says_what_is_allowed(
        self, allowed: bool, server: ApiServer, http: aiohttp.ClientSession
    ) -> None:
        """A SelfSubjectAccessReview is answered by the same rule."""
        server.access = lambda verb, resource, _namespace: (
            (verb, resource)
            == (
                "list" if allowed else "watch",
                "events",
            )
        )
        spec = {"resourceAttributes": {"verb": "list", "resource": "events"}}
        url = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
        async with http.post(url, json={"spec": spec}) as response:
            review = await response.json()
        assert response.status == 201
        assert review["status"] == {"allowed": allowed}

    async def test_a_malformed_review_is_a_bad_request(self, http: aiohttp.ClientSession) -> None:
        """What is no review is answered by 400."""
        url = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
        async with http.post(url, json={"spec": "x"}) as response:
            assert response.status == 400

    async def test_the_version_is_told(self, http: aiohttp.ClientSession) -> None:
        """A client that asks which server it speaks to gets an answer."""
        async with http.get("/version") as response:
            assert (await response.json())["gitVersion"] == "v1.36.3"


class TestLifeCycle:
    async def test_a_killed_server_cuts_its_watches(
        self, server: ApiServer, http: aiohttp.ClientSession
    ) -> None:
        """Stopping ends streams abruptly: the client sees a broken one."""
        async with http.get(EVENTS, params=watch()) as response:
            await server.wait_for_watches()
            await server.stop()
            assert await rest(response) == b"<cut>"

    async def test_a_restarted_server_is_at_its_old_place(
        self, five: EventStore, server: ApiServer, http: aiohttp.ClientSession
    ) -> None:
        """It has its URL and its events again, and versions go on."""
        url = server.url
        await server.stop()
        five.create(event("f"), NOW)
        await server.start()
        assert server.url == url
        async with http.get(EVENTS, params=watch(resourceVersion="6")) as response:
            assert name_of((await lines(response, 1))[0]) == "f"

    async def test_connections_can_be_dropped(
        self, server: ApiServer, http: aiohttp.ClientSession
    ) -> None:
        """Open connections are cut while the server goes on listening."""
        async with http.get(EVENTS, params=watch()) as response:
            await server.wait_for_watches()
            server.drop_connections()
            assert await rest(response) == b"<cut>"
        async with http.get(EVENTS) as response:
            assert response.status == 200

    async def test_a_kubeconfig_points_at_it(self, server: ApiServer, tmp_path: Path) -> None:
        """The file names the URL and the token."""
        yaml = pytest.importorskip("yaml")
        server.token = "secret"
        server.kubeconfig(tmp_path / "config")
        config = yaml.safe_load((tmp_path / "config").read_text())
        assert (tmp_path / "config").stat().st_mode & 0o777 == 0o600
        assert config["current-context"] == "demo"
        assert config["clusters"][0]["cluster"] == {"server": server.url}
        assert config["users"][0]["user"] == {"token": "secret"}
        assert config["contexts"][0]["context"] == {"cluster": "demo", "user": "demo"}

    async def test_waiting_for_a_request_gives_up(self, server: ApiServer) -> None:
        """What does not come in time is a TimeoutError."""
        with pytest.raises(TimeoutError):
            await server.wait_for_request(lambda request: request.verb == "list", patience=0.01)

    async def test_a_request_can_be_waited_for(
        self, server: ApiServer, http: aiohttp.ClientSession
    ) -> None:
        """The log hands out the n-th request that is asked for, parsed."""
        for namespace in ("one", "two"):
            async with http.get(f"/api/v1/namespaces/{namespace}/events", params={"limit": "7"}):
                pass
        seen = await server.wait_for_request(lambda request: request.verb == "list", count=2)
        assert (seen.method, seen.namespace, seen.query) == ("GET", "two", {"limit": "7"})
