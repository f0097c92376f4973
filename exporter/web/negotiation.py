# SPDX-License-Identifier: Apache-2.0
"""Which format and which encoding a client gets: RFC 9110 quality values over what we have."""

from __future__ import annotations

from collections.abc import Iterator

from exporter.metrics.text import Format


def format_for(accept: str) -> Format:
    """OpenMetrics 1.0 where the client prefers it or likes both the same, else text 0.0.4."""
    best, quality = Format.TEXT, 0.0
    for media, parameters in _preferences(accept):
        weight = _quality(parameters)
        if media == "application/openmetrics-text":
            if parameters.get("version", "1.0.0") in ("1.0.0", "0.0.1") and weight > quality:
                best, quality = Format.OPENMETRICS, weight
        elif (
            media in ("text/plain", "text/*", "*/*")
            and weight > quality
            and parameters.get("version", "0.0.4") == "0.0.4"
        ):
            best, quality = Format.TEXT, weight
    return best


def gzip_accepted(accept_encoding: str) -> bool:
    """Whether the client takes gzip."""
    for coding, parameters in _preferences(accept_encoding):
        if coding in ("gzip", "*"):
            return _quality(parameters) > 0
    return False


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
