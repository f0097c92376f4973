# SPDX-License-Identifier: Apache-2.0
"""Which proxy the environment names for a URL: as Go's programs, and so kubectl, read it."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

_PORTS = {"http": 80, "https": 443}


def proxy_for(url: str, environ: Mapping[str, str]) -> str:
    """The proxy's URL, or ``""`` for none.

    ``HTTPS_PROXY`` or ``HTTP_PROXY`` by the URL's scheme, unless ``NO_PROXY`` names the
    host: as a domain, with or without its subdomains, an address, a network (10.0.0.0/8, as
    clusters' own are usually given), each also with a port, or ``*``. Loopback never has one.
    """
    parts = urlsplit(url)
    proxy = _variable(environ, f"{parts.scheme}_proxy")
    host = (parts.hostname or "").rstrip(".")
    port = parts.port or _PORTS.get(parts.scheme, 0)
    if not proxy or host == "localhost":
        return ""
    address = _address(host)
    if address is not None and address.is_loopback:
        return ""
    for rule in _variable(environ, "no_proxy").lower().split(","):
        if _covers(rule.strip(), host, address, port):
            return ""
    return proxy if "://" in proxy else f"http://{proxy}"


def _variable(environ: Mapping[str, str], name: str) -> str:
    return environ.get(name.upper()) or environ.get(name) or ""


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None


def _covers(rule: str, host: str, address: IPv4Address | IPv6Address | None, port: int) -> bool:
    if rule == "*":
        return True
    if "/" in rule:
        try:
            return address is not None and address in ip_network(rule, strict=False)
        except ValueError:
            return False
    if _address(rule) is None:
        name, colon, only = rule.rpartition(":")
        if colon and only.isdecimal():
            if int(only) != port:
                return False
            rule = name
    rule = rule.strip("[]")
    if address is not None:
        return address == _address(rule)
    rule = rule.removeprefix("*")
    if rule.startswith("."):
        return host.endswith(rule)
    return bool(rule) and (host == rule or host.endswith(f".{rule}"))
