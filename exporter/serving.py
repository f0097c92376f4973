# SPDX-License-Identifier: Apache-2.0
"""What listens: the web server, on the terms that the configuration names, and its start."""

from __future__ import annotations

import os
from collections.abc import Callable

from exporter.config import Config
from exporter.kube.connection import Cluster
from exporter.metrics.page import Page
from exporter.notes import Note
from exporter.reviewing import ApiReviewer
from exporter.web.landing import Facts
from exporter.web.listening import FileError
from exporter.web.reviews import Guard, Reviews
from exporter.web.scrapers import recognizer
from exporter.web.server import OPEN_PATHS, Health, WebServer
from exporter.web.terms import Gate
from exporter.web.terms.usage import web_usage
from exporter.web.webhook import AuditWebhook


class ExporterFailedError(Exception):
    """A part of the exporter died; the process must end and say so."""


def reviews_of(config: Config, cluster: Cluster) -> Reviews | None:
    """Of bearer tokens, by the API server; None where none are asked for."""
    return Reviews(ApiReviewer(cluster)) if config.web_auth_kubernetes else None


def web_server(
    config: Config,
    page: Page,
    reviews: Reviews | None,
    *,
    health: Callable[[], Health],
    facts: Callable[[], Facts],
    note: Note,
) -> WebServer:
    """That of ``--web.listen-address``."""
    guard = None
    if reviews:
        guard = Guard(reviews, path=config.telemetry_path, open_=OPEN_PATHS, note=note)
    return WebServer(
        page,
        telemetry_path=config.telemetry_path,
        health=health,
        facts=facts,
        recognize=recognizer(config.scraper_agents),
        note=note,
        gate=Gate.of(config.web_config_file, OPEN_PATHS, note, usage=web_usage(config)),
        guard=guard,
    )


async def started(server: WebServer | AuditWebhook, host: str, port: int) -> tuple[str, int]:
    """What it listens on. Raises ``ExporterFailedError``."""
    try:
        return await server.start(host, port)
    except FileError as error:
        raise ExporterFailedError(str(error)) from None
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise ExporterFailedError(f"cannot listen on {host}:{port}: {reason}") from None


def address(host: str, port: int) -> str:
    """As it stands in URLs."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
