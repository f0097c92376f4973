# SPDX-License-Identifier: Apache-2.0
"""A control plane for tests: a real etcd and a real kube-apiserver on loopback.

No scheduler, no controllers, no kubelet: the only Events are those a test writes.
"""

from __future__ import annotations

import base64
import http.client
import json
import secrets
import shutil
import signal
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import trustme
import yaml

from tests.envtest.api import ApiClient, ApiError
from tests.envtest.assets import Assets
from tests.envtest.process import ServerProcess

RBAC = "/apis/rbac.authorization.k8s.io/v1"
EVENTS_READER = [{"apiGroups": [""], "resources": ["events"], "verbs": ["list", "watch"]}]

# The least an API server accepts in a TokenRequest (ten minutes).
_TOKEN_LIFETIME = 600

Rules = Sequence[dict[str, Any]]


class Cluster:
    """An API server with RBAC, its store, and what a test does to them."""

    def __init__(
        self,
        assets: Assets,
        directory: Path,
        *,
        event_ttl: str = "1h",
        feature_gates: str = "",
        flags: Sequence[str] = (),
    ) -> None:
        """Start both and wait until the API server is ready.

        `directory` takes data, keys and logs; `event_ttl` is a Go duration; `flags` are more of the
        API server's. An AssertionError with the last log lines when one of them does not start.
        """
        self._assets = assets
        self._directory = directory
        self._event_ttl = event_ttl
        self._feature_gates = feature_gates
        self._flags = flags
        self._etcd_port, self.port = _free_ports(2)
        self.admin_token = secrets.token_hex(16)
        self._write_credentials()
        self.admin = self.client()
        self._apiserver: ServerProcess | None = None
        self._etcd = ServerProcess(self._etcd_command(), directory / "etcd.log")
        try:
            self._etcd.wait_for(self._etcd_answers, "answers", assets.start_timeout)
            self.start_apiserver()
        except BaseException:
            self.stop()
            raise

    @property
    def ca_file(self) -> Path:
        """Who signed the API server's certificate."""
        return self._directory / "ca.pem"

    # The two processes.

    def start_apiserver(self) -> None:
        """Start the API server on its port, over the same store, and wait until it is ready."""
        log = self._directory / "kube-apiserver.log"
        self._apiserver = ServerProcess(self.apiserver_command(*self._flags), log)
        self._apiserver.wait_for(self.admin.ready, "ready", self._assets.start_timeout)

    def stop_apiserver(self) -> None:
        """Kill the API server, as a crash does: every connection is gone at once."""
        if self._apiserver is not None:
            self._apiserver.stop(signal.SIGKILL)

    def end_apiserver(self) -> int:
        """End the API server as Kubernetes does, by SIGTERM; its exit code."""
        assert self._apiserver is not None
        return self._apiserver.stop(signal.SIGTERM, within=60)

    def restart_apiserver(self) -> None:
        """Kill the API server and start it again; also forgets the tokens it has cached."""
        self.stop_apiserver()
        self.start_apiserver()

    def stop(self) -> None:
        """Kill both and remove the data (etcd reserves 128 MB at once); keys and logs stay."""
        self.stop_apiserver()
        self._etcd.stop(signal.SIGKILL)
        shutil.rmtree(self._directory / "etcd", ignore_errors=True)

    # Users.

    def namespace(self, prefix: str = "test-") -> str:
        """Create a namespace of its own for a test and return its name."""
        body = {"metadata": {"generateName": prefix}}
        created = self.admin.request("POST", "/api/v1/namespaces", body)
        return str(created["metadata"]["name"])

    def service_account(
        self, namespace: str, name: str, rules: Rules, *, scope: str = "cluster"
    ) -> str:
        """Create a ServiceAccount that may do what `rules` say, and return a token of it.

        `scope` is "cluster" (ClusterRole) or "namespace" (Role, for its own namespace).
        """
        accounts = f"/api/v1/namespaces/{namespace}/serviceaccounts"
        self.admin.request("POST", accounts, {"metadata": {"name": name}})
        self.grant(namespace, name, rules, scope=scope)
        return self.token(namespace, name)

    def grant(self, namespace: str, name: str, rules: Rules, *, scope: str = "cluster") -> None:
        """Allow a ServiceAccount more, by another role and its binding."""
        subject = {"kind": "ServiceAccount", "name": name, "namespace": namespace}
        if scope == "namespace":
            self.bind(f"{RBAC}/namespaces/{namespace}", "Role", rules, subject)
        else:
            self.bind(RBAC, "ClusterRole", rules, subject)

    def bind(self, path: str, kind: str, rules: Rules, subject: dict[str, str]) -> None:
        """Create a role of `kind` under the API path `path`, and bind it to a subject."""
        role = f"envtest-{secrets.token_hex(4)}"
        body = {"metadata": {"name": role}, "rules": list(rules)}
        self.admin.request("POST", f"{path}/{kind.lower()}s", body)
        binding = {
            "metadata": {"name": role},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": role},
            "subjects": [subject],
        }
        self.admin.request("POST", f"{path}/{kind.lower()}bindings", binding)

    def token(self, namespace: str, name: str, *, bound_to: str | None = None) -> str:
        """A token of a ServiceAccount (TokenRequest).

        `bound_to` names a Secret, made here, whose deletion invalidates the token.
        """
        spec: dict[str, Any] = {"expirationSeconds": _TOKEN_LIFETIME}
        if bound_to is not None:
            secret = self.admin.request(
                "POST", f"/api/v1/namespaces/{namespace}/secrets", {"metadata": {"name": bound_to}}
            )
            uid = secret["metadata"]["uid"]
            bound = {"apiVersion": "v1", "kind": "Secret", "name": bound_to, "uid": uid}
            spec["boundObjectRef"] = bound
        path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token"
        answer = self.admin.request("POST", path, {"spec": spec})
        return str(answer["status"]["token"])

    def client(self, token: str | None = None, *, port: int | None = None) -> ApiClient:
        """A client of this API server: the administrator, or the owner of `token`.

        `port` is another port on loopback that leads here.
        """
        return ApiClient(port or self.port, self.ca_file, token or self.admin_token)

    def kubeconfig(
        self,
        path: Path,
        *,
        token: str | None = None,
        token_file: Path | None = None,
        namespace: str | None = None,
        port: int | None = None,
    ) -> Path:
        """Write a kubeconfig for a token, a file that holds one, or else the administrator.

        Returns its path; `port` as for `client`.
        """
        user = (
            {"token": token or self.admin_token}
            if token_file is None
            else {"tokenFile": str(token_file)}
        )
        server = {
            "server": f"https://127.0.0.1:{port or self.port}",
            "certificate-authority": str(self.ca_file),
        }
        context = {"cluster": "envtest", "user": "envtest"}
        if namespace is not None:
            context["namespace"] = namespace
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "envtest", "cluster": server}],
            "users": [{"name": "envtest", "user": user}],
            "contexts": [{"name": "envtest", "context": context}],
            "current-context": "envtest",
        }
        path.write_text(yaml.safe_dump(config))
        return path

    # The store.

    def compact(self) -> int:
        """Drop the history from before the newest revision from etcd, and return that revision.

        A watch can still begin at it: a stale one must be two writes behind.
        """
        key = base64.b64encode(b"/").decode()
        revision = int(self._etcd_request("/v3/kv/range", {"key": key})["header"]["revision"])
        self._etcd_request("/v3/kv/compaction", {"revision": str(revision), "physical": True})
        return revision

    def _etcd_request(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self._etcd_port, timeout=10)
        try:
            connection.request("POST", path, json.dumps(body))
            response = connection.getresponse()
            answer = response.read()
        finally:
            connection.close()
        if response.status != 200:
            raise ApiError(response.status, answer.decode(errors="replace"))
        decoded = json.loads(answer)
        assert isinstance(decoded, dict)
        return decoded

    def _etcd_answers(self) -> bool:
        try:
            return bool(self._etcd_request("/v3/maintenance/status", {}))
        except (OSError, http.client.HTTPException, ApiError):
            return False

    # How they are started.

    def _write_credentials(self) -> None:
        """Serving certificate, key for ServiceAccount tokens, token file of the administrator."""
        authority = trustme.CA()
        authority.cert_pem.write_to_path(str(self.ca_file))
        serving = authority.issue_cert("127.0.0.1", "localhost")
        serving.private_key_and_cert_chain_pem.write_to_path(str(self._directory / "serving.pem"))
        # Any key pair does: tokens are signed and checked by this one server.
        signer = authority.issue_cert("service-accounts.example")
        signer.private_key_pem.write_to_path(str(self._directory / "service-accounts.key"))
        tokens = f'{self.admin_token},admin,admin,"system:masters"\n'
        (self._directory / "tokens.csv").write_text(tokens)

    def _etcd_command(self) -> list[str]:
        address = f"http://127.0.0.1:{self._etcd_port}"
        return [
            str(self._assets.etcd),
            f"--data-dir={self._directory / 'etcd'}",
            f"--listen-client-urls={address}",
            f"--advertise-client-urls={address}",
            # A member without peers: any free port.
            "--listen-peer-urls=http://127.0.0.1:0",
        ]

    def apiserver_command(self, *flags: str) -> list[str]:
        """How it is started, with `flags` beside."""
        key = self._directory / "service-accounts.key"
        serving = self._directory / "serving.pem"
        command = [
            str(self._assets.kube_apiserver),
            f"--etcd-servers=http://127.0.0.1:{self._etcd_port}",
            "--bind-address=127.0.0.1",
            "--advertise-address=127.0.0.1",
            f"--secure-port={self.port}",
            f"--cert-dir={self._directory / 'certs'}",
            f"--tls-cert-file={serving}",
            f"--tls-private-key-file={serving}",
            "--authorization-mode=RBAC",
            f"--token-auth-file={self._directory / 'tokens.csv'}",
            f"--service-account-key-file={key}",
            f"--service-account-signing-key-file={key}",
            "--service-account-issuer=https://kubernetes.default.svc",
            "--service-cluster-ip-range=10.0.0.0/24",
            f"--event-ttl={self._event_ttl}",
            # History goes when a test says so, not at an arbitrary five minutes.
            "--etcd-compaction-interval=0",
            # Loopback may not be an endpoint of the service `kubernetes`.
            "--endpoint-reconciler-type=none",
        ]
        if self._feature_gates:
            command.append(f"--feature-gates={self._feature_gates}")
        return [*command, *flags]


def _free_ports(count: int) -> list[int]:
    """Ports of loopback that nobody listens on, all open at once so that they differ."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [int(each.getsockname()[1]) for each in sockets]
    finally:
        for each in sockets:
            each.close()
