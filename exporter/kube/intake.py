# SPDX-License-Identifier: Apache-2.0
"""Objects go on to the consumer; what cannot be used is counted by cause and passed over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic

from exporter.kube.consumer import Consumer
from exporter.kube.frames import Frame, FrameReader, Page, T, Undecodable
from exporter.kube.telemetry import Telemetry
from exporter.notes import Note


class Intake(Generic[T]):
    """Hands objects to the consumer, and keeps account of all that could not be used."""

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

    def changed(self, frames: Sequence[Frame[T]]) -> None:
        """Changes that a watch brings: what is done here is done for each event."""
        counts, changed = self._telemetry.frames, self._consumer.changed
        for frame in frames:
            kind = frame.type
            counts[kind] += 1
            if not changed(kind, frame.object):
                self.passed_over(Undecodable.UNNAMED)

    def streamed(self, frames: Sequence[Frame[T]]) -> None:
        """Objects of a streamed list; some are deleted while it goes on."""
        consumer = self._consumer
        for frame in frames:
            self._telemetry.frames[frame.type] += 1
            take = consumer.unlisted if frame.type == "DELETED" else consumer.listed
            if not take(frame.object):
                self.passed_over(Undecodable.UNNAMED)

    def passed_over(self, cause: Undecodable, count: int = 1) -> None:
        """So many frames or objects could not be used."""
        self._telemetry.undecodable[cause] += count
        if cause not in self._noted:
            # The first of an answer: a stream of nothing else must not flood the log.
            self._noted.add(cause)
            self._note("warning", "frame passed over", {"cause": cause.value})
