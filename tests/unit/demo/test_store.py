"""The event store keeps the promises of etcd that a client of LIST and WATCH can see."""

from __future__ import annotations

import json

import pytest

from exporter.demo import EventStore
from exporter.demo.store import AlreadyExistsError, ApiError, NotFoundError
from tests.unit.demo.wire import NOW, event, name_of


def names(store: EventStore, revision: int | None = None) -> list[str]:
    return [name_of(stored.body) for stored in store.snapshot(revision)]


class TestWriting:
    def test_each_write_has_its_own_version(self, store: EventStore) -> None:
        """Creations and updates count one sequence of versions up."""
        created = store.create(event("a"), NOW)
        patched = store.patch("shop", "a", {"count": 2}, NOW)
        assert (created.revision, patched.revision) == (2, 3)

    def test_an_update_keeps_uid_and_creation(self, store: EventStore) -> None:
        """A PATCH changes the version and its fields, nothing else."""
        before = json.loads(store.create(event("a", count=1), NOW).body)
        after = json.loads(store.patch("shop", "a", {"count": 2}, NOW + 9).body)
        assert after["metadata"].pop("resourceVersion") == "3"
        assert before["metadata"].pop("resourceVersion") == "2"
        assert after == before | {"count": 2}

    def test_a_patch_that_changes_nothing_writes_nothing(self, store: EventStore) -> None:
        """The same count again makes no version and no frame."""
        first = store.create(event("a", count=2), NOW)
        assert store.patch("shop", "a", {"count": 2}, NOW + 1) is first
        assert store.revision == first.revision

    def test_a_name_exists_once(self, store: EventStore) -> None:
        """Creating a name that is taken is refused."""
        store.create(event("a"), NOW)
        with pytest.raises(AlreadyExistsError):
            store.create(event("a"), NOW)

    def test_a_missing_name_cannot_be_patched(self, store: EventStore) -> None:
        """Patching or deleting what is not there is refused."""
        with pytest.raises(NotFoundError):
            store.patch("shop", "a", {"count": 2}, NOW)
        with pytest.raises(NotFoundError):
            store.delete("shop", "a")

    def test_absent_fields_are_shown_as_the_api_shows_them(self, store: EventStore) -> None:
        """A bare event gets the nulls and empty strings that the real server adds."""
        shown = json.loads(store.create(event("a", reason="Test"), NOW).body)
        del shown["metadata"]
        assert shown == {
            "involvedObject": {},
            "reason": "Test",
            "source": {},
            "firstTimestamp": None,
            "lastTimestamp": None,
            "eventTime": None,
            "reportingComponent": "",
            "reportingInstance": "",
        }

    def test_a_recorded_identity_is_kept(self, store: EventStore) -> None:
        """The uid and creation of a given object stay, so that recordings can be served."""
        given = event("a")
        given["metadata"] |= {"uid": "u-1", "creationTimestamp": "2026-11-22T11:40:54Z"}
        metadata = json.loads(store.create(given, NOW).body)["metadata"]
        assert metadata["uid"] == "u-1"
        assert metadata["creationTimestamp"] == "2026-11-22T11:40:54Z"


class TestExpiry:
    def test_an_event_lives_for_its_ttl(self, store: EventStore) -> None:
        """An event is there just before its TTL and gone at it."""
        store.create(event("a"), NOW)
        assert store.expire(NOW + 3599) == 0
        assert store.expire(NOW + 3600) == 1
        assert len(store) == 0

    def test_an_update_restarts_the_ttl(self, store: EventStore) -> None:
        """What was updated later expires later, though it was created first."""
        store.create(event("a"), NOW)
        store.create(event("b"), NOW)
        store.patch("shop", "a", {"count": 2}, NOW + 60)
        store.expire(NOW + 3600)
        assert names(store) == ["a"]

    def test_what_expires_together_shares_a_version(self, five: EventStore) -> None:
        """All deletions of one sweep have one version, which the deleted objects show."""
        five.expire(NOW + 3600)
        gone = five.changes(five.position_after(6))
        assert [change.type for change in gone] == ["DELETED"] * 5
        versions = {json.loads(c.after.body)["metadata"]["resourceVersion"] for c in gone}
        assert versions == {"7"}

    def test_without_a_ttl_nothing_expires(self) -> None:
        """A store without a TTL keeps everything."""
        store = EventStore(ttl=None)
        store.create(event("a"), NOW)
        assert store.expire(NOW + 1e9) == 0

    def test_a_name_returns_as_another_object(self, store: EventStore) -> None:
        """After its TTL a name can be created again, with a new uid."""
        first = json.loads(store.create(event("a"), NOW).body)
        store.expire(NOW + 3600)
        second = json.loads(store.create(event("a"), NOW + 3600).body)
        assert first["metadata"]["uid"] != second["metadata"]["uid"]
        assert names(store) == ["a"]


class TestHistory:
    def test_the_past_can_be_listed(self, five: EventStore) -> None:
        """A snapshot of an old version has no later creations, updates or deletions."""
        five.patch("shop", "a", {"count": 2}, NOW)
        five.delete("shop", "b")
        five.create(event("f"), NOW)
        past = five.snapshot(6)
        assert [name_of(stored.body) for stored in past] == list("abcde")
        assert "count" not in json.loads(past[0].body)
        assert names(five) == list("acdef")

    def test_a_snapshot_is_in_key_order(self, store: EventStore) -> None:
        """The order is that of `namespace/name`, whatever the order of creation."""
        for namespace, name in (("b", "x"), ("a-b", "x"), ("a", "z"), ("a", "y")):
            store.create(event(name, namespace), NOW)
        assert [stored.key for stored in store] == ["a-b/x", "a/y", "a/z", "b/x"]

    def test_compaction_forgets_the_past(self, five: EventStore) -> None:
        """Before the compacted version nothing can be listed or watched, from it on everything."""
        five.compact(4)
        with pytest.raises(ApiError, match="list is too old"):
            five.snapshot(3)
        with pytest.raises(ApiError, match="watch is too old"):
            five.position_after(3)
        assert names(five, 4) == list("abc")
        assert [c.revision for c in five.changes(five.position_after(4))] == [5, 6]

    def test_compaction_overtakes_a_slow_reader(self, five: EventStore) -> None:
        """A position that compaction has passed cannot be read on from."""
        position = five.position_after(2)
        five.compact()
        with pytest.raises(ApiError, match="watch is too old"):
            five.changes(position)

    def test_compaction_leaves_a_reader_at_the_end_alone(self, five: EventStore) -> None:
        """Who has read everything reads on after a compaction."""
        position = five.position()
        five.compact()
        five.create(event("f"), NOW)
        assert [change.after.key for change in five.changes(position)] == ["shop/f"]

    def test_other_writers_use_versions_too(self, store: EventStore) -> None:
        """Versions that events do not use are skipped."""
        store.advance(40)
        assert store.create(event("a"), NOW).revision == 42

    def test_listeners_hear_of_each_change_until_they_leave(self, store: EventStore) -> None:
        """A listener is called after each change, and not after it has unsubscribed."""
        heard: list[int] = []
        leave = store.subscribe(lambda: heard.append(store.revision))
        store.create(event("a"), NOW)
        store.delete("shop", "a")
        leave()
        store.create(event("b"), NOW)
        assert heard == [2, 3]
