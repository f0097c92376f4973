# SPDX-License-Identifier: Apache-2.0
"""The recorder: takes the state of each moment at which a page is made, and knows what was shown.

Cuts follow one another: each holds what changed since the one before. A cut whose page was sent is
due, and takes with it all that came before; one whose page was never sent waits for the next. So
whatever is written is the state of one moment, in full.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence

from exporter.checkpoint.state import Cut, Held, Marks
from exporter.events import Ledger
from exporter.metrics.series import Family, Series

# Pages that are made and not yet sent; of older ones nobody will hear again.
_MAX_OPEN = 16


class Recorder:
    """Over the ledgers by scope, and the families whose series are held until they are shown."""

    def __init__(
        self,
        ledgers: Mapping[str, Ledger],
        families: Callable[[], Iterable[Family[Series]]],
        scrapers: Callable[[], Sequence[str]],
        versions: Callable[[], Mapping[str, int]] = dict,
    ) -> None:
        self._ledgers = ledgers
        self._families = families
        self._scrapers = scrapers
        self._versions = versions
        self._open: deque[Cut] = deque()
        self._due: Cut | None = None
        self._last = 0
        self._told = 0
        """Births up to here were shown at their values."""
        for ledger in ledgers.values():
            ledger.keep_changes()

    def cut(self, seen: int) -> Cut:
        """The state now; a page that shows the values of births up to ``seen`` is made of it."""
        self._last += 1
        told = max(seen, self._told)
        cut = Cut(
            self._last,
            told,
            {
                scope: ledger.take_changes(whole=self._waiting(scope) > len(ledger))
                for scope, ledger in self._ledgers.items()
            },
            {
                scope: Marks(ledger.since, ledger.evicted_up_to, ledger.clock)
                for scope, ledger in self._ledgers.items()
                if ledger.baselined
            },
            [
                Held(family.declaration.name, labels, amount, birth)
                for family in self._families()
                for labels, amount, birth in family.unseen(told)
            ],
            versions=self._versions(),
        )
        self._open.append(cut)
        if len(self._open) > _MAX_OPEN:
            oldest = self._open.popleft()
            self._open[0].take_in(oldest)
        return cut

    def shown(self, cut: Cut) -> None:
        """The page of that moment was sent: what it shows need not be held any more."""
        self._told = max(self._told, cut.told)
        if not self._open or cut.number < self._open[0].number:
            return  # a page of a later moment was sent before it
        while self._open and self._open[0].number <= cut.number:
            self._make_due(self._open.popleft())

    def take_due(self) -> Cut | None:
        """What is to be written, if there is anything; the caller writes it or puts it back."""
        due, self._due = self._due, None
        if due is not None:
            due.held = [held for held in due.held if held.birth > self._told]
            due.scrapers = self._scrapers()
        return due

    def put_back(self, cut: Cut) -> None:
        """It could not be written."""
        if self._due is None:
            self._due = cut
        else:
            self._due.take_in(cut)

    def _waiting(self, scope: str) -> int:
        """Changes of a ledger that were taken and not written, since all of it was taken.

        Pages may not be sent, or nothing be written, for weeks: what is kept must not be more
        than there is.
        """
        total = 0
        for cut in (*reversed(self._open), *filter(None, (self._due,))):
            if cut.changes[scope].whole:
                break
            total += len(cut.changes[scope].entries)
        return total

    def _make_due(self, cut: Cut) -> None:
        if self._due is not None:
            cut.take_in(self._due)
        self._due = cut
