# SPDX-License-Identifier: Apache-2.0
"""The file, read: what it comes to, with every key checked."""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from exporter.config.loading import nearest
from exporter.notes import Note
from exporter.web.listening import Followed
from exporter.web.terms.document import (
    Document,
    KeyProblemError,
    RateSection,
    TlsSection,
    named_files,
    problem_at,
    read_document,
)
from exporter.web.terms.material import material_of
from exporter.web.terms.passwords import cost_of
from exporter.web.terms.rate import Rate
from exporter.web.terms.security import ServerContext, server_context
from exporter.web.terms.usage import WEB, Usage

# The toolkit's, and no others; where it says so, these values only.
_HEADERS: dict[str, tuple[str, ...]] = {
    "Content-Security-Policy": (),
    "Strict-Transport-Security": (),
    "X-Content-Type-Options": ("nosniff",),
    "X-Frame-Options": ("deny", "sameorigin"),
    "X-XSS-Protection": (),
}
_PRINTABLE = re.compile(r"[\x20-\x7e]*\Z")
_BCRYPT = re.compile(r"\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}\Z", re.ASCII)
# Of a whole minute of a processor there is no use; the least is bcrypt's own.
_COSTS = range(4, 19)
# As Go writes durations.
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+\Z")
_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)")
_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_MAX_SECONDS = 86_400.0
_MAX_BURST = 1_000_000


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms clients are served; with none of it, all are."""

    context: ServerContext | None
    """None is no TLS."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Of every response."""
    users: Mapping[str, str] = field(default_factory=dict)
    """By name the bcrypt hash of the password; without any, none is asked for."""
    rate: Rate | None = None

    @property
    def certificate_required(self) -> bool:
        """Whether clients without a certificate are refused."""
        return self.context is not None and self.context.verify_mode is ssl.CERT_REQUIRED


def read_terms(path: Path, usage: Usage = WEB, *, blank: bool = True) -> Terms:
    """Of the file and those that it names; raises ``FileError``, also for an empty file where it
    must not be ``blank``.
    """
    document = read_document(path, usage, blank=blank)
    try:
        return _terms(document, path, usage)
    except KeyProblemError as problem:
        raise problem_at(path, problem, usage) from None


def followed_terms(path: Path, note: Note, usage: Usage = WEB) -> Followed[Terms]:
    """Read anew when the file has changed, or one that it names."""
    began = False

    def files() -> list[tuple[str, Path]]:
        section = read_document(path, usage).tls_server_config or TlsSection()
        named = named_files(section, path.parent, usage.option)
        return [(usage.option, path), *named.values()]

    def read() -> Terms:
        nonlocal began
        # Whoever writes it in place empties it first: that must let nobody in.
        terms = read_terms(path, usage, blank=not began)
        began = True
        return terms

    return Followed(files, read, note=note)


def _terms(document: Document, path: Path, usage: Usage) -> Terms:
    section = document.tls_server_config
    # The toolkit's sample of a section without any key is no TLS.
    context = None
    if section and section != TlsSection():
        context = server_context(section, material_of(section, path, usage.option))
    _check_users(document.basic_auth_users)
    headers = {name: value for name, value in document.http_server_config.headers.items() if value}
    _check_headers(headers)
    return Terms(context, headers, document.basic_auth_users, _rate(document.rate_limit))


def _check_users(users: Mapping[str, str]) -> None:
    for user, hash_ in users.items():
        key = f"basic_auth_users.{user}"
        if not user or ":" in user:
            raise KeyProblemError(key, "can be no user: a name is before the first colon")
        if not _BCRYPT.match(hash_):
            raise KeyProblemError(key, "is no bcrypt hash, such as htpasswd -nBC 10 makes them")
        if cost_of(hash_) not in _COSTS:
            raise KeyProblemError(key, f"has a cost that is not from {_COSTS[0]} to {_COSTS[-1]}")


def _check_headers(headers: Mapping[str, str]) -> None:
    for name, value in headers.items():
        key = f"http_server_config.headers.{name}"
        if name not in _HEADERS:
            problem = f"is none of {', '.join(_HEADERS)}{nearest(name, _HEADERS)}"
            raise KeyProblemError(key, problem)
        if _HEADERS[name] and value not in _HEADERS[name]:
            raise KeyProblemError(key, f"is {' or '.join(_HEADERS[name])}; not {value!r}")
        if not _PRINTABLE.match(value):
            raise KeyProblemError(key, "is one line of ASCII")


def _rate(section: RateSection) -> Rate | None:
    key, interval = "rate_limit.interval", section.interval
    if isinstance(interval, int):
        if interval:
            raise KeyProblemError(key, f"is a duration with its unit, such as 1s; not {interval}")
        return None
    if interval in ("0", ""):
        return None
    if not _DURATION.match(interval):
        raise KeyProblemError(key, f"is a duration such as 1s or 100ms; not {interval!r}")
    seconds = sum(float(n) * _SECONDS[unit] for n, unit in _DURATION_PART.findall(interval))
    if not seconds:
        return None
    if seconds > _MAX_SECONDS:
        raise KeyProblemError(key, f"is at most a day; not {interval!r}")
    if section.burst < 1:
        raise KeyProblemError("rate_limit.burst", "must be at least 1: else nothing is ever served")
    if section.burst > _MAX_BURST:
        raise KeyProblemError("rate_limit.burst", f"is at most {_MAX_BURST}")
    return Rate(seconds, section.burst)
