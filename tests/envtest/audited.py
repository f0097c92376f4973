# SPDX-License-Identifier: Apache-2.0
"""An API server that writes its audit log and sends it too, by the files of deploy/audit."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Sequence
from copy import copy
from pathlib import Path
from typing import Any, Self

import trustme
import yaml

from tests.envtest.api import ApiClient
from tests.envtest.assets import Assets
from tests.envtest.cluster import Cluster

SHIPPED = Path(__file__).parents[2] / "deploy" / "audit"
SERVER_NAME = "kube-event-metrics-audit.kube-event-metrics.svc"

# As little as suits a test: batches of a second, tries that begin at once and last for a dozen
# seconds, a new file each megabyte, and no file that is removed, for they are the truth.
_HASTE = (
    "--audit-webhook-batch-max-wait=1s",
    "--audit-webhook-initial-backoff=1s",
    "--audit-log-maxsize=1",
    "--audit-log-maxbackup=0",
)


class AuditConfiguration:
    """What stands in /etc/kubernetes/audit and in /var/log/kubernetes/audit, below ``folder``."""

    def __init__(self, folder: Path) -> None:
        """Make the keys, for both ends, and a token."""
        self._folder = folder
        self.log = folder / "log"
        self.etc = folder / "etc"
        for each in (self.log, self.etc):
            each.mkdir(parents=True)
        self.certificate, self.key = self.etc / "tls.crt", self.etc / "tls.key"
        self.token = self.etc / "token"
        self.token.write_text(secrets.token_hex(16))
        servers = trustme.CA()
        servers.cert_pem.write_to_path(str(self.etc / "ca.crt"))
        serving = servers.issue_cert(SERVER_NAME)
        serving.cert_chain_pems[0].write_to_path(str(self.certificate))
        serving.private_key_pem.write_to_path(str(self.key))
        clients = trustme.CA()
        self.client_ca = self.etc / "client-ca.crt"
        clients.cert_pem.write_to_path(str(self.client_ca))
        client = clients.issue_cert("kube-apiserver")
        client.cert_chain_pems[0].write_to_path(str(self.etc / "client.crt"))
        client.private_key_pem.write_to_path(str(self.etc / "client.key"))

    def beside(self, folder: Path) -> Self:
        """The same keys for another API server, with a log of its own."""
        other = copy(self)
        other.log, other.etc = folder / "log", folder / "etc"
        shutil.copytree(self.etc, other.etc)
        other.log.mkdir()
        return other

    def receive(self, port: int) -> tuple[str, ...]:
        """The exporter's flags for its listener; who may send is another matter."""
        return (
            f"--audit.webhook.listen-address=127.0.0.1:{port}",
            f"--audit.webhook.tls-cert-file={self.certificate}",
            f"--audit.webhook.tls-key-file={self.key}",
        )

    def by_certificate(self) -> tuple[str, ...]:
        """Its flags for API servers with a certificate."""
        return (f"--audit.webhook.tls-client-ca-file={self.client_ca}",)

    def by_token(self) -> tuple[str, ...]:
        """Its flags for API servers with a token."""
        return (f"--audit.webhook.token-file={self.token}",)

    def follow(self) -> tuple[str, ...]:
        """Its flags for the log."""
        return (f"--audit.log.path={self.log / 'audit.log'}",)

    def flags(
        self, port: int, user: str, *more: str, policy: Path | None = None, region: str = "eu-1"
    ) -> list[str]:
        """The API server's: those of deploy/audit/kubeadm.yaml, in haste.

        Batches go to ``port`` by the kubeconfig of deploy/audit, as ``user`` of it; the policy is
        that of deploy/audit unless another is given.
        """
        path = self.etc / "policy.yaml"
        path.write_bytes((policy or SHIPPED / "policy.yaml").read_bytes())
        kubeconfig = yaml.safe_load(self._here((SHIPPED / "webhook-kubeconfig.yaml").read_text()))
        kubeconfig["current-context"] = user
        # As it stands, but for the port and the region.
        cluster = kubeconfig["clusters"][0]["cluster"]
        cluster["server"] = f"https://127.0.0.1:{port}/audit/{region}/webhook"
        (self.etc / "webhook-kubeconfig.yaml").write_text(yaml.safe_dump(kubeconfig))
        shipped = [f"--{name}={self._here(value)}" for name, value in shipped_flags().items()]
        return [*shipped, *_HASTE, *more]

    def _here(self, text: str) -> str:
        text = text.replace("/etc/kubernetes/audit", str(self.etc))
        return text.replace("/var/log/kubernetes/audit", str(self.log))


def shipped_flags() -> dict[str, str]:
    """The API server's flags in deploy/audit/kubeadm.yaml."""
    kubeadm: dict[str, Any] = yaml.safe_load((SHIPPED / "kubeadm.yaml").read_text())
    return {each["name"]: each["value"] for each in kubeadm["apiServer"]["extraArgs"]}


def audited_cluster(assets: Assets, folder: Path, flags: Sequence[str]) -> Cluster:
    """One that has said nothing about its policy, which it says of a key that it does not know."""
    folder.mkdir()
    cluster = Cluster(assets, folder, flags=flags)
    assert "lenient" not in (folder / "kube-apiserver.log").read_text()
    return cluster


def audit_errors(client: ApiClient) -> dict[str, float]:
    """What the API server itself says it has lost, by plugin."""
    text = client.text("/metrics")
    name = "apiserver_audit_error_total{plugin="
    rows = [line.rpartition(" ") for line in text.splitlines() if line.startswith(name)]
    return {key.split('"')[1]: float(value) for key, _, value in rows if float(value)}
