"""What is said of a wrong ``--web.config.file``: the file, the key, and no secret."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from exporter.config import Config
from exporter.web.listening import FileError
from exporter.web.terms import read_terms
from exporter.web.terms.usage import web_usage, webhook_usage
from tests.unit.web.web_config import MUTUAL, TLS, WebConfig, hashed


@pytest.fixture
def config(tmp_path: Path) -> WebConfig:
    return WebConfig(tmp_path)


def problem(config: WebConfig, text: str) -> str:
    """What is said of a file, without its name."""
    config.write(text)
    with pytest.raises(FileError) as caught:
        read_terms(config.path)
    prefix, _, rest = str(caught.value).partition(f"--web.config.file: {config.path}: ")
    assert prefix == ""
    return rest


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("- a\n", "Expected `object`, got `array`"),
        ("a: [\n", "line 2, column 1: no YAML"),
        ("tls_config: {}\n", "tls_config: no such key; did you mean tls_server_config?"),
        ("rate_limit: {}\nrate_limit: {}\n", "rate_limit: stands here twice, again in line 2"),
        ("http_server_config: {http2: 1}\n", "http_server_config.http2: Expected `bool`, got `in"),
        (
            "http_server_config: {headers: {Server: x}}\n",
            "http_server_config.headers.Server: is none of Content-Security-Policy, Strict-Transpo",
        ),
        (
            "http_server_config: {headers: {X-Frame-Options: all}}\n",
            "http_server_config.headers.X-Frame-Options: is deny or sameorigin; not 'all'",
        ),
        (
            'http_server_config: {headers: {X-XSS-Protection: "1\\r\\nSet-Cookie: a"}}\n',
            "http_server_config.headers.X-XSS-Protection: is one line of ASCII",
        ),
        ("basic_auth_users: {a: secret}\n", "basic_auth_users.a: is no bcrypt hash, such as"),
        ("basic_auth_users: {'a:b': x}\n", "basic_auth_users.a:b: can be no user: a name is bef"),
        ("basic_auth_users: {1: x}\n", "basic_auth_users: a key is no text; put it between quo"),
        (
            "basic_auth_users: {a: $2y$19$aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa}\n",
            "basic_auth_users.a: has a cost that is not from 4 to 18",
        ),
        ('"\\ud800": {}\n', "is no UTF-8"),
        (
            'tls_server_config: {cert: "\\ud800", key: x}\n',
            "tls_server_config.cert: no PEM certificates",
        ),
        (
            "rate_limit: {interval: 1s, burst: " + "9" * 400 + "}\n",
            "rate_limit.burst: is at most 1000000",
        ),
        ("rate_limit: {interval: 1}\n", "rate_limit.interval: is a duration with its unit, such"),
        ("rate_limit: {interval: often}\n", "rate_limit.interval: is a duration such as 1s or 1"),
        ("rate_limit: {interval: 25h}\n", "rate_limit.interval: is at most a day; not '25h'"),
        ("rate_limit: {interval: 1s}\n", "rate_limit.burst: must be at least 1: else nothing is"),
        ("rate_limit: {interval: 1s, burst: x}\n", "rate_limit.burst: Expected `int`, got `str`"),
    ],
)
def test_a_wrong_key_is_named(config: WebConfig, text: str, told: str) -> None:
    assert problem(config, text).startswith(told)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (TLS + "  cert_fil: a\n", "cert_fil: no such key; did you mean cert_f"),
        (TLS + "  min_version: 12\n", "min_version: Expected `str`, got `int`"),
        (TLS + "  min_version: TLS14\n", "min_version: is one of TLS10, TLS11,"),
        (TLS + "  max_version: ''\n", "max_version: is one of TLS10, TLS11, TLS"),
        (TLS + "  max_version: TLS11\n", "min_version: is above max_version"),
        ("tls_server_config: {min_version: TLS13}\n", "cert_file: is missing, and so is cert"),
        ("tls_server_config: {cert_file: tls.crt}\n", "key_file: is missing, and so is key"),
        (TLS + "  cert: x\n", "cert: not together with cert_file"),
        (TLS + "  key: x\n", "key: not together with key_file"),
        (MUTUAL + "  client_ca: x\n", "client_ca: not together with client_ca_file"),
        ("tls_server_config: {cert: x, key: y}\n", "cert: no PEM certificates, or damaged ones"),
        (
            "tls_server_config: {cert_file: tls.crt, key: secret}\n",
            "key: no PEM private key that can be read without a passphrase",
        ),
        (
            TLS + "  client_ca_file: ca.crt\n",
            "client_auth_type: is missing beside a client_ca: RequireAndVerifyCl",
        ),
        (
            TLS + "  client_auth_type: Verify\n",
            "client_auth_type: is one of NoClientCert, RequestClientCert, Require",
        ),
        (
            TLS + "  client_auth_type: RequireAndVerifyClientCert\n",
            "client_auth_type: RequireAndVerifyClientCert needs client_ca_file or",
        ),
        (
            TLS + "  client_auth_type: RequireAnyClientCert\n",
            "client_auth_type: RequireAnyClientCert needs client_ca_file or client_",
        ),
        (
            TLS + "  client_auth_type: VerifyClientCertIfGiven\n",
            "client_auth_type: VerifyClientCertIfGiven needs client_ca_file or cl",
        ),
        (
            TLS + "  client_auth_type: RequestClientCert\n  client_allowed_sans: [a]\n",
            "client_allowed_sans: needs client_auth_type: RequireAndVerifyClientC",
        ),
        (MUTUAL + "  client_allowed_sans: []\n", "client_allowed_sans: names nobody"),
        (
            TLS + "  cipher_suites: [TLS_AES_128_GCM_SHA256, TLS_RSA_WITH_RC4_128_SHA]\n",
            "cipher_suites[1]: TLS_RSA_WITH_RC4_128_SHA is insecure, and not",
        ),
        (
            TLS + "  cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA]\n",
            "cipher_suites[0]: no such cipher suite: 'TLS_ECDHE_RSA_WITH_AES_128_GC",
        ),
        (
            TLS + "  max_version: TLS12\n  cipher_suites: [TLS_AES_128_GCM_SHA256]\n",
            "cipher_suites: all of it is of TLS 1.3, and max_version is below",
        ),
        (
            TLS + "  curve_preferences: [P256]\n",
            "curve_preferences[0]: no such curve: 'P256'; did you mean CurveP256",
        ),
        (
            TLS + "  prefer_server_cipher_suites: 1\n",
            "prefer_server_cipher_suites: Expected `bool`, got `int`",
        ),
    ],
)
def test_a_wrong_key_of_tls_is_named(config: WebConfig, text: str, told: str) -> None:
    assert problem(config, text).startswith(f"tls_server_config.{told}")


@pytest.mark.skipif(hasattr(ssl.SSLContext, "set_groups"), reason="this Python takes several")
def test_several_curves_are_refused_where_python_takes_one(config: WebConfig) -> None:
    """To take the first only would shut out clients that the file lets in."""
    text = TLS + "  curve_preferences: [X25519, CurveP256]\n"
    told = "tls_server_config.curve_preferences: this Python can be told one curve, not several"
    assert problem(config, text).startswith(told)


@pytest.mark.parametrize(
    ("key", "name"),
    [("cert_file", "tls.crt"), ("key_file", "tls.key"), ("client_ca_file", "ca.crt")],
)
@pytest.mark.parametrize("content", [None, b"", b"-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_a_wrong_file_is_named_with_its_key(
    config: WebConfig, key: str, name: str, content: bytes | None
) -> None:
    config.write(MUTUAL)
    path = config.folder / name
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
    told = rf"^--web\.config\.file: tls_server_config\.{key}: {path}: (No such file|no PEM )"
    with pytest.raises(FileError, match=told):
        read_terms(config.path)


def test_a_key_of_another_certificate_is_named(config: WebConfig) -> None:
    config.write(TLS)
    config.authority.issue_cert("other").private_key_pem.write_to_path(config.folder / "tls.key")
    with pytest.raises(FileError, match=r"key_file: .*tls\.key: not the key of the certificate"):
        read_terms(config.path)


@pytest.mark.parametrize(
    "text",
    [
        "basic_auth_users: {alice: Hunter2}\n",
        "basic_auth_users:\n  alice: *Hunter2\n",
        "basic_auth_users:\n  alice: !Hunter2 x\n",
        "basic_auth_users:\n  alice: [Hunter2]\n",
        "basic_auth_users:\n  alice: @Hunter2\n",
        "basic_auth_users:\n  alice: 'Hunter2\n",
        "tls_server_config: {cert_file: tls.crt, key: Hunter2}\n",
        "tls_server_config: {cert_file: tls.crt, key: {Hunter2: 1}}\n",
    ],
)
def test_secrets_are_never_said(config: WebConfig, text: str) -> None:
    assert "Hunter2" not in problem(config, text)


def test_no_file_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "none.yml"
    with pytest.raises(FileError, match=rf"^--web\.config\.file: {path}: No such file"):
        read_terms(path)


_USERS = f"basic_auth_users: {{a: {hashed('b')}}}\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "rate_limit: {interval: 1s, burst: 5}\n",
            "rate_limit: not for the audit webhook: batches",
        ),
        (
            "http_server_config: {headers: {X-Frame-Options: deny}}\n",
            "http_server_config.headers: not for the audit webhook: no browser",
        ),
        (_USERS, "basic_auth_users: not together with --audit.webhook.token-file: a request"),
    ],
)
def test_what_makes_no_sense_for_the_webhook_is_refused(
    config: WebConfig, text: str, told: str
) -> None:
    """With its option, its file and the key; the rest of such a file is taken."""
    usage = webhook_usage(Config(audit_webhook_token_file="token"))
    config.write(MUTUAL + text)
    with pytest.raises(FileError) as caught:
        read_terms(config.path, usage)
    prefix = f"--audit.webhook.config-file: {config.path}: "
    assert str(caught.value).startswith(prefix + told)
    config.write(MUTUAL + "http_server_config: {http2: false}\nrate_limit:\n")
    assert read_terms(config.path, usage).context


def test_passwords_go_with_other_uses(config: WebConfig) -> None:
    """Where no token is asked for."""
    config.write(_USERS)
    for usage in (web_usage(Config()), webhook_usage(Config())):
        assert read_terms(config.path, usage).users
    with pytest.raises(FileError, match=r"basic_auth_users: not together with --web\.auth\.kuber"):
        read_terms(config.path, web_usage(Config(web_auth_kubernetes=True)))


@pytest.mark.parametrize("name", ["cert_file", "key_file", "client_ca_file"])
def test_files_of_the_webhook_s_file_are_named_by_its_option(config: WebConfig, name: str) -> None:
    """And not by that of the metrics."""
    config.write(MUTUAL)
    (config.folder / {"cert_file": "tls.crt", "key_file": "tls.key"}.get(name, "ca.crt")).unlink()
    with pytest.raises(FileError) as caught:
        read_terms(config.path, webhook_usage(Config()))
    prefix = f"--audit.webhook.config-file: tls_server_config.{name}: {config.folder}"
    assert str(caught.value).startswith(prefix)
