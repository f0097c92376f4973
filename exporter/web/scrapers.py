# SPDX-License-Identifier: Apache-2.0
"""Who asks for the metrics: a scraper, told from others, or somebody else.

A scraper is known by Prometheus' own request header, or by the product in its User-Agent where it
sends no such header, and by its address. Behind a proxy in the same pod (kube-rbac-proxy, a mesh)
all come from loopback: there, and only there, the address that the proxy has added is believed.
"""

from __future__ import annotations

import ipaddress
import math
import weakref
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from aiohttp import web

# Prometheus, vmagent, Alloy and the OpenTelemetry collector send it with every scrape.
SCRAPE_HEADER = "X-Prometheus-Scrape-Timeout-Seconds"
# Products of agents that scrape, for those that send no such header or lost it in a proxy.
AGENTS = (
    "Prometheus",
    "vm_promscrape",
    "Alloy",
    "GrafanaAgent",
    "Datadog Agent",
    "Telegraf",
    "Elastic-Metricbeat",
    "Metricbeat",
)
_PRODUCT_CHARACTERS = 64


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks."""

    name: str
    """Tells scrapers apart; ``""`` for who is none."""
    connection: object
    """Equal for requests that are known to come on one connection of one scraper."""
    timeout: float
    """How long it waits for its page, seconds; infinite where it does not say."""


Recognize = Callable[[web.Request], Asking]


def recognizer(more_agents: Iterable[str] = ()) -> Recognize:
    """Knows scrapers by their header or as ``AGENTS``, or as one of ``more_agents``."""
    agents = frozenset(each.casefold() for each in (*AGENTS, *more_agents))

    def recognize(request: web.Request) -> Asking:
        seconds = _timeout(request)
        product = request.headers.get("User-Agent", "").partition("/")[0]
        if request.method != "GET" or (seconds is None and product.casefold() not in agents):
            return Asking("", None, math.inf)  # HEAD shows nothing
        forwarded = _forwarded_address(request)
        # Two scrapers on one address are told apart by their product, not by its version.
        # A header can hold bytes that are no text.
        told = f"{forwarded or request.remote} {product[:_PRODUCT_CHARACTERS]}"
        name = told.encode("ascii", "backslashreplace").decode()
        # A proxy's connections are its own: the next request on one proves nothing of the last.
        own = request.transport is not None and not forwarded
        connection = weakref.ref(request.transport) if own and request.transport else object()
        return Asking(name, connection, math.inf if seconds is None else seconds)

    return recognize


def _timeout(request: web.Request) -> float | None:
    """What the scrape header says, None without it."""
    try:
        seconds = float(request.headers.get(SCRAPE_HEADER, ""))
    except ValueError:
        return None
    return None if math.isnan(seconds) else seconds


def _forwarded_address(request: web.Request) -> str:
    """The address that a proxy on loopback adds to X-Forwarded-For: the last one; else ``""``.

    Those before it are what the client said of itself.
    """
    values = request.headers.getall("X-Forwarded-For", ())
    if not values or not _is_loopback(request.remote or ""):
        return ""
    last = values[-1].rpartition(",")[2].strip()
    try:
        return str(ipaddress.ip_address(last))
    except ValueError:
        return ""


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
