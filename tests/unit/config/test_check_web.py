"""``check`` tries the file of ``--web.config.file``."""

from __future__ import annotations

from pathlib import Path

import pytest

from exporter.cli import main
from tests.unit.web.web_config import MUTUAL, TLS, WebConfig, hashed


def said(capsys: pytest.CaptureFixture[str], config: WebConfig, *more: str) -> tuple[int, str]:
    """Its exit code, and its line about the web server."""
    flags = ("--audit.only", "--audit.log.path", str(config.folder / "audit.log"))
    code = main(["check", *flags, "--web.config.file", str(config.path), *more])
    (row,) = [each for each in capsys.readouterr().out.splitlines() if "  web: " in each]
    return code, row


def test_what_a_web_configuration_asks_for_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = WebConfig(tmp_path, "")
    prefix = f"ok    web: {config.path}: serves with "
    assert said(capsys, config) == (0, f"{prefix}no TLS and no passwords")
    config.write(f"{MUTUAL}basic_auth_users: {{alice: {hashed('a')}}}\n")
    assert said(capsys, config) == (0, f"{prefix}TLS and passwords and client certificates")
    config.write(MUTUAL.replace("RequireAndVerifyClientCert", "VerifyClientCertIfGiven"))
    assert said(capsys, config) == (0, f"{prefix}TLS and client certificates, if given")


def test_a_wrong_web_configuration_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As it would at the start of the exporter, in the same words."""
    config = WebConfig(tmp_path, "rate_limit: {interval: 1s}\n")
    code, row = said(capsys, config)
    told = f"--web.config.file: {config.path}: rate_limit.burst: must be at least 1: else nothing"
    assert (code, row) == (1, f"FAIL  web: {told} is ever served")


def test_tokens_in_the_clear_are_warned_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With TLS they are none."""
    config = WebConfig(tmp_path, "")
    for text, expected in (("", 1), (TLS, 0)):
        config.write(text)
        flags = ("--web.auth.kubernetes", "--audit.only", "--audit.log.path", str(tmp_path / "log"))
        main(["check", *flags, "--web.config.file", str(config.path), "--kubeconfig", "/nowhere"])
        assert capsys.readouterr().out.count("warn  web: bearer tokens come in the") == expected


def test_passwords_and_tokens_do_not_go_together(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both options are named."""
    config = WebConfig(tmp_path, f"basic_auth_users: {{alice: {hashed('a')}}}\n")
    code, row = said(capsys, config, "--web.auth.kubernetes", "--kubeconfig", "/nowhere")
    told = f"--web.config.file: {config.path}: basic_auth_users: not together with"
    assert code == 1
    assert row.startswith(f"FAIL  web: {told} --web.auth.kubernetes: ")
