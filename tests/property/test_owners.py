"""The owners' table against a cluster whose watches lose their place in every way.

Exactness: once the three list/watches have caught up, each object that lives has the
workload that the store says, and each object that had been shown has, after its end, the
one that it had last. Until then they may lag behind each other as they like. What was made
and deleted while a watch was down was never shown: it is not known.
"""

from __future__ import annotations

from typing import NamedTuple

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from exporter.workloads import Owners
from tests.unit.workloads.objects import NAMESPACE, Owner, informer, owned

_POD, _SET, _JOB = _KINDS = ("Pod", "ReplicaSet", "Job")
_NAMES = {
    _POD: st.sampled_from(["pod-a", "pod-b", "pod-c"]),
    _SET: st.sampled_from(["set-a", "set-b"]),
    _JOB: st.sampled_from(["job-a", "job-b"]),
}
_TOPS = {_SET: ["Deployment", "Rollout"], _JOB: ["CronJob"], _POD: ["StatefulSet", "DaemonSet"]}
_KIND = st.sampled_from(_KINDS)


class Change(NamedTuple):
    """One change in the store."""

    type: str
    kind: str
    name: str
    owner: Owner | None


class Watching(RuleBasedStateMachine):
    """A store, and three list/watches that read it each at its own pace."""

    def __init__(self) -> None:
        super().__init__()
        self.house = Owners(("",), retention=1e9, limit=1_000_000)
        self.store: dict[tuple[str, str], Owner | None] = {}
        self.history: list[Change] = []
        self.position = dict.fromkeys(_KINDS, 0)
        self.last: dict[tuple[str, str], Owner | None] = {}
        """The last that a list/watch was shown, by kind and name."""
        self.synced: set[str] = set()
        self.listing: dict[str, dict[str, Owner | None]] = {}
        """Streamed lists that are open: what they have shown so far."""

    # The cluster.

    @rule(data=st.data(), kind=_KIND)
    def write(self, data: st.DataObject, kind: str) -> None:
        """An object is made, or given another controller."""
        name = data.draw(_NAMES[kind])
        choices: list[Owner | None] = [None]
        choices += [(top, f"{top.lower()}-{letter}") for top in _TOPS[kind] for letter in "ab"]
        if kind == _POD:
            choices += [(_SET, f"set-{letter}") for letter in "ab"]
            choices += [(_JOB, f"job-{letter}") for letter in "ab"]
        owner = data.draw(st.sampled_from(choices))
        type_ = "MODIFIED" if (kind, name) in self.store else "ADDED"
        self.store[kind, name] = owner
        self.history.append(Change(type_, kind, name, owner))

    @precondition(lambda self: self.store)
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        """It ends, with or without its owner."""
        kind, name = data.draw(st.sampled_from(sorted(self.store)))
        owner = self.store.pop((kind, name))
        self.history.append(Change("DELETED", kind, name, owner))

    # The list/watches.

    @rule(kind=_KIND, most=st.integers(1, 5))
    def deliver(self, kind: str, most: int) -> None:
        """Some changes arrive, into the watch or into the list that is still streamed."""
        if kind not in self.synced and kind not in self.listing:
            return
        for change in self._pending(kind)[:most]:
            self._show(kind, change)

    def _pending(self, kind: str) -> list[Change]:
        return self.history[self.position[kind] :]

    def _show(self, kind: str, change: Change) -> None:
        self.position[kind] += 1
        if change.kind != kind:
            return
        consumer, item = informer(self.house, kind), owned(change.name, change.owner)
        if kind not in self.listing:
            consumer.changed(change.type, item)
            self.last[kind, change.name] = change.owner
        else:
            consumer.unlisted(item) if change.type == "DELETED" else consumer.listed(item)
            self.listing[kind][change.name] = change.owner

    @rule(kind=_KIND)
    def list_begins(self, kind: str) -> None:
        """A relist, for whatever cause: the changes in between are never delivered."""
        consumer = informer(self.house, kind)
        if kind in self.listing:
            consumer.list_abandoned()
        consumer.list_began(0.0)
        now = {name: owner for (k, name), owner in self.store.items() if k == kind}
        for name, owner in now.items():
            consumer.listed(owned(name, owner))
        self.listing[kind] = now
        self.position[kind] = len(self.history)

    @precondition(lambda self: self.listing)
    @rule(data=st.data(), whole=st.booleans())
    def list_ends(self, data: st.DataObject, whole: bool) -> None:
        """It is published or breaks; after a break a new one follows sooner or later."""
        kind = data.draw(st.sampled_from(sorted(self.listing)))
        shown = self.listing.pop(kind)
        if whole:
            informer(self.house, kind).list_published("1")
            self.last.update({(kind, name): owner for name, owner in shown.items()})
            self.synced.add(kind)
        else:
            informer(self.house, kind).list_abandoned()
            self.synced.discard(kind)

    # What is promised.

    @rule()
    def all_catch_up(self) -> None:
        """Every watch comes to the end of the store's history."""
        for kind in _KINDS:
            if kind not in self.synced and kind not in self.listing:
                self.list_begins(kind)
            for change in self._pending(kind):
                self._show(kind, change)
            if kind in self.listing:
                informer(self.house, kind).list_published("1")
                shown = self.listing.pop(kind)
                self.last.update({(kind, name): owner for name, owner in shown.items()})
                self.synced.add(kind)
        assert self.store.items() <= self.last.items(), "the model itself has not caught up"
        for kind in _KINDS:
            for letter in "abc":
                name = {_POD: "pod", _SET: "set", _JOB: "job"}[kind] + f"-{letter}"
                found = self.house.workload_of(kind, NAMESPACE, name)
                assert found == self._truth(kind, name), (kind, name)

    def _truth(self, kind: str, name: str) -> Owner:
        """By the store for the living, by what was shown last for the dead."""
        if (kind, name) not in self.last:
            return ("", "")
        owner = self.last[kind, name]
        if owner is None:
            return ("", "") if kind == _POD else (kind, name)
        return self._truth(*owner) if owner[0] in (_SET, _JOB) else owner


TestOwners = Watching.TestCase
TestOwners.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
