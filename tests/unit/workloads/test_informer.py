from __future__ import annotations

import json
from typing import Any

import pytest

from exporter.kube.frames import FrameReader, Undecodable
from exporter.kube.listwatch import ListWatch
from exporter.kube.telemetry import Telemetry
from exporter.workloads import MetadataObject
from exporter.workloads.table import NOBODY, Table
from tests.unit.workloads.objects import (
    NAMESPACE,
    controlled_by,
    informer,
    lists,
    owned,
    owners,
    read,
    thing,
)

HOUR = 3600.0
WEB = ("StatefulSet", "web")
OTHER = ("StatefulSet", "other")


class TestChanges:
    def test_a_change_of_hands_is_seen(self) -> None:
        """A pod that is released and adopted belongs to its new controller."""
        house = owners()
        pods = informer(house, "Pod")
        pods.changed("ADDED", owned("web-0", WEB))
        pods.changed("MODIFIED", owned("web-0"))
        assert house.workload_of("Pod", NAMESPACE, "web-0") == ("", "")
        pods.changed("MODIFIED", owned("web-0", OTHER))
        assert house.workload_of("Pod", NAMESPACE, "web-0") == OTHER

    def test_who_takes_a_name_is_meant_by_it(self) -> None:
        """A pod that is made again under its old name has the workload of the new one."""
        house = owners()
        pods = informer(house, "Pod")
        pods.changed("ADDED", owned("web-0", WEB))
        pods.changed("DELETED", owned("web-0", WEB))
        pods.changed("ADDED", owned("web-0", OTHER))
        assert house.workload_of("Pod", NAMESPACE, "web-0") == OTHER
        ((_, _, table), *_) = house.tables()
        assert len(table) == 1

    @pytest.mark.parametrize("written", [{}, {"metadata": {"name": ""}}, {"metadata": None}])
    def test_an_object_without_a_name_is_not_used(self, written: dict[str, object]) -> None:
        """Each way it can come is refused, so that it is counted as passed over."""
        pods = informer(owners(), "Pod")
        pods.list_began(0.0)
        assert not pods.listed(read(written))
        assert not pods.unlisted(read(written))
        pods.list_published("1")
        assert not pods.changed("ADDED", read(written))


class TestTheDead:
    def test_they_are_remembered(self) -> None:
        """Events about a pod come after its end, for as long as is asked for at least."""
        house = owners(retention=HOUR)
        pods = informer(house, "Pod")
        house.forget(0.0)
        pods.changed("ADDED", owned("web-0", WEB))
        pods.changed("DELETED", owned("web-0", WEB))
        for now in range(0, 3600, 60):
            house.forget(now)
        assert house.workload_of("Pod", NAMESPACE, "web-0") == WEB

    def test_they_are_forgotten_in_the_end(self) -> None:
        """After twice as long nothing of them is left."""
        house = owners(retention=HOUR)
        pods = informer(house, "Pod")
        house.forget(0.0)
        pods.changed("DELETED", owned("web-0", WEB))
        house.forget(HOUR)
        house.forget(2 * HOUR)
        assert house.workload_of("Pod", NAMESPACE, "web-0") == ("", "")
        assert house.misses["Pod"] == 1
        ((_, _, table), *_) = house.tables()
        assert len(table) == 0

    def test_one_only_seen_at_its_end_is_remembered(self) -> None:
        """The DELETED of an object carries its last metadata."""
        house = owners()
        informer(house, "Pod").changed("DELETED", owned("web-0", WEB))
        assert house.workload_of("Pod", NAMESPACE, "web-0") == WEB

    def test_the_living_are_not_forgotten(self) -> None:
        """However old."""
        house = owners(retention=HOUR)
        informer(house, "Pod").changed("ADDED", owned("web-0", WEB))
        for hours in range(10):
            house.forget(hours * HOUR)
        assert house.workload_of("Pod", NAMESPACE, "web-0") == WEB

    def test_what_a_list_lacks_has_ended(self) -> None:
        """It is remembered as if its end had been seen, and then forgotten."""
        house = owners(retention=HOUR)
        pods = informer(house, "Pod")
        pods.changed("ADDED", owned("web-0", WEB))
        lists(pods, [owned("web-1", WEB)])
        assert house.workload_of("Pod", NAMESPACE, "web-0") == WEB
        for hours in range(3):
            house.forget(hours * HOUR)
        assert house.workload_of("Pod", NAMESPACE, "web-0") == ("", "")
        assert house.workload_of("Pod", NAMESPACE, "web-1") == WEB

    def test_one_that_a_list_shows_again_lives(self) -> None:
        """A store restored from a backup has objects that had ended."""
        house = owners(retention=HOUR)
        pods = informer(house, "Pod")
        pods.changed("DELETED", owned("web-0", WEB))
        lists(pods, [owned("web-0", WEB)])
        ((_, _, table), *_) = house.tables()
        assert len(table) == 1
        for hours in range(5):
            house.forget(hours * HOUR)
        assert house.workload_of("Pod", NAMESPACE, "web-0") == WEB


class TestLists:
    def test_nothing_of_a_list_counts_before_it_is_complete(self) -> None:
        """Until then what was known is answered."""
        house = owners()
        pods = informer(house, "Pod")
        pods.changed("ADDED", owned("web-0", WEB))
        pods.list_began(0.0)
        pods.listed(owned("web-0", OTHER))
        assert house.workload_of("Pod", NAMESPACE, "web-0") == WEB
        pods.list_published("2")
        assert house.workload_of("Pod", NAMESPACE, "web-0") == OTHER

    def test_nothing_of_a_broken_list_is_kept(self) -> None:
        """Neither what it showed nor what it lacked."""
        house = owners()
        pods = informer(house, "Pod")
        pods.changed("ADDED", owned("web-0", WEB))
        pods.list_began(0.0)
        pods.listed(owned("web-1", WEB))
        pods.unlisted(owned("web-1", WEB))
        pods.list_abandoned()
        lists(pods, [owned("web-0", WEB)])
        assert house.workload_of("Pod", NAMESPACE, "web-0") == WEB
        assert house.workload_of("Pod", NAMESPACE, "web-1") == ("", "")

    def test_one_deleted_while_the_list_streams_has_ended(self) -> None:
        """It is remembered, and forgotten as the others are."""
        house = owners(retention=HOUR)
        pods = informer(house, "Pod")
        pods.list_began(0.0)
        pods.listed(owned("web-0", WEB))
        pods.unlisted(owned("web-0", WEB))
        pods.list_published("2")
        assert house.workload_of("Pod", NAMESPACE, "web-0") == WEB
        for hours in range(3):
            house.forget(hours * HOUR)
        assert house.workload_of("Pod", NAMESPACE, "web-0") == ("", "")

    def test_one_made_again_while_the_list_streams_lives(self) -> None:
        """The last the stream says of a name is the list's."""
        house = owners(retention=HOUR)
        pods = informer(house, "Pod")
        pods.list_began(0.0)
        pods.listed(owned("web-0", WEB))
        pods.unlisted(owned("web-0", WEB))
        pods.listed(owned("web-0", OTHER))
        pods.list_published("2")
        for hours in range(3):
            house.forget(hours * HOUR)
        assert house.workload_of("Pod", NAMESPACE, "web-0") == OTHER


class TestBounds:
    def test_a_full_table_forgets_the_dead_first(self) -> None:
        """Then those seen first; each is counted."""
        table = Table(retention=HOUR, limit=3)
        for name in "abc":
            table.changed(NAMESPACE, name, NOBODY)
        table.ended(NAMESPACE, "b", NOBODY)
        table.changed(NAMESPACE, "d", NOBODY)
        assert [n for n in "abcd" if table.owner(NAMESPACE, n) is NOBODY] == ["a", "c", "d"]
        table.changed(NAMESPACE, "e", NOBODY)
        assert [n for n in "acde" if table.owner(NAMESPACE, n) is NOBODY] == ["c", "d", "e"]
        assert (len(table), table.evicted) == (3, 2)

    def test_a_list_beyond_the_limit_is_cut(self) -> None:
        """The table is as large as it may be, and not larger."""
        table = Table(retention=HOUR, limit=100)
        table.begin_list()
        for number in range(1000):
            table.listed(NAMESPACE, f"pod-{number}", NOBODY)
        table.publish_list()
        assert (len(table), table.evicted) == (100, 900)

    def test_it_stays_full(self) -> None:
        """Making room costs a small part of the table, not the table."""
        table = Table(retention=HOUR, limit=128)
        for number in range(10_000):
            table.changed(NAMESPACE, f"pod-{number}", NOBODY)
            assert len(table) >= min(number + 1, 126)
        assert len(table) <= 128


def _streamed(*frames: tuple[str, dict[str, Any]]) -> bytes:
    return b"".join(json.dumps({"type": t, "object": o}).encode() + b"\n" for t, o in frames)


def test_a_conversation_with_the_api_server() -> None:
    """The list/watch of events does for pods: a streamed list, its end mark, changes, one bad."""
    house, telemetry = owners(), Telemetry()
    protocol = ListWatch(
        FrameReader(MetadataObject),
        house.informer("Pod", ""),
        telemetry,
        note=lambda *_: None,
        uniform=lambda: 0.5,
    )
    mark: dict[str, Any] = {
        "kind": "PartialObjectMetadata",
        "metadata": {
            "resourceVersion": "9",
            "annotations": {"k8s.io/initial-events-end": "true"},
        },
    }
    protocol.next_request()
    protocol.accepted(0.0, 0.0)
    web, other = controlled_by(*WEB), controlled_by(*OTHER)
    assert protocol.block(_streamed(("ADDED", thing("web-0", web)), ("BOOKMARK", mark)), 0.0)
    assert telemetry.synced
    assert protocol.block(
        _streamed(
            ("DELETED", thing("web-0", web, version=10)),
            ("ADDED", {"metadata": {"resourceVersion": "11"}}),
            ("ADDED", thing("x-0", other, version=12)),
        ),
        0.0,
    )
    assert house.workload_of("Pod", NAMESPACE, "web-0") == WEB
    assert house.workload_of("Pod", NAMESPACE, "x-0") == OTHER
    assert telemetry.undecodable[Undecodable.UNNAMED] == 1
    protocol.ended(400.0, truncated=False)
    assert protocol.next_request().params["resourceVersion"] == "12"
