"""Every key of ``--web.config.file``, and what it comes to."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from exporter.web.terms import Terms, followed_terms, read_terms
from tests.unit.web.web_config import TLS, WebConfig, hashed


@pytest.fixture
def config(tmp_path: Path) -> WebConfig:
    return WebConfig(tmp_path)


def read(config: WebConfig, text: str) -> Terms:
    config.write(text)
    return read_terms(config.path)


def context(config: WebConfig, text: str) -> ssl.SSLContext:
    found = read(config, text).context
    assert found is not None
    return found


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# nothing\n",
        "tls_server_config:\nhttp_server_config:\nbasic_auth_users:\nrate_limit:\n",
        "tls_server_config: {}\n",
        "tls_server_config: {cert_file: '', key_file: ''}\n",
        "tls_server_config:\n  cert_file:\n",
        "http_server_config: {http2: false, headers: {X-Frame-Options: ''}}\n",
        "rate_limit: {interval: 0, burst: 20}\n",
        "rate_limit: {interval: 0s}\n",
    ],
)
def test_what_says_nothing_asks_for_nothing(config: WebConfig, text: str) -> None:
    """As in the toolkit, where all keys are optional and blank ones are unset."""
    terms = read(config, text)
    assert terms == Terms(None, {}, {}, None)


def test_certificate_and_key_are_beside_the_file(config: WebConfig) -> None:
    """Relative paths are the file's, not the process'; what is not said is as Go has it."""
    found = context(config, TLS)
    assert found.minimum_version is ssl.TLSVersion.TLSv1_2
    assert found.maximum_version is ssl.TLSVersion.TLSv1_3
    assert found.verify_mode is ssl.CERT_NONE
    assert found.options & ssl.OP_CIPHER_SERVER_PREFERENCE


def test_all_certificates_can_be_inline(config: WebConfig) -> None:
    found = context(
        config,
        "tls_server_config:\n"
        f"  cert: |\n{config.inline('tls.crt')}"
        f"  key: |\n{config.inline('tls.key')}"
        f"  client_ca: |\n{config.inline('ca.crt')}"
        "  client_auth_type: RequireAndVerifyClientCert\n",
    )
    assert found.verify_mode is ssl.CERT_REQUIRED
    assert len(found.get_ca_certs()) == 1


@pytest.mark.parametrize(
    ("policy", "mode"),
    [
        ("NoClientCert", ssl.CERT_NONE),
        ("RequestClientCert", ssl.CERT_NONE),
        ("RequireAnyClientCert", ssl.CERT_REQUIRED),
        ("RequireClientCert", ssl.CERT_REQUIRED),
        ("VerifyClientCertIfGiven", ssl.CERT_OPTIONAL),
        ("RequireAndVerifyClientCert", ssl.CERT_REQUIRED),
    ],
)
def test_policies_for_clients(config: WebConfig, policy: str, mode: ssl.VerifyMode) -> None:
    """None is weaker than it says; where nothing can be had unverified, it is verified."""
    ca = "" if policy == "NoClientCert" else "  client_ca_file: ca.crt\n"
    assert context(config, TLS + ca + f"  client_auth_type: {policy}\n").verify_mode is mode


@pytest.mark.parametrize("oldest", ["TLS10", "TLS11", "TLS12", "TLS13"])
def test_versions(config: WebConfig, oldest: str) -> None:
    found = context(config, TLS + f"  min_version: {oldest}\n")
    assert found.minimum_version.name == f"TLSv1_{oldest[-1]}".removesuffix("_0")
    found = context(config, TLS + f"  min_version: TLS10\n  max_version: {oldest}\n")
    assert found.maximum_version.name == f"TLSv1_{oldest[-1]}".removesuffix("_0")


def suites(found: ssl.SSLContext) -> list[str]:
    """Those of TLS 1.2; Python cannot be told those of TLS 1.3."""
    return [each["name"] for each in found.get_ciphers() if each["protocol"] != "TLSv1.3"]


def test_cipher_suites_have_gos_names_and_their_order(config: WebConfig) -> None:
    names = (
        "[TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, TLS_AES_128_GCM_SHA256,"
        " TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256]"
    )
    found = context(config, TLS + f"  cipher_suites: {names}\n")
    assert suites(found) == ["ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-ECDSA-AES128-GCM-SHA256"]


def test_only_cipher_suites_of_tls_13_mean_tls_13(config: WebConfig) -> None:
    """Go has none for TLS 1.2 then."""
    found = context(config, TLS + "  cipher_suites: [TLS_AES_128_GCM_SHA256]\n")
    assert found.minimum_version is ssl.TLSVersion.TLSv1_3


def test_clients_can_choose_the_cipher_suite(config: WebConfig) -> None:
    found = context(config, TLS + "  prefer_server_cipher_suites: false\n")
    assert not found.options & ssl.OP_CIPHER_SERVER_PREFERENCE


@pytest.mark.parametrize("curve", ["CurveP256", "CurveP384", "CurveP521", "X25519"])
def test_a_curve(config: WebConfig, curve: str) -> None:
    """What it does is shown with a handshake elsewhere."""
    context(config, TLS + f"  curve_preferences: [{curve}]\n")


def test_headers_users_and_rate(config: WebConfig) -> None:
    alice = hashed("secret")
    terms = read(
        config,
        "http_server_config:\n  http2: true\n  headers:\n"
        "    Content-Security-Policy: default-src 'self'\n"
        "    Strict-Transport-Security: max-age=31536000\n"
        "    X-Content-Type-Options: nosniff\n"
        "    X-Frame-Options: deny\n"
        "    X-XSS-Protection: 1; mode=block\n"
        f"basic_auth_users: {{alice: {alice}, '': {alice}}}\n".replace(f", '': {alice}", "")
        + "rate_limit: {interval: 1m0.5s, burst: 20}\n",
    )
    assert terms.headers["X-XSS-Protection"] == "1; mode=block"
    assert len(terms.headers) == 5
    assert terms.users == {"alice": alice}
    assert terms.rate is not None
    assert (terms.rate.interval, terms.rate.burst) == (60.5, 20)


async def test_a_file_that_is_just_being_written_takes_no_protection_away(
    config: WebConfig,
) -> None:
    """Whoever writes in place empties it first. At the start, and as comments, nothing is meant."""
    notes: list[tuple[str, str]] = []
    config.path.write_text("")
    followed = followed_terms(config.path, lambda level, said, _: notes.append((level, said)))
    await followed.load()
    assert followed.value == Terms(None)
    users = f"basic_auth_users: {{ann: {hashed('x')}}}\n"
    config.path.write_text(users)
    await followed.look()
    assert followed.value.users
    notes.clear()
    for blank in ("", " \n"):
        config.path.write_text(blank)
        await followed.look()
        assert followed.value.users
    problem = "is empty now: for no terms at all, write {}; what was read before stays in use"
    assert notes == [("error", f"--web.config.file: {config.path}: {problem}")]
    config.path.write_text("{}\n")
    await followed.look()
    assert not followed.value.users
