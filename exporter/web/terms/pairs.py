# SPDX-License-Identifier: Apache-2.0
"""Certificates and keys from memory: they stand in the file itself, or were read from theirs."""

from __future__ import annotations

import contextlib
import os
import ssl
import tempfile
from collections.abc import Iterator

from exporter.web.listening import FileError

# What OpenSSL says of certificates that are below its level of security.
_WEAK = ("EE_KEY_TOO_SMALL", "CA_KEY_TOO_SMALL", "CA_MD_TOO_WEAK")


def load_pair(context: ssl.SSLContext, cert: tuple[str, bytes], key: tuple[str, bytes]) -> None:
    """Have ``context`` show a certificate with its chain. Each is where it stands, and the PEM.

    Raises ``FileError``.
    """
    # OpenSSL's own error does not say which of the two it is.
    load_trusted(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), *cert)
    try:
        # Without a password of ours the terminal would be asked for it.
        with _named(cert[1]) as cert_path, _named(key[1]) as key_path:
            context.load_cert_chain(cert_path, key_path, password="")
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            problem = "not the key of the certificate"
        elif error.reason in _WEAK:
            raise FileError(f"{cert[0]}: too weak ({error.reason})") from None
        else:
            problem = "no PEM private key that can be read without a passphrase"
        raise FileError(f"{key[0]}: {problem}") from None
    except OSError as error:
        raise FileError(f"{key[0]}: {error.strerror}") from None


def load_trusted(context: ssl.SSLContext, place: str, pem: bytes) -> None:
    """Have ``context`` trust what is in it; raises ``FileError``."""
    try:
        context.load_verify_locations(cadata=pem.decode("ascii", "ignore"))
    except (ssl.SSLError, ValueError):
        raise FileError(f"{place}: no PEM certificates, or damaged ones") from None


@contextlib.contextmanager
def _named(content: bytes) -> Iterator[str]:
    """A file with this content that only we can read, on no disk where the system has such."""
    if hasattr(os, "memfd_create"):
        with open(os.memfd_create("pem"), "wb", buffering=0) as file:  # noqa: PTH123 - no path
            file.write(content)
            yield f"/proc/self/fd/{file.fileno()}"
    else:
        with tempfile.NamedTemporaryFile() as file:
            file.write(content)
            file.flush()
            yield file.name
