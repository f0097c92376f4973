# SPDX-License-Identifier: Apache-2.0
"""How the next list is asked for: streamed (KEP-3157) or page by page.

Servers without streamed lists refuse them, which is clear; but those before 1.19, and some
proxies, take the request and never send the end mark. So it is learned from what became
of the last ones.
"""

from __future__ import annotations

from exporter.kube.request import Phase

# One that falls silent may be an outage; two in a row are the server's or a proxy's way.
_SILENT_ENDS = 2


class ListStyle:
    """Streamed or paged; ``streaming`` is whether to try the first at all."""

    def __init__(self, *, streaming: bool) -> None:
        self.streaming = streaming
        """Whether a new list is streamed."""
        self._broken = 0
        self._silent = 0

    @property
    def phase(self) -> Phase:
        """What a new list begins with."""
        return Phase.STREAM if self.streaming else Phase.LIST

    def refused(self) -> None:
        """The server does not stream lists."""
        self.streaming = False

    def broke(self, *, silent: bool) -> Phase:
        """A streamed list broke before its end mark; returns how the list is asked for now.

        ``silent``: nothing came, or no end mark. A paged list gets through where long
        streams are cut short, so every second try is one.
        """
        self._broken += 1
        self._silent += silent
        if self._silent >= _SILENT_ENDS:
            self.streaming = False
        return Phase.LIST if silent or self._broken % 2 == 0 else Phase.STREAM

    def published(self, *, streamed: bool) -> None:
        """A list is complete."""
        self._broken = 0
        if streamed:
            self._silent = 0
