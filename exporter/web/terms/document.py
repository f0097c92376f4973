# SPDX-License-Identifier: Apache-2.0
"""The file as it is written: its sections and keys, all optional, and no others."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec

from exporter.config.strict_yaml import TwinError, YamlError, parse
from exporter.config.typed import TypedError, converted
from exporter.web.listening import FileError, read_file
from exporter.web.terms.usage import Usage

TLS = "tls_server_config"
_SECTIONS = (TLS, "http_server_config", "basic_auth_users", "rate_limit")
_PLACE = re.compile(r"line \d+, column \d+")


class TlsSection(msgspec.Struct, forbid_unknown_fields=True):
    """Certificates, inline or in files, and what TLS is spoken. ``""`` is as good as absent."""

    cert: str = ""
    key: str = ""
    client_ca: str = ""
    cert_file: str = ""
    key_file: str = ""
    client_ca_file: str = ""
    client_auth_type: str = ""
    client_allowed_sans: list[str] | None = None
    min_version: str = "TLS12"
    max_version: str = "TLS13"
    cipher_suites: list[str] = []
    prefer_server_cipher_suites: bool = True
    curve_preferences: list[str] = []


class HttpSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is served is HTTP/1.1: ``http2`` is known and has no effect."""

    http2: bool = True
    headers: dict[str, str] = {}


class RateSection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A token bucket; an interval of 0 is none."""

    interval: str | int = 0
    burst: int = 0


class Document(msgspec.Struct, forbid_unknown_fields=True):
    """All of it."""

    tls_server_config: TlsSection | None = None
    http_server_config: HttpSection = HttpSection()
    basic_auth_users: dict[str, str] = {}
    rate_limit: RateSection = RateSection()


class KeyProblemError(ValueError):
    """What is wrong with a key. It says nothing of what is secret."""

    def __init__(self, key: str, problem: str) -> None:
        super().__init__(f"{key}: {problem}")


def read_document(path: Path, usage: Usage, *, blank: bool = True) -> Document:
    """Raises ``FileError``, also for an empty file where it must not be ``blank``."""
    content = read_file(usage.option, path)
    if not blank and not content.strip():
        raise problem_at(path, "is empty now: for no terms at all, write {}", usage)
    try:
        present = _present(parse(content.decode()))
        _check_fit(present, usage)
        document: Document = converted(present, Document)
    except TwinError as error:
        problem = f"{'.'.join(error.keys)}: stands here twice, again in line {error.line}"
    except UnicodeError:  # YAML has escapes for what is none
        problem = "is no UTF-8"
    except YamlError as error:
        # Its own words can be those of a password.
        place = _PLACE.search(str(error))
        problem = f"{place[0]}: no YAML" if place else "is no YAML"
    except (TypedError, KeyProblemError) as error:
        problem = str(error)
    else:
        return document
    raise problem_at(path, problem, usage)


def problem_at(path: Path, problem: object, usage: Usage) -> FileError:
    """An error of the file, with its name."""
    return FileError(f"--{usage.option}: {path}: {problem}")


def named_files(section: TlsSection, folder: Path, option: str) -> dict[str, tuple[str, Path]]:
    """The files of the section: by key the option, for messages, and the path."""
    return {
        key: (f"{option}: {TLS}.{key}", folder / name)
        for key in ("cert_file", "key_file", "client_ca_file")
        if (name := getattr(section, key))
    }


def _check_fit(document: Any, usage: Usage) -> None:
    """Raises ``KeyProblemError`` for a key that makes no sense where the file is used."""
    for key, problem in usage.unfit.items():
        value = document
        for name in key.split("."):
            value = value.get(name) if isinstance(value, dict) else None
        if value:
            raise KeyProblemError(key, problem)


def _present(document: Any) -> Any:
    """Without the keys that have no value: all that stood below them is commented out."""
    if document is None:
        return {}
    if not isinstance(document, dict):
        return document
    sections = {key: value for key, value in document.items() if value is not None}
    for name in _SECTIONS:
        if isinstance(section := sections.get(name), dict) and name != "basic_auth_users":
            sections[name] = {key: value for key, value in section.items() if value is not None}
    return sections
