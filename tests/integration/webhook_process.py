"""The audit webhook in a process of its own, for tests that look at its memory.

``python -m tests.integration.webhook_process LOOP PATIENCE [CERT KEY]`` prints its port and, at the
end of its standard input, how many connections it refused.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from exporter.web.listening import Bounds
from exporter.web.terms import TlsFiles
from exporter.web.webhook import AuditWebhook, Limits, Receipt

MAX_BODY_BYTES = 64 * 1024 * 1024


async def _receive(body: bytes, region: str) -> Receipt:
    return Receipt.SAVED if body[:1] == b"{" else Receipt.NOT_EVENT_LIST


async def serve(patience: float, *files: str) -> None:
    """Until nobody holds our standard input."""

    def note(level: str, message: str, fields: dict[str, object]) -> None:
        """Nobody listens."""

    terms = TlsFiles(Path(files[0]), Path(files[1])).followed(note) if files else None
    webhook = AuditWebhook(
        _receive,
        max_body_bytes=MAX_BODY_BYTES,
        note=note,
        terms=terms,
        limits=Limits(bounds=Bounds(patience=patience)),
    )
    _, port = await webhook.start("127.0.0.1", 0)
    print(port, flush=True)
    await asyncio.to_thread(sys.stdin.read)
    print(webhook.connections_refused)
    await webhook.stop()


if __name__ == "__main__":
    loop, patience, *tls_files = sys.argv[1:]
    serving = serve(float(patience), *tls_files)
    if loop == "uvloop":
        import uvloop

        uvloop.run(serving)
    else:
        asyncio.run(serving)
