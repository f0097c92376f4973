# SPDX-License-Identifier: Apache-2.0
"""What becomes of bytes that cannot be used: counted by cause, told once, passed over."""

from __future__ import annotations

from typing import Generic

from exporter.kube.consumer import Consumer, Note
from exporter.kube.frames import FrameReader, Page, T, Undecodable
from exporter.kube.telemetry import Telemetry


class Intake(Generic[T]):
    """Hands listed objects to the consumer, and keeps account of all that could not be used."""

    def __init__(
        self, reader: FrameReader[T], consumer: Consumer[T], telemetry: Telemetry, note: Note
    ) -> None:
        self._reader = reader
        self._consumer = consumer
        self._telemetry = telemetry
        self._note = note
        self._noted: set[Undecodable] = set()

    def begin(self) -> None:
        """A new answer begins."""
        self._noted.clear()

    def listed(self, page: Page) -> None:
        """The objects of a page; one bad object does not take its page along."""
        for raw in page.items or ():
            item = self._reader.item(raw)
            if isinstance(item, Undecodable):
                self.passed_over(item)
            elif not self._consumer.listed(item):
                self.passed_over(Undecodable.UNNAMED)
            self._telemetry.frames["LISTED"] += 1

    def passed_over(self, cause: Undecodable, count: int = 1) -> None:
        """So many frames or objects could not be used."""
        self._telemetry.undecodable[cause] += count
        if cause not in self._noted:
            # The first of an answer: a stream of nothing else must not flood the log.
            self._noted.add(cause)
            self._note("warning", "frame passed over", {"cause": cause.value})
