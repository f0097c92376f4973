"""What is logged of requests that go wrong."""

from __future__ import annotations

import asyncio

import pytest

from tests.unit.web.site import serving


async def answer(port: int, request: bytes) -> bytes:
    """All that comes back."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    try:
        async with asyncio.timeout(10):
            return await reader.read()
    finally:
        writer.transport.abort()


@pytest.mark.parametrize(
    "line",
    [
        b"Authorization : Bearer secret",
        b"Authorization: Bearer secret\x0b",
        b"Authorization: x\r\n Bearer secret",
        b"Bearer secret",
    ],
)
async def test_what_is_no_http_is_not_logged(line: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """A line of it can hold a token, and can be sent for ever."""
    caplog.set_level("DEBUG")
    async with serving() as site:
        said = await answer(site.port, b"GET /metrics HTTP/1.1\r\nHost: x\r\n" + line + b"\r\n\r\n")
        assert b" 400 " in said.partition(b"\r\n")[0]
        assert (await site.get("/livez"))[0].status == 200
    assert "secret" not in caplog.text
    assert "Traceback" not in caplog.text


async def test_a_failure_of_ours_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """With where it was."""
    async with serving() as site:
        del site.facts
        response, _ = await site.get("/")
        assert response.status == 500
    assert "has no attribute 'facts'" in caplog.text
