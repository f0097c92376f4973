# SPDX-License-Identifier: Apache-2.0
"""Go's own TLS and HTTP client, as Prometheus has it, in a program of its own (goclient/)."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import trustme

from tests.integration.programs import needed
from tests.unit.web.web_config import WebConfig

SOURCES = Path(__file__).parent / "goclient"
_OURS = {"GOTOOLCHAIN": "local", "GOWORK": "off", "GOFLAGS": "", "CGO_ENABLED": "0"}

Json = dict[str, Any]


def go(*arguments: str) -> str:
    """What ``go`` says in the client's directory; skips the test where it is absent, or fails it
    with REQUIRE_GO=1.
    """
    return _said("go", *arguments)


def gofmt() -> str:
    """The files of the client that are not formatted."""
    return _said("gofmt", "-l", ".")


def _said(name: str, *arguments: str) -> str:
    done = subprocess.run(
        [needed(name, "REQUIRE_GO"), *arguments],
        cwd=SOURCES,
        env={**os.environ, **_OURS},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


class GoClient:
    """Asks the server of a `WebConfig`, whose authority it trusts."""

    def __init__(self, program: Path, config: WebConfig, url: str) -> None:
        self._program = program
        self._config = config
        self._url = url
        self._flags: list[str] = []

    def certified(self, *names: str, signed_by: trustme.CA | None = None) -> None:
        """From now on it shows a certificate for these names, of the server's authority unless it
        is said otherwise.
        """
        own = (signed_by or self._config.authority).issue_cert(*names)
        cert, key = (self._config.folder / f"go-client.{kind}" for kind in ("crt", "key"))
        cert.write_bytes(b"".join(each.bytes() for each in own.cert_chain_pems))
        own.private_key_pem.write_to_path(key)
        self._flags += ["-cert", str(cert), "-key", str(key)]

    def known(self, user: str, password: str) -> None:
        """From now on it has this password."""
        self._flags += ["-user", user, "-password", password]

    async def ask(self, *flags: str, ca: Path | None = None) -> Json:
        """What came of one request."""
        (answer,) = await self.asks(1, *flags, ca=ca)
        return answer

    async def asks(self, count: int, *flags: str, ca: Path | None = None) -> list[Json]:
        """What came of so many, one after the other."""
        process = await self._start("-requests", str(count), *flags, ca=ca)
        output, errors = await process.communicate()
        assert process.returncode == 0, errors
        return [json.loads(line) for line in output.splitlines()]

    async def load(self, workers: int) -> Load:
        """Many requests at once, until the load is ended."""
        return Load(await self._start("-workers", str(workers)))

    async def _start(self, *flags: str, ca: Path | None = None) -> asyncio.subprocess.Process:
        trusted = ca or self._config.folder / "ca.crt"
        return await asyncio.create_subprocess_exec(
            *(str(self._program), "-url", self._url, "-ca", str(trusted)),
            *(*self._flags, *flags),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )


class Load:
    """A client at work."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def goes_on(self, more: int) -> None:
        """Return once each of its workers has had so many answers more, or errors."""
        async with asyncio.timeout(60):
            enough = await self._least() + more
            while await self._least() < enough:
                pass

    async def end(self) -> list[Json]:
        """What came of it, by worker."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        async with asyncio.timeout(60):
            output, errors = await self._process.communicate()
        assert self._process.returncode == 0, errors
        totals: list[Json] = json.loads(output)
        return totals

    def kill(self) -> None:
        """End it, had the test not come to that."""
        if self._process.returncode is None:
            self._process.kill()

    async def _least(self) -> int:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(b"?")
        await self._process.stdin.drain()
        return int(await self._process.stdout.readline())
