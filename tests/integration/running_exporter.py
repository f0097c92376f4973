"""`python -m exporter` as its users run it: a process with flags, a log, a port and an end."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from exporter.demo import LabelSet

START_SECONDS = 30.0
_LISTENING = re.compile(r"msg=listening .*address=127\.0\.0\.1:(\d+)")
# What would lead it to another cluster, other settings, or past loopback.
_FOREIGN = re.compile(r"(?i)kube|.*_proxy$|home$")


class RunningExporter:
    """One process; ``async with`` starts it, and kills it where the test has not ended it.

    ``code`` is Python to run in place of ``-m exporter``.
    """

    def __init__(self, home: Path, *arguments: str, code: str = "") -> None:
        self.log = ""
        self._arguments = arguments
        self._code = code
        self._home = home
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._changed = asyncio.Condition()

    async def __aenter__(self) -> Self:
        environment = {k: v for k, v in os.environ.items() if not _FOREIGN.match(k)}
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            *(("-c", self._code) if self._code else ("-m", "exporter")),
            *self._arguments,
            env={**environment, "HOME": str(self._home)},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        self._reading = asyncio.create_task(self._read())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._process is not None
        assert self._reading is not None
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
        await self._reading

    async def url(self) -> str:
        """Where it serves, once it says so."""
        return f"http://127.0.0.1:{(await self.logged(_LISTENING))[1]}"

    async def logged(self, pattern: str | re.Pattern[str]) -> re.Match[str]:
        """The first place in its log that matches, once it is there."""
        async with asyncio.timeout(START_SECONDS), self._changed:
            while not (found := re.search(pattern, self.log)):
                assert self._reading is not None
                assert not self._reading.done(), f"ended without {pattern}: {self.log}"
                await self._changed.wait()
            return found

    def tell(self, number: signal.Signals) -> None:
        """Send it a signal."""
        assert self._process is not None
        self._process.send_signal(number)

    async def ended(self, within: float = START_SECONDS) -> int:
        """Its exit code; TimeoutError if it does not end ``within`` seconds."""
        assert self._process is not None
        assert self._reading is not None
        async with asyncio.timeout(within):
            code = await self._process.wait()
            await self._reading
        return code

    async def get(self, path: str) -> tuple[int, str]:
        """Status and body, as a plain client that is no scraper."""
        url = await self.url()
        async with aiohttp.ClientSession() as session, session.get(url + path) as response:
            return response.status, await response.text()

    async def ready(self) -> None:
        """Return once it is ready."""
        async with asyncio.timeout(START_SECONDS):
            while (await self.get("/readyz"))[0] != 200:  # noqa: ASYNC110 - it is another process
                await asyncio.sleep(0.02)

    async def counted(self, reason: str) -> None:
        """Return once this reason is counted: all that was written before it is counted then."""
        async with asyncio.timeout(START_SECONDS):
            while all(labels.reason != reason for labels in await self.counts()):  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    async def counts(self) -> dict[LabelSet, int]:
        """``kube_events_total``, without zeros."""
        _, page = await self.get("/metrics")
        return {
            LabelSet(**sample.labels): int(sample.value)
            for family in text_string_to_metric_families(page)
            for sample in family.samples
            if sample.name == "kube_events_total" and sample.value
        }

    async def _read(self) -> None:
        assert self._process is not None
        assert self._process.stderr is not None
        while line := await self._process.stderr.readline():
            async with self._changed:
                self.log += line.decode()
                self._changed.notify_all()
        async with self._changed:
            self._changed.notify_all()
