"""What the demo's tests share: small events, and a raw reader of watches."""

from __future__ import annotations

import json
from typing import Any

import aiohttp

NOW = 1_795_347_600.0  # 2026-11-22T11:40:00Z, when the recordings were made


def event(name: str, namespace: str = "shop", **fields: Any) -> dict[str, Any]:
    """A minimal core/v1 Event."""
    return {"metadata": {"name": name, "namespace": namespace}, **fields}


def name_of(item: bytes | dict[str, Any]) -> str:
    """The name of an event or of a watch line's object."""
    loaded = item if isinstance(item, dict) else json.loads(item)
    metadata = loaded.get("object", loaded)["metadata"]
    return str(metadata["name"])


async def lines(response: aiohttp.ClientResponse, count: int) -> list[dict[str, Any]]:
    """The next `count` lines of a watch, decoded."""
    return [json.loads(await response.content.readline()) for _ in range(count)]


async def rest(response: aiohttp.ClientResponse) -> bytes:
    """All bytes up to the end of the response, also where that end is abrupt."""
    received = bytearray()
    try:
        async for chunk in response.content.iter_any():
            received += chunk
    except (aiohttp.ClientPayloadError, ConnectionResetError):
        received += b"<cut>"
    return bytes(received)
