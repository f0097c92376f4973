# SPDX-License-Identifier: Apache-2.0
"""Requests of every kind that ends in an audit log in its own way, made of an API server."""

from __future__ import annotations

import base64
import http.client
import json
import random
import ssl
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple, Self

from tests.envtest.api import ApiClient, ApiError
from tests.envtest.cluster import Cluster
from tests.envtest.process import eventually

Json = dict[str, Any]

_READER = [{"apiGroups": [""], "resources": ["*"], "verbs": ["get", "list", "watch"]}]
_WRITER = [{"apiGroups": ["", "apps"], "resources": ["*"], "verbs": ["*"]}]
_UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": base64.b64encode(b"audit events doc").decode(),
    "Sec-WebSocket-Protocol": "v5.channel.k8s.io",
}
_ONE_ID = {"Audit-ID": "chosen-by-a-client"}
_PATIENCE = 30.0
# In the body of an object, so that the log is rotated often: bytes.
_BULK = 3_000


class Ask(NamedTuple):
    """One request."""

    method: str
    path: str
    who: str
    body: Json | None = None
    headers: dict[str, str] | None = None


class Caller:
    """Asks on one connection, made anew where it breaks; what is answered is of no interest."""

    def __init__(self, port: int, ca_file: Path) -> None:
        self.codes: Counter[int] = Counter()
        self._port = port
        self._tls = ssl.create_default_context(cafile=str(ca_file))
        self._connection: http.client.HTTPSConnection | None = None

    def call(self, ask: Ask, token: str) -> None:
        """One that the server was away for counts as 0."""
        if self._connection is None:
            self._connection = http.client.HTTPSConnection(
                "127.0.0.1", self._port, timeout=_PATIENCE, context=self._tls
            )
        patch = "application/merge-patch+json"
        headers = {"Content-Type": patch if ask.method == "PATCH" else "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        body = None if ask.body is None else json.dumps(ask.body)
        try:
            self._connection.request(ask.method, ask.path, body, {**headers, **(ask.headers or {})})
            response = self._connection.getresponse()
            response.read()
            self.codes[response.status] += 1
        except (OSError, http.client.HTTPException):
            self.codes[0] += 1
            self.close()
            return
        if response.status == 101:
            self.close()

    def close(self) -> None:
        """End the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class AuditLoad:
    """Use as ``with``: asks until its end, on some threads, whatever becomes of the API server."""

    def __init__(
        self, cluster: Cluster, tokens: Mapping[str, str], *, seed: int, callers: int, port: int = 0
    ) -> None:
        """``tokens`` are those of ``make_users``; ``port`` is another API server's of it."""
        self._seed = seed
        self._tokens = tokens
        self._ended = threading.Event()
        self._callers = [Caller(port or cluster.port, cluster.ca_file) for _ in range(callers)]
        self._threads = [
            threading.Thread(target=self._ask, args=(number, caller), daemon=True)
            for number, caller in enumerate(self._callers)
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join(2 * _PATIENCE)

    @property
    def codes(self) -> Counter[int]:
        """What was answered so far."""
        return sum((caller.codes for caller in self._callers), Counter())

    def ask_more(self, times: int = 200) -> None:
        """Return when so many more requests were answered."""
        enough = self.codes.total() + times
        eventually(lambda: self.codes.total() >= enough, "more requests are answered")

    def _ask(self, number: int, caller: Caller) -> None:
        rng = random.Random(f"{self._seed} {number}")
        asks = _asks(rng, f"{self._seed}-{number}")
        while not self._ended.is_set():
            ask = next(asks)
            caller.call(ask, self._tokens[ask.who])
            if caller.codes[0] and self._ended.wait(0.01):
                break
        caller.close()


def make_users(cluster: Cluster) -> dict[str, str]:
    """Tokens by name; also the objects that requests need, one of them a pod on a node whose
    kubelet answers nobody.
    """
    admin = cluster.admin
    for namespace in ("audited", "audited-2"):
        admin.request("POST", "/api/v1/namespaces", {"metadata": {"name": namespace}})
    path = "/api/v1/namespaces/audited/serviceaccounts"
    admin.request("POST", path, {"metadata": {"name": "default"}})
    tokens = {
        "admin": cluster.admin_token,
        "reader": cluster.service_account("audited", "reader", _READER),
        "writer": cluster.service_account("audited", "writer", _WRITER),
        "visitor": cluster.service_account("audited", "visitor", []),
        "controller": _controller(cluster),
        "nobody": "",
        "forger": "no-token-of-anybody",
    }
    _make_node(admin)
    return tokens


def _controller(cluster: Cluster) -> str:
    def made() -> bool:
        with suppress(ApiError):
            return bool(cluster.admin.request("GET", "/api/v1/namespaces/kube-system"))
        return False

    eventually(made, "the API server has made kube-system")
    return cluster.service_account("kube-system", "audited-controller", _WRITER)


def _make_node(admin: ApiClient) -> None:
    addresses = [{"type": "InternalIP", "address": "127.0.0.1"}]
    status = {"addresses": addresses, "daemonEndpoints": {"kubeletEndpoint": {"Port": 1}}}
    node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "node-1"}, "status": status}
    admin.request("POST", "/api/v1/nodes", node)
    for name, where in (("placed", {"nodeName": "node-1"}), ("unplaced", {})):
        admin.request("POST", "/api/v1/namespaces/audited/pods", _pod(name, **where))


def _pod(name: str, **spec: Any) -> Json:
    containers = [{"name": "c", "image": "registry.example/app:1"}]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name},
        "spec": {"containers": containers, **spec},
    }


def _map(name: str, rng: random.Random) -> Json:
    bulk = "x" * rng.randint(0, _BULK)
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}}
    return {**body, "data": {"bulk": bulk}}


def _asks(rng: random.Random, caller: str) -> Iterator[Ask]:
    """Endless; names are this caller's own, so that what is answered depends on nobody else."""
    number = 0
    while True:
        number += 1
        yield from rng.choice(_KINDS)(rng, f"o-{caller}-{number}")


def _writes(rng: random.Random, name: str) -> Iterator[Ask]:
    space = rng.choice(["audited", "audited-2"])
    maps = f"/api/v1/namespaces/{space}/configmaps"
    who = rng.choice(["admin", "writer", "controller"])
    yield Ask("POST", maps, who, _map(name, rng))
    yield Ask("POST", maps, who, _map(name, rng))  # 409
    yield Ask("GET", f"{maps}/{name}", who)
    yield Ask("PUT", f"{maps}/{name}", who, _map(name, rng))
    yield Ask("PATCH", f"{maps}/{name}", who, {"data": {"a": "b"}})
    yield Ask("DELETE", f"{maps}/{name}", who)


def _reads(rng: random.Random, name: str) -> Iterator[Ask]:
    space = rng.choice(["audited", "audited-2"])
    who = rng.choice(["admin", "reader", "controller"])
    what = rng.choice(["configmaps", "secrets", "services", "pods", "events"])
    yield Ask("GET", f"/api/v1/namespaces/{space}/{what}", who)
    yield Ask("GET", f"/api/v1/namespaces/{space}/{what}/{name}", who)  # 404
    yield Ask("GET", f"/api/v1/{what}?limit=5", who)


def _denied(rng: random.Random, name: str) -> Iterator[Ask]:
    space = "/api/v1/namespaces/audited"
    yield Ask("GET", f"{space}/{rng.choice(['secrets', 'pods'])}", "visitor")
    yield Ask("POST", f"{space}/configmaps", "visitor", _map(name, rng))
    yield Ask("GET", f"{space}/pods?watch=1&timeoutSeconds=1", "visitor")
    # By admission: there is no such service account.
    yield Ask("POST", f"{space}/pods", "admin", _pod(name, serviceAccountName="absent"))


def _unknown(rng: random.Random, name: str) -> Iterator[Ask]:
    who = rng.choice(["admin", "visitor"])
    yield Ask("GET", "/apis/nope/v1/foos", who)
    yield Ask("GET", f"/apis/nope.example.org/v1/namespaces/audited/foos/{name}", who)
    yield Ask("GET", f"/{name[:3]}", who)
    yield Ask("OPTIONS", "/api/v1/namespaces/audited/pods", "admin")


def _strangers(rng: random.Random, name: str) -> Iterator[Ask]:
    who = rng.choice(["nobody", "forger"])
    yield Ask("GET", "/api/v1/namespaces/audited/pods", who)
    yield Ask("GET", "/api/v1/pods?watch=1&timeoutSeconds=1", who)
    yield Ask("GET", f"/apis/invented/v1/{name}", who)
    yield Ask("POST", "/api/v1/namespaces/audited/configmaps", who, _map(name, rng))
    yield Ask("GET", "/version", who)
    # Refused before it is known who asks.
    yield Ask("GET", "/api/v1/nodes?timeout=soon", "admin")


def _watches(rng: random.Random, _name: str) -> Iterator[Ask]:
    who, what = rng.choice(["reader", "controller"]), rng.choice(["pods", "configmaps"])
    if rng.random() < 0.2:  # they take their time
        yield Ask("GET", f"/api/v1/namespaces/audited/{what}?watch=1&timeoutSeconds=1", who)


def _sessions(rng: random.Random, _name: str) -> Iterator[Ask]:
    pods = "/api/v1/namespaces/audited/pods"
    who = rng.choice(["admin", "writer"])
    for pod in ("placed", "unplaced", "absent"):
        yield Ask("GET", f"{pods}/{pod}/exec?command=id&stdout=1", who, headers=_UPGRADE)
        yield Ask("POST", f"{pods}/{pod}/exec?command=id&stdout=1", who)
        yield Ask("GET", f"{pods}/{pod}/attach?stdout=1", who, headers=_UPGRADE)
        yield Ask("GET", f"{pods}/{pod}/log?container=c", who)
        yield Ask("GET", f"{pods}/{pod}/proxy/", who)
    yield Ask("GET", f"{pods}/placed/portforward?ports=80", who, headers=_UPGRADE)
    yield Ask("GET", "/api/v1/nodes/node-1/proxy/healthz", "admin")


def _impersonations(_rng: random.Random, name: str) -> Iterator[Ask]:
    pods = "/api/v1/namespaces/audited/pods"
    as_jane = {"Impersonate-User": "jane"}
    yield Ask("GET", pods, "admin", headers=as_jane)  # jane may not
    masters = {**as_jane, "Impersonate-Group": "system:masters"}
    yield Ask("GET", pods, "admin", headers=masters)
    yield Ask("GET", pods, "reader", headers=as_jane)  # the reader may not
    yield Ask("GET", f"{pods}/{name}?watch=1&timeoutSeconds=1", "reader", headers=as_jane)


def _dry_runs(rng: random.Random, name: str) -> Iterator[Ask]:
    maps = "/api/v1/namespaces/audited/configmaps"
    yield Ask("POST", f"{maps}?dryRun=All", "writer", _map(name, rng))
    yield Ask("DELETE", f"/api/v1/namespaces/{name}?dryRun=All", "admin")  # 404


def _same_ids(rng: random.Random, name: str) -> Iterator[Ask]:
    maps = "/api/v1/namespaces/audited/configmaps"
    for _ in range(rng.randint(2, 4)):
        yield Ask("GET", f"{maps}/{name}", "writer", headers=_ONE_ID)


_KINDS: tuple[Callable[[random.Random, str], Iterator[Ask]], ...] = (
    *(_writes, _writes, _writes, _reads, _reads, _denied, _unknown, _strangers, _watches),
    *(_sessions, _impersonations, _dry_runs, _same_ids),
)
