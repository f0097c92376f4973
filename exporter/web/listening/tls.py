# SPDX-License-Identifier: Apache-2.0
"""The TLS of a listener, from files."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path

from exporter.notes import Note
from exporter.web.listening.files import FileError, Followed, read_file


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """PEM files: our certificate with its chain, its key, and who signs the clients we let in."""

    cert: Path
    key: Path
    client_ca: Path | None = None
    """Without one, a client needs no certificate."""
    option: str = "audit.webhook.tls"
    """How the names of the options begin, for messages."""

    @property
    def named(self) -> tuple[tuple[str, Path], ...]:
        """Each with its option."""
        files = [(f"{self.option}-cert-file", self.cert), (f"{self.option}-key-file", self.key)]
        if self.client_ca:
            files.append((f"{self.option}-client-ca-file", self.client_ca))
        return tuple(files)


def followed_context(files: TlsFiles, note: Note) -> Followed[ssl.SSLContext]:
    """The context for new connections; those that are open go on with the one they have."""
    return Followed(files.named, lambda: server_context(files), note=note)


def server_context(files: TlsFiles) -> ssl.SSLContext:
    """TLS 1.2 or newer, HTTP/1.1 and nothing else. Raises ``FileError``."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION
    # A client that is offered h2 takes it.
    context.set_alpn_protocols(["http/1.1"])
    # Go resumes no session for a webhook, and each ticket would be made and sent for nothing.
    context.num_tickets = 0
    _load_certificate(context, files)
    if files.client_ca:
        option, path = files.named[-1]
        _load_certificates(context, option, path)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def _load_certificate(context: ssl.SSLContext, files: TlsFiles) -> None:
    (cert_option, cert), (key_option, key), *_ = files.named
    # OpenSSL's own error does not say which of the two it is.
    _load_certificates(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), cert_option, cert)
    read_file(key_option, key)
    try:
        # Without a password of ours the terminal would be asked for it.
        context.load_cert_chain(cert, key, password="")
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            problem = f"not the key of the certificate {cert}"
        else:
            problem = "no PEM private key that can be read without a passphrase"
        raise FileError(f"--{key_option}: {key}: {problem}") from None
    except OSError as error:  # gone since it was read
        raise FileError(f"--{cert_option}, --{key_option}: {error.strerror}") from None


def _load_certificates(context: ssl.SSLContext, option: str, path: Path) -> None:
    """Have ``context`` trust what is in the file."""
    text = read_file(option, path).decode("ascii", "ignore")
    try:
        context.load_verify_locations(cadata=text)
    except (ssl.SSLError, ValueError):
        raise FileError(f"--{option}: {path}: no PEM certificates, or damaged ones") from None
