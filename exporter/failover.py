# SPDX-License-Identifier: Apache-2.0
"""Failover: two replicas count, one shows, and who takes over shows what the other has not.

The leader says with its Lease, after each scrape, how far it has seen the cluster and what no
scraper was shown of that. The standby keeps a journal of what it counts beyond.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from exporter.checkpoint.handover import Handover, read, written
from exporter.checkpoint.recorder import Recorder
from exporter.checkpoint.state import Cut
from exporter.notes import Note
from exporter.pipeline import Counting, Journal, Scope
from exporter.pipeline.journal import Amounts, amounts_of

_MAX_PAGES = 4


class Failover:
    """The witness of a page (``metrics.page``), and whom the election tells who leads.

    ``scopes`` are by namespace, ``""`` for all; ``versions`` gives the resourceVersion up to which
    each of them has seen its events; ``limit`` is the longest payload in bytes.
    """

    def __init__(
        self,
        counting: Counting,
        scopes: Mapping[str, Scope],
        versions: Callable[[], Mapping[str, int]],
        note: Note,
        *,
        limit: int,
    ) -> None:
        self.not_handed_over = 0
        """Series that were held back and had no room in the payload."""
        self.dropped = 0
        """Of journals that ended: see ``Journal.dropped``."""
        self.publish: Callable[[str], object] = lambda _payload: None
        """Has a payload written into the Lease."""
        self._counting = counting
        self._scopes = scopes
        self._note = note
        self._limit = limit
        self._versions = versions
        self._handing_over = 0, ""
        self._last_text = ""
        self._in_lease = ""
        """What was last known to stand there."""
        self._last = Handover()
        """The last one that we read, or gave."""
        self._pages: dict[int, Amounts] = {}
        """What pages show that are made and not yet sent, by the number of their cut."""
        self._shown: Amounts | None = None
        """What the last page of our lead has shown; before it, what the Lease says."""
        self._recorder = Recorder({}, counting.bounded, list, versions)
        self._journal = self._begun()

    @property
    def journal(self) -> Journal:
        """What a standby counts beyond what the leader has shown."""
        return self._journal

    def showing(self, seen: int) -> Cut:
        """A leader's page is made."""
        cut = self._recorder.cut(seen)
        self._pages[cut.number] = amounts_of(self._counting)
        if len(self._pages) > _MAX_PAGES:
            del self._pages[min(self._pages)]
        return cut

    def shown(self, cut: Cut) -> None:
        """It was sent: the standby must not show it again."""
        self._note("debug", "page sent", {"cut": cut.number})
        self._recorder.shown(cut)
        self._shown = self._pages.pop(cut.number, self._shown)
        due = self._recorder.take_due()
        if due is not None:
            payload, left_out = written(due, self._limit)
            self.not_handed_over += left_out
            self._handing_over = due.number, payload
            self._last, self._last_text = Handover(due.versions, due.held), payload
            self.publish(payload)

    def published(self, payload: str) -> None:
        """It stands in the Lease."""
        self._in_lease = payload
        number, latest = self._handing_over
        if payload == latest:
            self._note("debug", "handover written", {"cut": number})

    def observed(self, payload: str) -> None:
        """The leader was scraped."""
        handover = read(payload)
        if handover is not None:
            self._last, self._last_text = handover, payload
            self._in_lease = payload
            self._journal.seen(handover.versions)

    def started_leading(self, payload: str) -> None:
        """The payload is the last leader's; if there never was one, what we counted was shown to
        nobody. What cannot be read, or is gone with the Lease, must not be taken for that.
        """
        before, self._in_lease = self._in_lease, payload
        handover = read(payload)
        if handover is None:
            self._note("error", "the last leader's handover cannot be read", {})
            # Without even our own: at 0. Some is lost then, but days are not shown once more.
            handover = self._last if self._last.versions else Handover(self._versions())
        elif payload == before or self._last.is_beyond(handover):
            # Nobody has led since, and our last words may not have reached the Lease; or it was
            # made anew.
            handover = self._last
            if payload != self._last_text:
                self.publish(self._last_text)
        if handover.versions:
            self._journal.seen(handover.versions)
            held = [each.what for each in handover.held]
            fields: dict[str, object] = {"held": len(held), "journal": len(self._journal)}
            self._note("info", "counting on where the last leader was scraped", fields)
            self._shown = self._journal.take_over(held)
        else:
            # Pages without events were read meanwhile: they have shown no series at 0.
            self._counting.begin_again(at_zero=False)
            self._shown = None
        for scope in self._scopes.values():
            scope.occurred = self._journal.leading

    def stopped_leading(self) -> None:
        """From now on we stand by."""
        self.dropped += self._journal.dropped
        self._pages.clear()
        self._journal = self._begun()

    def _begun(self) -> Journal:
        journal = Journal(
            self._counting, tuple(self._scopes), shown=self._shown, reached=self._versions()
        )
        for scope in self._scopes.values():
            scope.occurred = journal.standing_by
        return journal
