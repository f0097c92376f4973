"""Kubeconfigs for the tests, and a server on TLS that says who it was asked by."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import yaml
from aiohttp import web

SECRET = "s3cr3t-t0ken"


def kubeconfig(
    path: Path,
    *,
    server: str = "http://127.0.0.1:1",
    name: str = "dev",
    user: dict[str, Any] | None = None,
    cluster: dict[str, Any] | None = None,
    current: bool = True,
) -> Path:
    """Write a kubeconfig with one context, user and cluster, all of one name."""
    document: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Config",
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "clusters": [{"name": name, "cluster": {"server": server, **(cluster or {})}}],
        "users": [{"name": name, "user": user or {}}],
    }
    if current:
        document["current-context"] = name
    path.write_text(yaml.safe_dump(document))
    return path


class Asked:
    """What a server was asked: the Authorization header and the client certificate's name."""

    def __init__(self) -> None:
        self.url = ""
        self.tokens: list[str] = []
        self.certificates: list[str] = []
        self.proxy_tokens: list[str] = []
        self.impersonated: list[list[tuple[str, str]]] = []


@contextlib.asynccontextmanager
async def serving(context: ssl.SSLContext | None = None) -> AsyncIterator[Asked]:
    """A server on a free port of loopback that answers everything with ``{}``."""
    asked = Asked()

    async def answer(request: web.Request) -> web.Response:
        asked.tokens.append(request.headers.get("Authorization", ""))
        asked.proxy_tokens.append(request.headers.get("Proxy-Authorization", ""))
        asked.impersonated.append(
            [(k, v) for k, v in request.headers.items() if k.startswith("Impersonate")]
        )
        peer = request.transport.get_extra_info("peercert") if request.transport else None
        asked.certificates.append(str(peer["subject"]) if peer else "")
        return web.json_response({})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    scheme = "https" if context else "http"
    asked.url = f"{scheme}://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield asked
    finally:
        await runner.cleanup()
