# SPDX-License-Identifier: Apache-2.0
"""Which format and which encoding a client gets: RFC 9110 quality values over what we have."""

from __future__ import annotations

from collections.abc import Iterator

from exporter.metrics.text import Format


def format_for(accept: str) -> Format:
    """OpenMetrics 1.0 where the client prefers it or likes both the same, else text 0.0.4."""
    best, quality = Format.TEXT, 0.0
    for media, parameters in _preferences(accept):
        offer, weight = _offer(media, parameters), _quality(parameters)
        if offer is None or weight <= 0:
            continue
        if weight > quality or (weight == quality and offer is Format.OPENMETRICS):
            best, quality = offer, weight
    return best


def gzip_accepted(accept_encoding: str) -> bool:
    """Whether the client takes gzip; its own entry speaks before that for all others."""
    weights = {coding: _quality(p) for coding, p in _preferences(accept_encoding)}
    return weights.get("gzip", weights.get("*", 0.0)) > 0


def _offer(media: str, parameters: dict[str, str]) -> Format | None:
    """What we have for a media range; None where that is nothing."""
    if media == "application/openmetrics-text":
        # Prometheus up to 2.34 asks for 0.0.1 and reads 1.0.0.
        known = parameters.get("version", "1.0.0") in {"1.0.0", "0.0.1"}
        return Format.OPENMETRICS if known else None
    if media in {"text/plain", "text/*", "*/*"}:
        return Format.TEXT if parameters.get("version", "0.0.4") == "0.0.4" else None
    return None


def _preferences(header: str) -> Iterator[tuple[str, dict[str, str]]]:
    for item in header.split(","):
        name, *pieces = (piece.strip() for piece in item.split(";"))
        parameters = {}
        for piece in pieces:
            key, _, value = piece.partition("=")
            parameters[key.strip().lower()] = value.strip().strip('"')
        if name:
            yield name.lower(), parameters


def _quality(parameters: dict[str, str]) -> float:
    try:
        return float(parameters.get("q", "1"))
    except ValueError:
        return 0.0
