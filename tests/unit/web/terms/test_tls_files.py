"""TLS files that can be used, and those that cannot."""

from __future__ import annotations

import ssl
from dataclasses import replace
from pathlib import Path

import pytest
import trustme

from exporter.web.listening import FileError
from exporter.web.terms import TlsFiles


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def files(tmp_path: Path, authority: trustme.CA) -> TlsFiles:
    own = authority.issue_cert("127.0.0.1")
    own.private_key_pem.write_to_path(tmp_path / "key.pem")
    for pem in own.cert_chain_pems:
        pem.write_to_path(tmp_path / "cert.pem", append=True)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    return TlsFiles(tmp_path / "cert.pem", tmp_path / "key.pem", tmp_path / "ca.pem")


def server_context(files: TlsFiles) -> ssl.SSLContext:
    context = files.terms().context
    assert context is not None
    return context


def test_old_tls_is_not_spoken(files: TlsFiles) -> None:
    assert server_context(files).minimum_version == ssl.TLSVersion.TLSv1_2


def test_a_client_needs_a_certificate_where_there_is_an_authority_for_it(files: TlsFiles) -> None:
    assert server_context(files).verify_mode == ssl.CERT_REQUIRED
    assert server_context(replace(files, client_ca=None)).verify_mode == ssl.CERT_NONE


@pytest.mark.parametrize(
    ("broken", "option"),
    [("cert", "x.tls-cert-file"), ("key", "x.tls-key-file"), ("client_ca", "x.tls-client-ca-file")],
)
@pytest.mark.parametrize("content", [None, b"", b"no PEM \xff", b"half"], ids=repr)
def test_a_wrong_file_is_an_error_that_names_option_and_file(
    files: TlsFiles, broken: str, option: str, content: bytes | None
) -> None:
    files = replace(files, option="x.tls")
    path: Path = getattr(files, broken)
    if content is None:
        path.unlink()
    else:
        path.write_bytes(
            path.read_bytes()[: path.stat().st_size // 2] if content == b"half" else content
        )
    with pytest.raises(FileError) as raised:
        server_context(files)
    assert str(raised.value).startswith(f"--{option}: {path}: ")


def test_the_key_of_another_certificate_is_told_from_a_damaged_one(
    files: TlsFiles, authority: trustme.CA
) -> None:
    authority.issue_cert("127.0.0.1").private_key_pem.write_to_path(files.key)
    with pytest.raises(FileError, match="not the key of the certificate"):
        server_context(files)


def test_a_key_with_a_passphrase_is_an_error_and_asks_nobody(files: TlsFiles) -> None:
    from cryptography.hazmat.primitives import serialization

    key = serialization.load_pem_private_key(files.key.read_bytes(), None)
    files.key.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret"),
        )
    )
    with pytest.raises(FileError, match="without a passphrase"):
        server_context(files)
