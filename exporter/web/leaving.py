# SPDX-License-Identifier: Apache-2.0
"""Ends connections whose clients have to be looked at again."""

from __future__ import annotations

from collections.abc import Container

from aiohttp import web


def end_connections(server: web.Server, busy: Container[web.RequestHandler]) -> None:
    """Each after the request that it is at, as ``busy`` ones are."""
    for connection in server.connections:
        if connection in busy:
            connection.close()
        elif connection.transport:
            connection.transport.close()
