# SPDX-License-Identifier: Apache-2.0
"""A real API server sends its audit events to a webhook with a file of terms, which changes."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.envtest.assets import Assets
from tests.envtest.audited import AuditConfiguration, audit_errors, audited_cluster
from tests.envtest.cluster import Cluster
from tests.envtest.exporter_process import ExporterProcess
from tests.integration.prometheus_server import free_port
from tests.unit.web.web_config import hashed

pytestmark = [pytest.mark.envtest, pytest.mark.timeout(180)]

_PASSWORD = "s3nds-audit-events"
_FILE = f"""\
tls_server_config:
  cert_file: tls.crt
  key_file: tls.key
  client_ca_file: client-ca.crt
  client_auth_type: RequireAndVerifyClientCert
  client_allowed_sans: [NAME]
  min_version: TLS13
basic_auth_users:
  apiserver: {hashed(_PASSWORD)}
"""


def test_an_api_server_with_the_name_and_the_password_is_heard(
    assets: Assets, tmp_path: Path
) -> None:
    """While the file names another it is not, nothing of what it then does is lost, and it is heard
    again without a restart of either.
    """
    configuration = AuditConfiguration(tmp_path / "configuration")
    file = configuration.etc / "webhook.yml"
    file.write_text(_FILE.replace("NAME", "kube-apiserver"))
    port = free_port()
    flags = configuration.flags(port, "certificate")
    kubeconfig = configuration.etc / "webhook-kubeconfig.yaml"
    document = yaml.safe_load(kubeconfig.read_text())
    document["users"][0]["user"] |= {"username": "apiserver", "password": _PASSWORD}
    kubeconfig.write_text(yaml.safe_dump(document))
    exporter = ExporterProcess(
        None,
        tmp_path / "exporter.log",
        "--audit.only",
        f"--audit.webhook.listen-address=127.0.0.1:{port}",
        f"--audit.webhook.config-file={file}",
    )
    cluster: Cluster | None = None
    try:
        cluster = audited_cluster(assets, tmp_path / "cluster", flags)
        namespace = cluster.namespace()

        def create(*numbers: int) -> None:
            for number in numbers:
                body = {"metadata": {"name": f"made-{number}"}}
                path = f"/api/v1/namespaces/{namespace}/configmaps"
                cluster.admin.request("POST", path, body)

        def counted(number: int) -> bool:
            found = exporter.value(
                "kube_audit_requests_total", verb="create", resource="configmaps", user_class="user"
            )
            assert found <= number
            return found == number

        create(*range(3))
        exporter.process.wait_for(lambda: counted(3), "counts three", 30)
        file.write_text(_FILE.replace("NAME", "another"))
        _said(exporter, "files have changed and were read anew", 1)
        create(*range(3, 7))
        _said(exporter, "TLS handshake failed", 1)
        assert counted(3)
        file.write_text(_FILE.replace("NAME", "kube-apiserver"))
        exporter.process.wait_for(lambda: counted(7), "counts all of them", 60)
        assert audit_errors(cluster.admin) == {}
        assert _PASSWORD not in exporter.process.output()
    finally:
        if cluster is not None:
            cluster.stop()
        exporter.stop()


def _said(exporter: ExporterProcess, text: str, times: int) -> None:
    exporter.process.wait_for(
        lambda: exporter.process.output().count(text) >= times, f"says {text!r}", 60
    )
