# SPDX-License-Identifier: Apache-2.0
"""The certificates and keys of a TLS section, each with where it stands."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from exporter.web.listening import read_file
from exporter.web.terms.document import TLS, KeyProblemError, TlsSection, named_files

Pem = tuple[str, bytes]
"""Where it stands, for messages, and the PEM itself."""


@dataclass(frozen=True, slots=True)
class Material:
    """Ours, and who signs the clients that are let in."""

    cert: Pem
    key: Pem
    client_ca: Pem | None = None


def material_of(section: TlsSection, file: Path, option: str) -> Material:
    """What the section names, inline or in files. ``file`` is the one that it stands in, ``option``
    names that.

    Raises ``FileError`` and ``KeyProblemError``.
    """
    cert, key, client_ca = (
        _pem(section, file, name, option) for name in ("cert", "key", "client_ca")
    )
    if not cert or not key:
        missing = "key" if cert else "cert"
        raise KeyProblemError(f"{TLS}.{missing}_file", f"is missing, and so is {missing}")
    return Material(cert, key, client_ca)


def _pem(section: TlsSection, file: Path, key: str, option: str) -> Pem | None:
    inline = getattr(section, key)
    named = named_files(section, file.parent, option).get(f"{key}_file")
    if inline and named:
        raise KeyProblemError(f"{TLS}.{key}", f"not together with {key}_file")
    if named:
        place, path = named
        return f"--{place}: {path}", read_file(place, path)
    return (f"--{option}: {file}: {TLS}.{key}", inline.encode(errors="replace")) if inline else None
