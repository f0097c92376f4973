# SPDX-License-Identifier: Apache-2.0
"""Texts of options to fields of the configuration.

A parser raises ``ValueError`` with what the text should be; the caller says where it stands.
"""

from __future__ import annotations

import re
from collections.abc import Callable

Parse = Callable[[str], dict[str, object]]
"""Turns an option's text into fields of ``Config``."""
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+\Z")
_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
# What is longer is a slip of the keyboard, and could be too much for the arithmetic of time.
_MAX_DAYS = 3650
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
# Two underscores at the beginning are Prometheus' own.
_LABEL_NAME = re.compile(r"(?!__)[a-zA-Z_][a-zA-Z0-9_]*\Z")
# Of every series that Prometheus keeps, of histograms, and of --cluster.name.
_TAKEN_LABELS = frozenset({"cluster", "instance", "job", "le"})
_SIZE = re.compile(r"(\d{1,10})(|KiB|MiB|GiB)\Z")
_BYTES = {"": 1, "KiB": 1024, "MiB": 1024**2, "GiB": 1024**3}
# RFC 1123 label: what a namespace's name may be.
NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\Z")
_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
# RFC 1123 subdomain: what a Lease's name may be.
OBJECT_NAME = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(\.{_LABEL})*\Z")


def text(target: str) -> Parse:
    """As it is."""
    return lambda value: {target: value}


def seconds(target: str) -> Parse:
    """A duration, at most ten years."""

    def parse(value: str) -> dict[str, object]:
        if not _DURATION.match(value):
            raise ValueError("is a duration such as 90s, 15m, 1h30m or 2d")
        total = sum(float(n) * _SECONDS[unit] for n, unit in _DURATION_PART.findall(value))
        if total <= 0:
            raise ValueError("must be more than 0")
        if total > _MAX_DAYS * _SECONDS["d"]:
            raise ValueError(f"must be at most {_MAX_DAYS}d")
        return {target: total}

    return parse


def listen_address(host_target: str, port_target: str, *, optional: bool = False) -> Parse:
    """``HOST:PORT``."""

    def parse(value: str) -> dict[str, object]:
        if optional and not value:
            return {}
        host, colon, port = value.rpartition(":")
        bracketed = host.startswith("[") and host.endswith("]")
        # ::1:80 could be an address and a port, or an address alone
        unclear = ":" in host and not bracketed
        if not colon or not port.isdecimal() or int(port) > 65_535 or unclear:
            raise ValueError("is HOST:PORT, such as 0.0.0.0:10360 or [::]:10360")
        return {host_target: host.strip("[]"), port_target: int(port)}

    return parse


def path(value: str) -> dict[str, object]:
    """Of the metrics."""
    if not re.match(r"/[\w./-]*\Z", value):
        raise ValueError("is a path such as /metrics")
    if value in ("/livez", "/readyz"):
        raise ValueError("is taken by a health check")
    return {"telemetry_path": value}


def namespaces(value: str) -> dict[str, object]:
    """Names, separated by commas."""
    names = tuple(dict.fromkeys(n.strip() for n in value.split(",") if n.strip()))
    for name in names:
        if not NAMESPACE.match(name):
            raise ValueError(f"{name!r} is no namespace")
    return {"namespaces": names}


def agents(value: str) -> dict[str, object]:
    """Products of User-Agents, separated by commas."""
    products = tuple(dict.fromkeys(p.strip() for p in value.split(",") if p.strip()))
    for product in products:
        if "/" in product:
            raise ValueError(f"{product!r} has a slash: it is what stands before the first one")
    return {"scraper_agents": products}


def name(target: str, pattern: re.Pattern[str], *, optional: bool = False) -> Parse:
    """Of an object of Kubernetes."""

    def parse(value: str) -> dict[str, object]:
        if not pattern.match(value) and not (optional and not value):
            raise ValueError("can be no name")
        return {target: value}

    return parse


def labels(value: str) -> dict[str, object]:
    """``name=value``, separated by commas."""
    found: dict[str, str] = {}
    for part in filter(None, (p.strip() for p in value.split(","))):
        name, equals, text = part.partition("=")
        if not equals or not text or not _LABEL_NAME.match(name):
            raise ValueError(f"{part!r} is no NAME=VALUE, such as team=shop")
        if name in _TAKEN_LABELS or name in found:
            raise ValueError(f"{name!r} is taken already")
        found[name] = text
    return {"labels": tuple(found.items())}


def rule_files(value: str) -> dict[str, object]:
    """Paths, separated by commas."""
    return {"rule_files": tuple(dict.fromkeys(p.strip() for p in value.split(",") if p.strip()))}


def positive(target: str) -> Parse:
    """A whole number."""

    def parse(value: str) -> dict[str, object]:
        if not value.isdecimal() or not 0 < int(value) <= 10_000_000:
            raise ValueError("is a whole number from 1 to 10000000")
        return {target: int(value)}

    return parse


def size(target: str) -> Parse:
    """Bytes, with or without a unit."""

    def parse(value: str) -> dict[str, object]:
        match = _SIZE.match(value)
        number = int(match[1]) * _BYTES[match[2]] if match else 0
        if not 1024 <= number <= _BYTES["GiB"]:
            raise ValueError("is a size from 1KiB to 1GiB, such as 64MiB")
        return {target: number}

    return parse


def switch(target: str) -> Parse:
    """True or false."""

    def parse(value: str) -> dict[str, object]:
        if value.lower() not in ("true", "false"):
            raise ValueError("is true or false")
        return {target: value.lower() == "true"}

    return parse
