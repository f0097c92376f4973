"""A ``--web.config.file`` with its certificates, and clients that it lets in or not."""

from __future__ import annotations

import base64
import ssl
import textwrap
from pathlib import Path

import bcrypt
import trustme

from exporter.web.terms import Gate

LOOK_SECONDS = 0.02
TLS = """\
tls_server_config:
  cert_file: tls.crt
  key_file: tls.key
"""
MUTUAL = TLS + "  client_ca_file: ca.crt\n  client_auth_type: RequireAndVerifyClientCert\n"


def hashed(password: str, cost: int = 4) -> str:
    """As ``htpasswd -nB`` makes it, at the least cost that there is."""
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(cost)).decode()


def basic(user: str, password: str | bytes) -> str:
    """An ``Authorization`` header."""
    password = password.encode() if isinstance(password, str) else password
    return "Basic " + base64.b64encode(user.encode() + b":" + password).decode()


class WebConfig:
    """The file is ``web.yml``; beside it are ``tls.crt``, ``tls.key`` and ``ca.crt``."""

    def __init__(self, folder: Path, text: str = TLS) -> None:
        self.folder = folder
        self.path = folder / "web.yml"
        self.authority = trustme.CA()
        self.notes: list[tuple[str, str, dict[str, object]]] = []
        self.write(text)
        self.renew()
        self.authority.cert_pem.write_to_path(folder / "ca.crt")

    def write(self, text: str) -> None:
        """As a whole, as ConfigMaps change."""
        fresh = self.folder / "web.yml.new"
        fresh.write_text(text, "utf-8")
        fresh.replace(self.path)

    def renew(self, key_type: trustme.KeyType = trustme.KeyType.ECDSA) -> None:
        """A new certificate of ours, its two files one after the other."""
        own = self.authority.issue_cert("127.0.0.1", "localhost", key_type=key_type)
        (self.folder / "tls.crt").write_bytes(b"".join(c.bytes() for c in own.cert_chain_pems))
        own.private_key_pem.write_to_path(self.folder / "tls.key")

    def inline(self, name: str, indent: int = 4) -> str:
        """The content of a file as the lines of a YAML block."""
        return textwrap.indent((self.folder / name).read_text("ascii"), " " * indent)

    def gate(self) -> Gate:
        """Looks at the files all the time."""
        return Gate(
            self.path,
            note=lambda level, message, fields: self.notes.append((level, message, fields)),
            open_=("/livez", "/readyz"),
            look_seconds=LOOK_SECONDS,
        )

    def client(self, *names: str, signed_by: trustme.CA | None = None) -> ssl.SSLContext:
        """One that trusts our authority, with a certificate for these names if there are any."""
        context = ssl.create_default_context()
        self.authority.configure_trust(context)
        if names:
            (signed_by or self.authority).issue_cert(*names).configure_cert(context)
        return context
