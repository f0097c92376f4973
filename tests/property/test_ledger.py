"""The ledger against a model of the API server, of those who write events and of a bad network.

Exactness: whatever a watch does, the ledger never counts more than the store has shown,
and once the watch has caught up it has counted all of it. "Shown" is what the writes
since the first list carried. Four things no watcher can know; for the names they befall
only the upper bound holds:

* an event that was born, or repeated, and expired while the watch was down
  (client-go's return under the old name brings the count to light after all);
* objects of a writer without counts that were replaced while the watch was down:
  the list shows the last of them only;
* of an event whose first occurrence is before the first list, but which is not in it,
  how many of its count are of the time before: one is counted;
* that a series never seen at 1 is an old client's: one occurrence is missing.
"""

from __future__ import annotations

from collections import Counter
from itertools import product

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from exporter.events import EventRecord, Ledger
from tests.property.event_store import LegacyRecorder, NamedWriter, SeriesRecorder, Store
from tests.unit.events.records import EPOCH

_KEYS = st.sampled_from("ab")
_NEVER = 1e9


class Watching(RuleBasedStateMachine):
    """A cluster, a watcher that loses its place in every way, and the ledger between them."""

    retention = _NEVER
    limit = 1_000_000

    def __init__(self) -> None:
        super().__init__()
        self.store = Store()
        self.legacy = LegacyRecorder(self.store)
        self.new = SeriesRecorder(self.store, first_series=2)
        self.old = SeriesRecorder(self.store, first_series=1)
        self.refused = SeriesRecorder(self.store, first_series=1, strict=True)
        self.named = NamedWriter(self.store)
        self.ledger = Ledger(retention=self.retention, limit=self.limit)
        self.counted: Counter[str] = Counter()
        self.unknowable: set[str] = set()
        self.hidden: set[str] = set()
        self.position = 0
        self.listed_at = 0
        self.seen: dict[str, EventRecord] = {}
        self.since = 0.0
        self.synced = False

    # Those who write.

    @initialize(past=st.lists(st.tuples(st.sampled_from(["legacy", "new", "old"]), _KEYS)))
    def history(self, past: list[tuple[str, str]]) -> None:
        """Things happened before we looked."""
        for writer, key in past:
            if writer == "legacy":
                self.legacy.occurs(f"legacy-{key}", filtered=False)
            else:
                (self.new if writer == "new" else self.old).occurs(f"{writer}-{key}")

    @rule(key=_KEYS, times=st.integers(1, 4), filtered=st.booleans())
    def legacy_event(self, key: str, times: int, filtered: bool) -> None:
        for _ in range(times):
            self.legacy.occurs(f"legacy-{key}", filtered=filtered)

    @rule(key=_KEYS, times=st.integers(1, 12))
    def distinct_messages(self, key: str, times: int) -> None:
        for _ in range(times):
            self.legacy.occurs_with_a_new_message(f"distinct-{key}")

    @rule(key=_KEYS, times=st.integers(1, 3), client=st.sampled_from(["new", "old", "refused"]))
    def series_event(self, key: str, times: int, client: str) -> None:
        for _ in range(times):
            getattr(self, client).occurs(f"{client}-{key}")

    @rule(key=_KEYS, client=st.sampled_from(["new", "old", "refused"]), ends=st.booleans())
    def series_tick(self, key: str, client: str, ends: bool) -> None:
        getattr(self, client).tick(f"{client}-{key}", ends=ends)

    @rule(key=_KEYS, client=st.sampled_from(["new", "old"]), times=st.integers(0, 2))
    def series_outlives_its_event(self, key: str, client: str, times: int) -> None:
        """The event expires while its recorder still counts, so that the tick makes it again."""
        for _ in range(times):
            getattr(self, client).occurs(f"{client}-{key}")
        live = [name for name in self.store.objects if name.startswith(f"{client}-{key}.")]
        if live:
            self.store.delete(live)
        getattr(self, client).tick(f"{client}-{key}", ends=False)

    @rule(key=_KEYS)
    def named_event(self, key: str) -> None:
        self.named.occurs(f"named-{key}")

    @rule()
    def recorder_restarts(self) -> None:
        self.legacy.restart()

    @precondition(lambda self: self.store.objects)
    @rule(data=st.data())
    def expire(self, data: st.DataObject) -> None:
        names = sorted(self.store.objects)
        gone = data.draw(st.lists(st.sampled_from(names), min_size=1, unique=True))
        self.store.tick()
        self.store.delete(gone)

    # The one who watches.

    @precondition(lambda self: self.synced)
    @rule(frames=st.integers(1, 20))
    def deliver(self, frames: int) -> None:
        for frame in self.store.history[self.position : self.position + frames]:
            self._show(frame.type, frame.record)
            self.position += 1

    @precondition(lambda self: self.position > self.listed_at)
    @rule()
    def duplicate(self) -> None:
        frame = self.store.history[self.position - 1]
        self._show(frame.type, frame.record)

    @precondition(lambda self: self.synced)
    @rule(back=st.integers(1, 10))
    def resume_earlier(self, back: int) -> None:
        """The connection broke, and the watch resumes at an older position of its own."""
        self.position = max(self.listed_at, self.position - back)

    @rule(share=st.floats(0, 1))
    def broken_list(self, share: float) -> None:
        """A list breaks somewhere; the watch is lost, and the next that works is a list."""
        items = [self.store.objects[name] for name in sorted(self.store.objects)]
        self.ledger.begin_list(server_time=self._server_time())
        for item in items[: int(share * len(items))]:
            self.ledger.listed(item)
        self.ledger.abandon_list()

    @rule(again=st.booleans())
    def relist(self, again: bool) -> None:
        """A list; ``again``: streamed, with some objects shown at an earlier version before."""
        first = not self.synced
        if first:
            self.store.tick()  # the server's Date header has whole seconds
            self.store.shown.clear()
            self.since = self._server_time()
        else:
            self._note_what_no_list_shows()
        self.ledger.begin_list(server_time=self._server_time())
        for name in sorted(self.store.objects):
            if again:
                for frame in self._lately(name):
                    self.ledger.listed(frame)
            self.ledger.listed(self.store.objects[name])
        for found, times in self.ledger.publish_list(self.store.version, self.store.now):
            self.counted[found.name] += times
        for name in sorted(self.store.objects):
            self._note(self.store.objects[name], baseline=first)
        self.position = self.listed_at = len(self.store.history)
        self.synced = True
        self.store.tick()

    @invariant()
    def never_more_than_was_shown(self) -> None:
        for name, times in self.counted.items():
            assert times <= self.store.shown[name], name

    @invariant()
    def all_that_was_shown_once_caught_up(self) -> None:
        if not self.synced or self.position < len(self.store.history):
            return
        for name, times in self.store.shown.items():
            if name not in self.unknowable | self.hidden:
                assert self.counted[name] == times, name

    # What a watcher can know.

    def _show(self, kind: str, item: EventRecord) -> None:
        if kind == "DELETED":
            self.ledger.ended(item, self.store.now)
            return
        self.counted[item.name] += self.ledger.changed(item)
        self._note(item, baseline=False)

    def _note(self, item: EventRecord, *, baseline: bool) -> None:
        """Keep which names have become unknowable, and which are known again."""
        before = self.seen.get(item.name)
        if before is not None and before.resource_version >= item.resource_version:
            return
        self.seen[item.name] = item
        self.hidden.discard(item.name)
        if not baseline and before is None and item.first_occurred() < self.since:
            self.unknowable.add(item.name)
        by_old_client = item.name.startswith(("old-", "refused-"))
        if by_old_client and item.series_count > 1 and (before is None or not before.series_count):
            self.unknowable.add(item.name)

    def _note_what_no_list_shows(self) -> None:
        """Frames that will never be delivered, and are not in the list either."""
        for frame in self.store.history[self.position :]:
            name = frame.record.name
            if not frame.shows:
                continue
            if name.startswith("named-"):
                current = self.store.objects.get(name)
                if current is None or current.uid != frame.record.uid:
                    self.unknowable.add(name)
            elif name not in self.store.objects:
                self.hidden.add(name)

    def _lately(self, name: str) -> list[EventRecord]:
        """Versions of an object that are newer than the watch's position, but not the last."""
        current = self.store.objects[name]
        frames = (f.record for f in self.store.history[self.position :] if f.shows)
        return [r for r in frames if r.uid == current.uid][:-1]

    def _server_time(self) -> float:
        return float(int(EPOCH + self.store.now))


class Forgetting(Watching):
    """The same with a ledger that forgets soon: it counts low where it must, and never high."""

    retention = 60.0

    @precondition(lambda self: self.synced and self.position == len(self.store.history))
    @rule(minutes=st.integers(1, 10))
    def time_passes(self, minutes: int) -> None:
        """Hours, rather: by then all series have ended, and no watch lags or goes back so far."""
        for client, key in product(("new", "old", "refused"), "ab"):
            getattr(self, client).tick(f"{client}-{key}", ends=True)
        self.deliver(len(self.store.history))
        self.listed_at = self.position
        self.store.tick(60.0 * minutes)
        self.ledger.forget(self.store.now)

    @precondition(lambda self: self.synced and self.position == len(self.store.history))
    @rule(key=_KEYS, times=st.integers(1, 3))
    def returns_after_hours(self, key: str, times: int) -> None:
        """A recorder remembers its events for as long as it runs, the ledger does not."""
        self.legacy_event(key, times, filtered=False)
        live = [name for name in self.store.objects if name.startswith(f"legacy-{key}.")]
        self.store.delete(live)
        self.time_passes(minutes=10)
        self.legacy_event(key, 1, filtered=False)
        self.deliver(len(self.store.history))

    @invariant()
    def all_that_was_shown_once_caught_up(self) -> None:
        """Not to be had: what was forgotten is a name like any other."""


TestWatching = Watching.TestCase
TestForgetting = Forgetting.TestCase
TestWatching.settings = TestForgetting.settings = settings(
    max_examples=200, stateful_step_count=40, deadline=None
)
