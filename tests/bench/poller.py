"""Asks one small page again and again until told to end, and says how long the longest wait was.

A process of its own: in the benchmark's own the scrape that is made meanwhile would be felt.
"""

from __future__ import annotations

import argparse
import http.client
import json
import sys
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.bench.processes import Process, module

_PAUSE_SECONDS = 0.001


class Polls:
    """Polls of a path while the block runs; then ``longest`` (seconds), ``asked``, ``refused``."""

    def __init__(self, port: int, path: str, directory: Path) -> None:
        """Of a server on 127.0.0.1; the log goes to ``directory``."""
        command = module("poller", str(port), path)
        self._process = Process(command, directory / "poller.log", control=True)
        self.longest = 0.0
        self.asked = 0
        self.refused = 0
        """Answers other than 200."""

    def __enter__(self) -> Self:
        """The first poll has been answered."""
        self._process.__enter__()
        self._process.heard()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None
    ) -> None:
        """The last one has."""
        try:
            if kind is None:
                self._process.say({})
                answer = self._process.heard()
                self.longest, self.asked = answer["longest"], answer["asked"]
                self.refused = answer["refused"]
        finally:
            self._process.__exit__()


def _poll(port: int, path: str, ended: threading.Event) -> dict[str, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    longest, asked, refused = 0.0, 0, 0
    while not ended.is_set():
        began = time.perf_counter()
        connection.request("GET", path)
        response = connection.getresponse()
        response.read()
        seconds = time.perf_counter() - began
        if asked:
            longest = max(longest, seconds)
        else:  # the first one also connects
            print("{}", flush=True)
        asked += 1
        refused += response.status != 200
        time.sleep(_PAUSE_SECONDS)
    return {"longest": longest, "asked": asked, "refused": refused}


def main() -> None:
    """Poll until a line comes in."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("path")
    arguments = parser.parse_args()
    ended = threading.Event()

    def listen() -> None:
        sys.stdin.readline()
        ended.set()

    threading.Thread(target=listen, daemon=True).start()
    print(json.dumps(_poll(arguments.port, arguments.path, ended)), flush=True)


if __name__ == "__main__":
    main()
