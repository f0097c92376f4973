from __future__ import annotations

import pytest

from exporter.config import ConfigError, load_config

_LISTENING = {"audit.webhook.listen-address": "127.0.0.1:0"}


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        ({"audit.only": "true"}, "--audit.only: needs audit.webhook.listen-address or audit.log"),
        (
            {"audit.webhook.token-file": "token"},
            "--audit.webhook.token-file: needs audit.webhook.listen-address",
        ),
        (
            {**_LISTENING, "audit.webhook.tls-cert-file": "c.pem"},
            "--audit.webhook.tls-cert-file: needs audit.webhook.tls-key-file",
        ),
        (
            {**_LISTENING, "audit.webhook.tls-key-file": "k.pem"},
            "--audit.webhook.tls-key-file: needs audit.webhook.tls-cert-file",
        ),
        (
            {**_LISTENING, "audit.webhook.tls-client-ca-file": "ca.pem"},
            "--audit.webhook.tls-client-ca-file: needs audit.webhook.tls-cert-file",
        ),
        (
            {"audit.webhook.config-file": "w.yml"},
            "--audit.webhook.config-file: needs audit.webhook.listen-address",
        ),
        *(
            (
                {
                    **_LISTENING,
                    "audit.webhook.config-file": "w.yml",
                    f"audit.webhook.{name}": "x.pem",
                },
                f"--audit.webhook.config-file: not together with audit.webhook.{name}: all of TLS",
            )
            for name in ("tls-cert-file", "tls-key-file", "tls-client-ca-file")
        ),
        (
            {**_LISTENING, "leader-election": "true"},
            "--audit.webhook.listen-address: not together with leader-election",
        ),
        (
            {"audit.log.path": "audit.log", "leader-election": "true"},
            "--audit.log.path: not together with leader-election",
        ),
    ],
)
def test_options_that_do_not_go_together(flags: dict[str, str], told: str) -> None:
    """The error names where the one was asked for, and the other that it needs or excludes."""
    with pytest.raises(ConfigError) as caught:
        load_config(flags, {})
    assert str(caught.value).startswith(told)


@pytest.mark.parametrize(
    ("text", "size"), [("4096", 4096), ("1KiB", 1024), ("64MiB", 64 << 20), ("1GiB", 1 << 30)]
)
def test_sizes(text: str, size: int) -> None:
    """Bytes, or a number with a binary unit."""
    assert load_config({"audit.webhook.max-body-bytes": text}, {}).audit_webhook_max_body == size


@pytest.mark.parametrize(
    "text", ["", "0", "512", "2GiB", "64MB", "64 MiB", "-1", "1.5GiB", "9" * 40]
)
def test_bad_sizes(text: str) -> None:
    """What is no size, or one that no batch has or no memory holds, is refused."""
    with pytest.raises(ConfigError, match=r"--audit\.webhook\.max-body-bytes: is a size from 1KiB"):
        load_config({"audit.webhook.max-body-bytes": text}, {})
