"""Reviews over HTTP: what is sent, what comes of each answer, and of none."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from exporter.kube.connection import Cluster
from exporter.reviewing import ApiReviewer
from exporter.reviewing import apiserver as module
from exporter.web.reviews import UnansweredError, User
from tests.unit.kube.clusters import Clock, cluster_of
from tests.unit.kube.kubeconfigs import kubeconfig

TOKEN = "h3ld-by-a-scraper"
ANN = User("ann", "u1", ("people", "all"), (("node", ("a", "b")), ("pod", ("p",))))
SPEC = {
    "username": "ann",
    "uid": "u1",
    "groups": ["people", "all"],
    "extra": {"pod": ["p"], "node": ["a", "b"]},
}
Answer = Callable[[], web.Response]


class Api:
    """Answers each question by ``answer``; keeps what it was asked."""

    def __init__(self, cluster: Cluster, clock: Clock) -> None:
        self.answer: Answer = web.Response
        self.asked: list[tuple[str, Any]] = []
        self.credentials: list[str] = []
        self.reviewer = ApiReviewer(cluster, clock=clock)
        self.clock = clock

    async def handle(self, request: web.Request) -> web.Response:
        assert request.method == "POST"
        assert request.headers["Content-Type"] == "application/json"
        self.asked.append((request.path, await request.json()))
        self.credentials.append(request.headers["Authorization"])
        return self.answer()

    def answers(self, code: int = 201, /, **fields: object) -> None:
        """From now on."""
        self.answer = lambda: web.json_response(fields, status=code)


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    clock = Clock()
    (tmp_path / "token").write_text("one")
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = f"http://127.0.0.1:{listening.getsockname()[1]}"
        file = kubeconfig(tmp_path / "k", server=server, user={"tokenFile": "token"})
        cluster = cluster_of(file, clock)
        running = Api(cluster, clock)
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", running.handle)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await runner.setup()
        await web.SockSite(runner, listening).start()
        yield running
        await cluster.close()
        await runner.cleanup()


async def test_a_token_is_reviewed(api: Api) -> None:
    """For the audiences of the API server; the user comes back whole."""
    api.answers(status={"authenticated": True, "user": SPEC, "audiences": ["api"]})
    assert await api.reviewer.who(TOKEN) == ANN
    path, review = api.asked[0]
    assert path == "/apis/authentication.k8s.io/v1/tokenreviews"
    assert review == {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenReview",
        "spec": {"token": TOKEN},
    }


@pytest.mark.parametrize(
    "status", [{"authenticated": False, "error": "invalid bearer token"}, {"error": "x"}, {}]
)
async def test_a_token_of_nobody(api: Api, status: object) -> None:
    api.answers(status=status)
    assert await api.reviewer.who(TOKEN) is None


async def test_a_user_is_handed_on_whole(api: Api) -> None:
    api.answers(status={"allowed": True})
    assert await api.reviewer.may(ANN, "/metrics")
    path, review = api.asked[0]
    assert path == "/apis/authorization.k8s.io/v1/subjectaccessreviews"
    assert review == {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SubjectAccessReview",
        "spec": {
            "user": "ann",
            "uid": "u1",
            "groups": ["people", "all"],
            "extra": {"node": ["a", "b"], "pod": ["p"]},
            "nonResourceAttributes": {"path": "/metrics", "verb": "get"},
        },
    }


@pytest.mark.parametrize(
    "status",
    [
        {"allowed": False},
        {"allowed": False, "evaluationError": "a role is missing"},
        {"allowed": True, "denied": True},
    ],
)
async def test_who_is_not_allowed_may_not(api: Api, status: object) -> None:
    api.answers(status=status)
    assert not await api.reviewer.may(User("bob"), "/metrics")
    assert set(api.asked[0][1]["spec"]) == {"user", "nonResourceAttributes"}


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "no review came back"),
        (b"[]", "no review came back"),
        (b'{"status": {"authenticated": "true"}}', "no review came back"),
        (b"<html>log in</html>", "no review came back"),
        (b"[" * 200_000, "no review came back"),
        (b'{"status": {"authenticated": true}}', "a TokenReview without a user"),
        (b'{"status": {"authenticated": true, "user": {}}}', "a TokenReview without a user"),
        (b" " * 300_000 + b'{"status": {}}', "more than 262144 bytes"),
    ],
)
async def test_what_is_no_review_lets_nobody_in(api: Api, body: bytes, told: str) -> None:
    api.answer = lambda: web.Response(body=body, status=201)
    with pytest.raises(UnansweredError, match=told):
        await api.reviewer.who(TOKEN)


@pytest.mark.parametrize("body", [b"", b"{}", b'{"status": {}}', b'{"status": {"allowed": 1}}'])
async def test_what_is_no_access_review_is_no_right(api: Api, body: bytes) -> None:
    api.answer = lambda: web.Response(body=body, status=201)
    with pytest.raises(UnansweredError, match="no review came back"):
        await api.reviewer.may(ANN, "/metrics")


@pytest.mark.parametrize("status", [403, 404, 409, 422, 429, 500, 503, 302, 204])
async def test_a_refusal_is_told_in_the_server_s_words(api: Api, status: int) -> None:
    """And where it came from."""
    api.answers(status, kind="Status", message="tokenreviews is forbidden")
    with pytest.raises(UnansweredError) as caught:
        await api.reviewer.who(TOKEN)
    told = str(caught.value)
    assert f"/apis/authentication.k8s.io/v1/tokenreviews: HTTP {status}" in told
    assert TOKEN not in told


async def test_refused_credentials_are_read_anew_before_the_next_question(
    api: Api, tmp_path: Path
) -> None:
    """But not with each one: strangers could have us do it all the time."""
    api.answers(401)
    for _ in range(3):
        with pytest.raises(UnansweredError, match="HTTP 401"):
            await api.reviewer.who(TOKEN)
    (tmp_path / "token").write_text("two")
    with pytest.raises(UnansweredError):
        await api.reviewer.who(TOKEN)
    api.clock.now += 10
    api.answers(status={"authenticated": True, "user": SPEC})
    assert await api.reviewer.who(TOKEN) == ANN
    assert api.credentials == ["Bearer one"] * 4 + ["Bearer two"]


async def test_a_server_that_is_silent_is_not_waited_for(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_ANSWER_SECONDS", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        await api.reviewer._cluster.load()
        api.reviewer._cluster.url = f"http://127.0.0.1:{port}"
        with pytest.raises(UnansweredError, match=r"no answer in 0\.05 s"):
            await api.reviewer.who(TOKEN)


async def test_a_server_that_is_away_is_told(tmp_path: Path) -> None:
    """As is a configuration that cannot be used."""
    file = kubeconfig(tmp_path / "k", server="http://127.0.0.1:1")
    for path, told in ((file, "127.0.0.1:1"), (tmp_path / "none", "no such file")):
        cluster = cluster_of(path)
        with pytest.raises(UnansweredError, match=rf"(?i){told}"):
            await ApiReviewer(cluster).who(TOKEN)
        await cluster.close()
