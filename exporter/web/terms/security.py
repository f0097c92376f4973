# SPDX-License-Identifier: Apache-2.0
"""The TLS section, made into what OpenSSL does through Python's ssl.

That verifies the certificates of clients wholly or asks for none, and cannot be told otherwise.
"""

from __future__ import annotations

import contextlib
import ipaddress
import re
import ssl
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

from exporter.config.loading import nearest
from exporter.web.terms.document import TLS, KeyProblemError, TlsSection
from exporter.web.terms.material import Material, Pem
from exporter.web.terms.names import ALWAYS, CURVES, INSECURE, SUITES, VERSIONS
from exporter.web.terms.pairs import load_pair, load_trusted

_NOBODY = "NoClientCert"
_ANY = ("RequireAnyClientCert", "RequireClientCert")  # the latter as the toolkit once wrote it
VERIFIED = "RequireAndVerifyClientCert"
_CERTIFICATE = re.compile(rb"-----BEGIN.*?-----END[^-]*-----", re.DOTALL)
_POLICIES = {
    _NOBODY: ssl.CERT_NONE,
    # What nobody verifies and nobody needs changes nothing: it is not asked for.
    "RequestClientCert": ssl.CERT_NONE,
    **dict.fromkeys(_ANY, ssl.CERT_REQUIRED),
    "VerifyClientCertIfGiven": ssl.CERT_OPTIONAL,
    VERIFIED: ssl.CERT_REQUIRED,
}


class ServerContext(ssl.SSLContext):
    """The TLS of a listener, and which of the clients with a verified certificate are let in."""

    sans: frozenset[str] | None = None
    """Subject alternative names, of which one must be the client's; None lets in all."""
    authorities: frozenset[bytes] = frozenset()
    """Certificates of those who sign for clients, as they are written."""


def refusal(tls: ssl.SSLObject) -> str:
    """Why this client is not let in after a handshake that went well, ``""`` if it is."""
    allowed = getattr(tls.context, "sans", None)
    if allowed is None or not allowed.isdisjoint(_names(tls.getpeercert() or {})):
        return ""
    return "no name of the client's certificate is one of client_allowed_sans"


def narrowed(before: ServerContext | None, now: ServerContext | None) -> bool:
    """Whether a client that was let in before could be refused now, as far as TLS goes."""
    if before is None or now is None:
        return before is not now
    if now.verify_mode is ssl.CERT_NONE:
        return False
    asked = before.verify_mode is not ssl.CERT_NONE
    required = now.verify_mode is ssl.CERT_REQUIRED
    if required and before.verify_mode is not ssl.CERT_REQUIRED:
        return True
    if asked and not before.authorities <= now.authorities:
        return True
    return now.sans is not None and (before.sans is None or not before.sans <= now.sans)


def server_context(section: TlsSection, material: Material) -> ServerContext:
    """For new connections. Raises ``FileError`` for the material, and ``KeyProblemError``."""
    context = ServerContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["http/1.1"])  # a client that is offered h2 takes it
    # A session that goes on would pass by what has changed since.
    context.num_tickets = 0
    context.options |= ssl.OP_NO_TICKET | ssl.OP_NO_RENEGOTIATION
    _set_versions(context, section)
    _set_suites(context, section)
    _set_curves(context, section)
    load_pair(context, material.cert, material.key)
    _set_clients(context, section, material.client_ca)
    return context


def _names(certificate: Mapping[str, Any]) -> Iterator[str]:
    for kind, value in certificate.get("subjectAltName", ()):
        if kind == "IP Address":
            with contextlib.suppress(ValueError):  # of another length than addresses have
                yield str(ipaddress.ip_address(value.strip()))
        elif kind in ("DNS", "URI", "email"):
            yield value


def _set_versions(context: ServerContext, section: TlsSection) -> None:
    found = {}
    for key in ("min_version", "max_version"):
        name = getattr(section, key)
        if name not in VERSIONS:
            raise KeyProblemError(f"{TLS}.{key}", f"is one of {', '.join(VERSIONS)}; not {name!r}")
        found[key] = VERSIONS[name]
    if found["min_version"] > found["max_version"]:
        raise KeyProblemError(f"{TLS}.min_version", "is above max_version")
    with warnings.catch_warnings():
        # Python would rather not have the old ones; whoever writes them here knows.
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = found["min_version"]
        context.maximum_version = found["max_version"]


def _set_suites(context: ServerContext, section: TlsSection) -> None:
    if not section.prefer_server_cipher_suites:
        context.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE
    key = f"{TLS}.cipher_suites"
    old = context.minimum_version < ssl.TLSVersion.TLSv1_2
    # Before TLS 1.2 all is signed by way of SHA-1, which is below OpenSSL's level 1.
    level = ":@SECLEVEL=0" if old else ""
    chosen = [_suite(f"{key}[{place}]", name) for place, name in enumerate(section.cipher_suites)]
    suites = [name for name in chosen if name]
    if not chosen and old:
        context.set_ciphers("ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE+AES" + level)
    if not suites:
        if chosen and context.maximum_version < ssl.TLSVersion.TLSv1_3:
            raise KeyProblemError(key, "all of it is of TLS 1.3, and max_version is below")
        if chosen:
            context.minimum_version = ssl.TLSVersion.TLSv1_3
        return
    for name in suites:
        if not _has(context, name, level):
            at = chosen.index(name)
            problem = f"this OpenSSL has no {section.cipher_suites[at]} ({name})"
            raise KeyProblemError(f"{key}[{at}]", problem)
    context.set_ciphers(":".join(suites) + level)


def _has(context: ServerContext, suite: str, level: str) -> bool:
    try:
        context.set_ciphers(suite + level)
    except ssl.SSLError:
        return False
    # What its level forbids OpenSSL passes over.
    return any(each["name"] == suite for each in context.get_ciphers())


def _suite(key: str, name: str) -> str:
    """OpenSSL's name, ``""`` for those that are on always."""
    if name in INSECURE:
        raise KeyProblemError(key, f"{name} is insecure, and not served")
    if name not in SUITES and name not in ALWAYS:
        raise KeyProblemError(
            key, f"no such cipher suite: {name!r}{nearest(name, [*SUITES, *ALWAYS])}"
        )
    return SUITES.get(name, "")


def _set_curves(context: ServerContext, section: TlsSection) -> None:
    key, names = f"{TLS}.curve_preferences", section.curve_preferences
    for place, name in enumerate(names):
        if name not in CURVES:
            problem = f"no such curve: {name!r}{nearest(name, CURVES)}"
            raise KeyProblemError(f"{key}[{place}]", problem)
    set_groups = getattr(context, "set_groups", None)  # Python 3.15
    if len(names) > 1 and not set_groups:
        problem = "this Python can be told one curve, not several: name one, or leave it to OpenSSL"
        raise KeyProblemError(key, problem)
    curves = [CURVES[name] for name in names]
    try:
        if set_groups and curves:
            set_groups(":".join(curves))
        elif curves:
            context.set_ecdh_curve(curves[0])
    except (ssl.SSLError, ValueError):
        raise KeyProblemError(key, f"this OpenSSL has no {' and '.join(names)}") from None


def _set_clients(context: ServerContext, section: TlsSection, client_ca: Pem | None) -> None:
    key, name = f"{TLS}.client_auth_type", section.client_auth_type or _NOBODY
    if name not in _POLICIES:
        raise KeyProblemError(key, f"is one of {', '.join(_POLICIES)}; not {name!r}")
    if section.client_allowed_sans is not None:
        if name not in (*_ANY, VERIFIED):
            raise KeyProblemError(
                f"{TLS}.client_allowed_sans", f"needs client_auth_type: {VERIFIED}"
            )
        if not section.client_allowed_sans:
            raise KeyProblemError(f"{TLS}.client_allowed_sans", "names nobody")
        context.sans = frozenset(section.client_allowed_sans)
    if name == _NOBODY and client_ca:
        raise KeyProblemError(key, f"is missing beside a client_ca: {VERIFIED}, for instance")
    if _POLICIES[name] is ssl.CERT_NONE:
        return
    if not client_ca:
        unverified = " (without verifying it, nothing can be required here)" if name in _ANY else ""
        raise KeyProblemError(key, f"{name} needs client_ca_file or client_ca{unverified}")
    load_trusted(context, *client_ca)
    context.authorities = frozenset(_CERTIFICATE.findall(client_ca[1]))
    # An authority of ours need not be self-signed: Go trusts what it is told to.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.verify_mode = _POLICIES[name]
