# SPDX-License-Identifier: Apache-2.0
"""Exporters of audit events with the accounts, users and arguments of deploy/kustomize."""

from __future__ import annotations

import http.client
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
from pathlib import Path

import pytest
import trustme

from tests.envtest.exporter_process import RunExporter
from tests.envtest.installed import AUDIT_ACCOUNTS, Installed
from tests.envtest.kustomized import templates
from tests.unit.audit.events import body, event, line

pytestmark = [pytest.mark.envtest, pytest.mark.timeout(180)]

_RECEIVING = re.compile(r'msg="receiving audit events" .*address=\S+:(\d+)')


@pytest.mark.parametrize("installed", ["overlays/audit"], indirect=True)
def test_an_account_without_rights_is_enough_for_an_audit_log(
    installed: Installed, tmp_path: Path, run_exporter: RunExporter
) -> None:
    """With the arguments of the DaemonSet."""
    account = AUDIT_ACCOUNTS["overlays/audit"]
    flags = installed.flags(account[1], tmp_path)
    exporter = run_exporter(installed.kubeconfig(tmp_path, account), *flags)
    # A log that comes later is read from its beginning.
    (tmp_path / "audit" / "audit.log").write_bytes(line())
    exporter.wait_for_value("kube_event_metrics_audit_records_total", source="log")


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("setpriv"), reason="needs root, setpriv")
@pytest.mark.parametrize("installed", ["overlays/audit"], indirect=True)
def test_root_without_capabilities_reads_the_log_and_the_usual_user_does_not(
    installed: Installed, tmp_path: Path
) -> None:
    """A log as an API server makes it, of mode 0600 in a directory of mode 0700."""
    users = [
        pod["spec"]["securityContext"]["runAsUser"] for _, pod in templates(installed.documents)
    ]
    assert sorted(users) == [0, 65532]
    directory = tmp_path / "audit"
    directory.mkdir(mode=0o700)
    log = directory / "audit.log"
    log.touch(mode=0o600)
    log.write_bytes(line())
    for user in users:
        bare = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"]
        bare += ["--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"]
        read = subprocess.run([*bare, "cat", str(log)], capture_output=True, check=False)
        assert (user, read.stdout) == (user, b"" if user else line())
        if not user:
            check = [
                *(sys.executable, "-m", "exporter", "check"),
                "--audit.only",
                f"--audit.log.path={log}",
            ]
            done = subprocess.run([*bare, *check], capture_output=True, text=True, check=False)
            assert f"ok    audit.log.path: {log}" in done.stdout


@pytest.mark.parametrize("installed", ["overlays/audit-webhook"], indirect=True)
def test_an_account_without_rights_is_enough_for_an_audit_webhook(
    installed: Installed, tmp_path: Path, run_exporter: RunExporter
) -> None:
    """With the arguments of the Deployment and files by the names that a Secret of TLS has."""
    account = AUDIT_ACCOUNTS["overlays/audit-webhook"]
    flags = installed.flags(account[1], tmp_path)
    secret, sender = tmp_path / "audit", tmp_path / "sender.pem"
    authority = trustme.CA()
    name = ".".join((account[1], account[0], "svc"))
    certificate = authority.issue_cert(name)
    authority.cert_pem.write_to_path(str(secret / "ca.crt"))
    certificate.private_key_pem.write_to_path(str(secret / "tls.key"))
    certificate.cert_chain_pems[0].write_to_path(str(secret / "tls.crt"))
    authority.issue_cert("apiserver").private_key_and_cert_chain_pem.write_to_path(str(sender))
    exporter = run_exporter(installed.kubeconfig(tmp_path, account), *flags)
    address = exporter.process.wait_for(
        lambda: _RECEIVING.search(exporter.process.output()), "says where it listens", 30
    )
    trusting = ssl.create_default_context(cafile=str(secret / "ca.crt"))
    with pytest.raises((ssl.SSLError, ConnectionError)):
        _post(int(address[1]), trusting, name)
    trusting.load_cert_chain(sender)
    assert _post(int(address[1]), trusting, name) == 200
    assert exporter.value("kube_event_metrics_audit_records_total", source="webhook") == 1


def _post(port: int, context: ssl.SSLContext, name: str) -> int:
    """Send a batch as an API server does, which knows the exporter by an address."""
    with (
        socket.create_connection(("127.0.0.1", port), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname=name) as secured,
    ):
        batch = body(event())
        head = (
            f"POST /audit/webhook HTTP/1.1\r\nHost: {name}\r\nContent-Length: {len(batch)}\r\n\r\n"
        )
        secured.sendall(head.encode() + batch)
        response = http.client.HTTPResponse(secured)
        response.begin()
        return response.status
