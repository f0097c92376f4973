"""``check`` tries the audit log, certificates and tokens, and needs no cluster for them."""

from __future__ import annotations

from pathlib import Path

import pytest
import trustme

from exporter.cli import main
from tests.unit.audit.events import line
from tests.unit.web.web_config import MUTUAL, TLS, WebConfig, hashed

LEGACY = b'2026-11-22T11:35:18Z AUDIT: id="a" stage="ResponseComplete" response="200"\n'


def said(capsys: pytest.CaptureFixture[str], *flags: str) -> tuple[int, str]:
    """Its exit code, and its lines about audit events and checkpoints."""
    code = main(["check", "--audit.only", *flags])
    rows = capsys.readouterr().out.splitlines()
    return code, "\n".join(row for row in rows if "audit" in row or "checkpoint" in row)


def test_a_log_of_audit_events_is_fine(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One that is not there yet is no reason to fail: API server and exporter start at once."""
    log = tmp_path / "audit.log"
    flags = ("--audit.log.path", str(log))
    assert said(capsys, *flags) == (0, f"warn  audit.log.path: {log} is not there yet")
    log.write_bytes(b"")
    assert said(capsys, *flags) == (0, f"ok    audit.log.path: {log}")
    log.write_bytes(line() * 3)
    assert said(capsys, *flags) == (0, f"ok    audit.log.path: {log}")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (LEGACY, "is of --audit-log-format=legacy; it must be json"),
        (b"hello\n", "does not begin with an audit event as JSON"),
    ],
)
def test_another_log_is_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes, told: str
) -> None:
    """What cannot be counted is said before somebody relies on it."""
    log = tmp_path / "audit.log"
    log.write_bytes(content)
    flags = ("--audit.log.path", str(log))
    assert said(capsys, *flags) == (1, f"FAIL  audit.log.path: {log} {told}")


def test_a_directory_is_no_log(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is the directory that is mounted, and the file that is named."""
    flags = ("--audit.log.path", str(tmp_path))
    assert said(capsys, *flags) == (1, f"FAIL  audit.log.path: {tmp_path} is no file")


def test_certificates_and_tokens_are_tried(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As the listener would read them."""
    ca = trustme.CA()
    issued = ca.issue_cert("localhost")
    cert, key, clients, token = (str(tmp_path / name) for name in ("c.pem", "k.pem", "ca", "t"))
    issued.cert_chain_pems[0].write_to_path(cert)
    issued.private_key_pem.write_to_path(key)
    ca.cert_pem.write_to_path(clients)
    Path(token).write_text("secret\n")
    flags = ["--audit.webhook.listen-address", "127.0.0.1:0"]
    code, told = said(capsys, *flags)
    assert (code, told[:4]) == (0, "warn")
    flags += ["--audit.webhook.tls-cert-file", cert, "--audit.webhook.tls-key-file", key]
    flags += ["--audit.webhook.tls-client-ca-file", clients, "--audit.webhook.token-file", token]
    assert said(capsys, *flags) == (
        0,
        "ok    audit webhook: takes batches of who has a client certificate and a bearer token",
    )
    Path(token).write_text("\n")
    code, told = said(capsys, *flags)
    assert code == 1
    assert told.startswith(f"FAIL  audit webhook: --audit.webhook.token-file: {token}")
    assert "secret" not in told


def test_the_file_of_the_increments_is_tried(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is the only one where no events are watched."""
    path = tmp_path / "c.db"
    flags = ("--audit.log.path", str(tmp_path / "audit.log"), "--checkpoint.path", str(path))
    _, told = said(capsys, *flags)
    assert f"ok    checkpoint: {path}.audit can be made" in told
    assert f"checkpoint: {path} " not in told


def test_the_webhook_s_own_file_is_tried(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It says what a client needs; a wrong one fails, in the words of the start."""
    config = WebConfig(tmp_path, f"{MUTUAL}basic_auth_users: {{a: {hashed('b')}}}\n")
    flags = ["--audit.webhook.listen-address", "127.0.0.1:0"]
    flags += ["--audit.webhook.config-file", str(config.path)]
    assert said(capsys, *flags) == (
        0,
        "ok    audit webhook: takes batches of who has a client certificate and a password",
    )
    config.write(TLS)
    assert said(capsys, *flags)[1].startswith(
        "warn  audit webhook: takes batches of who has its ad"
    )
    config.write(TLS + "rate_limit: {interval: 1s, burst: 1}\n")
    code, told = said(capsys, *flags)
    assert code == 1
    prefix = f"FAIL  audit webhook: --audit.webhook.config-file: {config.path}: rate_limit: not for"
    assert told.startswith(prefix)
