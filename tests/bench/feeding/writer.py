"""Writes events to a real API server at a steady pace, as recorders do: created, then patched.

A process of its own, told what to do by JSON lines on standard input and answering each with one
JSON line. Times in answers are CLOCK_MONOTONIC seconds, shared by all processes.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import ssl
import sys
import time
from typing import Any

import aiohttp

from tests.bench.feeding.events import Load, mixed

_AT_ONCE = 64
"""Requests under way; past that the pace falls, and the answer tells."""
_PATCH = "application/merge-patch+json"


class Writer:
    """The events of one load, written over connections that are kept."""

    def __init__(self, session: aiohttp.ClientSession, server: str, load: Load) -> None:
        self.written = 0
        self.failed: dict[int, int] = {}
        """How many were refused, by HTTP status."""
        self._session = session
        self._server = server
        self._load = load
        self._created: dict[int, asyncio.Task[None]] = {}

    async def write(self, events: int, rate: float, repeats: float) -> dict[str, Any]:
        """So many occurrences, so many a second; answered when the last one was accepted."""
        room = asyncio.Semaphore(_AT_ONCE)
        began = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for number, (i, count) in enumerate(mixed(self._load, events, repeats)):
                await asyncio.sleep(max(0.0, began + number / rate - time.monotonic()))
                await room.acquire()
                task = group.create_task(self._occur(i, count, self._created.get(i)))
                task.add_done_callback(lambda _: room.release())
                self._created[i] = task
        ended = time.monotonic()
        return {"began": began, "ended": ended, "written": self.written, "failed": self.failed}

    async def _occur(self, i: int, count: int, earlier: asyncio.Task[None] | None) -> None:
        if earlier is not None:
            await earlier  # of one event one comes after the other
        event = json.loads(self._load.item(i, count, 1))
        metadata = event["metadata"]
        path = f"{self._server}/api/v1/namespaces/{metadata['namespace']}/events"
        if count == 1:
            event["metadata"] = {key: metadata[key] for key in ("name", "namespace")}
            await self._send("POST", path, event, "application/json")
        else:
            body = {"count": count, "lastTimestamp": event["lastTimestamp"]}
            await self._send("PATCH", f"{path}/{metadata['name']}", body, _PATCH)

    async def _send(self, method: str, path: str, body: Any, kind: str) -> None:
        headers = {"Content-Type": kind}
        async with self._session.request(
            method, path, data=json.dumps(body), headers=headers
        ) as response:
            await response.read()
            if response.status < 300:
                self.written += 1
            else:
                self.failed[response.status] = self.failed.get(response.status, 0) + 1


async def _serve(server: str) -> None:
    credentials = json.loads(sys.stdin.readline())
    context = ssl.create_default_context(cafile=credentials["ca_file"])
    headers = {"Authorization": f"Bearer {credentials['token']}", "User-Agent": "kubelet/v1.36"}
    connector = aiohttp.TCPConnector(ssl=context, limit=_AT_ONCE)
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:
        print("{}", flush=True)
        while line := await asyncio.to_thread(sys.stdin.readline):
            asked = json.loads(line)
            writer = Writer(session, server, Load(**asked.pop("load")))
            print(json.dumps(await writer.write(**asked)), flush=True)


def main() -> None:
    """Write what is asked for until standard input ends; its first line is the credentials."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("server", help="URL")
    work = _serve(parser.parse_args().server)
    try:
        import uvloop
    except ImportError:
        asyncio.run(work)
    else:
        uvloop.run(work)


if __name__ == "__main__":
    main()
