"""LIST pages are consistent, and expire, as those of a kube-apiserver do."""

from __future__ import annotations

import json

import pytest

from exporter.demo import EventStore
from exporter.demo.store import (
    ApiError,
    FieldSelector,
    ListOptions,
    Scope,
    change_frames,
    decode_token,
    encode_token,
    list_page,
)
from tests.unit.demo.wire import NOW, event, name_of

# From the recordings of kube-apiserver 1.36.3: expired/1-list-continue-expired, its request.
RECORDED_TOKEN = (
    "eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MjI3MzYsInN0YXJ0IjoiYmF0Y2gvZGVhZGxpbmUtczg5aGsuMThlYTVi"
    "MzhjYTE1OTM0NVx1MDAwMCJ9"
)


def page_names(store: EventStore, options: ListOptions, namespace: str = "") -> list[str]:
    return [name_of(item) for item in list_page(store, namespace, options).items]


class TestToken:
    def test_a_token_is_spelled_like_a_real_one(self) -> None:
        """The recorded token is what this version and key encode to."""
        assert encode_token(22736, "batch/deadline-s89hk.18ea5b38ca159345\0") == RECORDED_TOKEN

    def test_a_real_token_can_be_read(self) -> None:
        """The recorded token decodes to its version and key."""
        assert decode_token(RECORDED_TOKEN) == (22736, "batch/deadline-s89hk.18ea5b38ca159345\0")

    @pytest.mark.parametrize("junk", ["abc", "!!!", "e30", "bm90IGpzb24"])
    def test_junk_is_refused(self, junk: str) -> None:
        """What is no token is answered by 400."""
        with pytest.raises(ApiError, match="invalid continue token") as caught:
            decode_token(junk)
        assert caught.value.code == 400


class TestPages:
    def test_pages_show_one_moment(self, five: EventStore) -> None:
        """Later pages of a list do not see what was written after its first."""
        first = list_page(five, "", ListOptions(limit=2))
        five.delete("shop", "d")
        five.create(event("bb"), NOW)
        second = list_page(five, "", ListOptions(limit=2, continue_token=first.continue_token))
        third = list_page(five, "", ListOptions(limit=2, continue_token=second.continue_token))
        shown = [name_of(item) for page in (first, second, third) for item in page.items]
        assert shown == list("abcde")
        assert {first.revision, second.revision, third.revision} == {6}
        assert (first.remaining, second.remaining, third.remaining) == (3, 1, None)
        assert third.continue_token == ""

    def test_a_full_last_page_has_no_token(self, five: EventStore) -> None:
        """A limit that the list just fills does not promise more."""
        assert list_page(five, "", ListOptions(limit=5)).continue_token == ""

    def test_pages_of_a_namespace_stay_in_it(self, five: EventStore) -> None:
        """A namespaced list neither begins before its namespace nor runs past it."""
        for namespace in ("sho", "shop-2", "shoq"):
            five.create(event("x", namespace), NOW)
        first = list_page(five, "shop", ListOptions(limit=3))
        rest = ListOptions(limit=3, continue_token=first.continue_token)
        assert [name_of(item) for item in first.items] == list("abc")
        assert page_names(five, rest, "shop") == list("de")
        assert first.remaining == 2

    def test_a_selective_list_does_not_tell_what_remains(self, five: EventStore) -> None:
        """With a field selector pages are full, and remainingItemCount is absent."""
        options = ListOptions(limit=2, selector=FieldSelector.parse("metadata.name!=b"))
        page = list_page(five, "", options)
        assert [name_of(item) for item in page.items] == ["a", "c"]
        assert page.continue_token
        assert b"remainingItemCount" not in page.head()

    def test_an_expired_token_brings_a_fresh_one(self, five: EventStore) -> None:
        """After a compaction the answer is 410, with a token that goes on from the same key."""
        first = list_page(five, "", ListOptions(limit=2))
        five.create(event("bb"), NOW)
        five.compact()
        with pytest.raises(ApiError, match="continue parameter is too old") as caught:
            list_page(five, "", ListOptions(limit=2, continue_token=first.continue_token))
        assert (caught.value.code, caught.value.reason) == (410, "Expired")
        status = json.loads(caught.value.body())
        fresh = status["metadata"]["continue"]
        assert decode_token(fresh) == (-1, "shop/b\0")
        assert page_names(five, ListOptions(continue_token=fresh)) == ["bb", "c", "d", "e"]

    def test_an_exact_version_is_shown_or_expired(self, five: EventStore) -> None:
        """Exact shows the state of that version, and is 410 once it is compacted."""
        exact = ListOptions(resource_version=4, match="Exact")
        assert page_names(five, exact) == list("abc")
        five.compact()
        with pytest.raises(ApiError, match="list is too old"):
            list_page(five, "", exact)

    def test_a_version_with_a_limit_is_exact(self, five: EventStore) -> None:
        """Without a match a version means exactly that one if there is a limit, else any newer."""
        assert page_names(five, ListOptions(resource_version=3, limit=9)) == list("ab")
        assert page_names(five, ListOptions(resource_version=3)) == list("abcde")

    def test_not_older_than_shows_the_present(self, five: EventStore) -> None:
        """NotOlderThan an old, even compacted, version shows what there is now."""
        five.compact()
        options = ListOptions(resource_version=3, match="NotOlderThan", limit=9)
        assert page_names(five, options) == list("abcde")

    def test_a_future_version_times_out(self, five: EventStore) -> None:
        """A version that is still to come is answered by 504."""
        with pytest.raises(ApiError, match="Too large resource version: 99, current: 6") as caught:
            list_page(five, "", ListOptions(resource_version=99))
        assert caught.value.code == 504


class TestFilteredChanges:
    @pytest.fixture
    def warnings(self) -> Scope:
        return Scope(selector=FieldSelector.parse("type=Warning"))

    def kinds(self, store: EventStore, scope: Scope) -> list[str]:
        frames = change_frames(store.changes(0), scope)
        return [json.loads(frame)["type"] for frame in frames]

    def test_what_comes_into_scope_is_added(self, store: EventStore, warnings: Scope) -> None:
        """An event that an update makes match is ADDED to a filtered watch."""
        store.create(event("a", type="Normal"), NOW)
        store.patch("shop", "a", {"type": "Warning"}, NOW)
        store.patch("shop", "a", {"count": 2}, NOW)
        assert self.kinds(store, warnings) == ["ADDED", "MODIFIED"]

    def test_what_leaves_the_scope_is_deleted(self, store: EventStore, warnings: Scope) -> None:
        """An event that no longer matches is DELETED for a filtered watch, once."""
        store.create(event("a", type="Warning"), NOW)
        store.patch("shop", "a", {"type": "Normal"}, NOW)
        store.delete("shop", "a")
        assert self.kinds(store, warnings) == ["ADDED", "DELETED"]

    def test_a_namespaced_watch_sees_its_namespace(self, store: EventStore) -> None:
        """Events of other namespaces, also of those that begin alike, are not shown."""
        for namespace in ("shop", "shop-2", "default"):
            store.create(event("a", namespace), NOW)
        frames = change_frames(store.changes(0), Scope("shop"))
        assert [json.loads(f)["object"]["metadata"]["namespace"] for f in frames] == ["shop"]
