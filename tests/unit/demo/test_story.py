"""The story is lively, believable, repeatable, and its ground truth is what was shown."""

from __future__ import annotations

import asyncio
import json
import random
import uuid
from collections import Counter
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from exporter.demo import Cluster, DemoCluster, EventStore, LabelSet, Story
from tests.unit.demo.wire import NOW, lines

HOUR = 3600.0


def play(seed: int, seconds: float, ttl: float = HOUR) -> tuple[Cluster, EventStore]:
    rng = random.Random(seed)
    store = EventStore(ttl=ttl, uid=lambda: str(uuid.UUID(int=rng.getrandbits(128), version=4)))
    cluster = Cluster(store, rng, NOW)
    Story(cluster).advance(NOW + seconds)
    return cluster, store


@pytest.fixture(scope="module")
def hour() -> list[dict[str, Any]]:
    """All events after an hour of story."""
    return [json.loads(stored.body) for stored in play(1, HOUR)[1]]


@pytest.fixture(scope="module")
def reasons() -> set[str]:
    """The reasons of three hours of story."""
    return {labels.reason for labels in play(1, 3 * HOUR)[0].truth.visible}


def test_the_same_seed_gives_the_same_story() -> None:
    """Two plays of one seed end in the same bytes; another seed gives another story."""
    one, same, other = (play(seed, 300)[1] for seed in (1, 1, 2))
    assert list(one) == list(same)
    assert list(one) != list(other)


def test_time_may_pass_in_any_steps() -> None:
    """Advancing second by second ends where one step ends."""
    whole = play(1, 120)[1]
    rng = random.Random(1)
    store = EventStore(uid=lambda: str(uuid.UUID(int=rng.getrandbits(128), version=4)))
    story = Story(Cluster(store, rng, NOW))
    for second in range(121):
        story.advance(NOW + second)
    assert list(store) == list(whole)


@pytest.mark.parametrize("reason", [
    "ScalingReplicaSet", "SuccessfulCreate", "SuccessfulDelete", "Scheduled", "Pulling", "Pulled",
    "Created", "Started", "Killing", "Failed", "BackOff", "FailedScheduling", "Unhealthy",
    "FailedCreate", "SawCompletedJob", "Completed", "NodeNotReady", "NodeReady",
    "SuccessfulRescale", "FailedMount", "RegisteredNode", "LeaderElection",
])  # fmt: skip
def test_every_scene_is_on(reason: str, reasons: set[str]) -> None:
    """Within three hours everything that the story knows has happened."""
    assert reason in reasons


def test_liveliness_shortens_the_pauses() -> None:
    """A livelier cluster has more to tell in the same time."""
    totals = []
    for liveliness in (1.0, 4.0):
        cluster = Cluster(EventStore(), random.Random(1), NOW)
        Story(cluster, liveliness=liveliness).advance(NOW + HOUR)
        totals.append(cluster.truth.recorded.total())
    assert totals[1] > 1.5 * totals[0]


@pytest.mark.parametrize("seed", range(5))
def test_a_review_shows_everything_within_a_minute(seed: int) -> None:
    """Who begins to watch sees each kind of trouble, and pulls from two registries, soon."""
    rng = random.Random(seed)
    cluster = Cluster(EventStore(), rng, NOW)
    story = Story(cluster)
    story.advance(NOW + 900)
    before, position = cluster.truth.snapshot(), cluster.store.position()
    story.review()
    story.advance(NOW + 960)
    seen = {(labels.type, labels.reason) for labels in cluster.truth.visible - before}
    assert seen >= {
        ("Warning", "Failed"),
        ("Normal", "BackOff"),  # of an image pull
        ("Warning", "BackOff"),  # of a crashed container
        ("Warning", "FailedScheduling"),
        ("Warning", "FailedCreate"),
        ("Warning", "FailedMount"),
        ("Warning", "Unhealthy"),
        ("Normal", "ScalingReplicaSet"),
        ("Normal", "Started"),
    }
    shown = [json.loads(c.after.body)["message"] for c in cluster.store.changes(position, 10**6)]
    pulled = [text for text in shown if text.startswith("Successfully pulled")]
    assert any("registry.example.com" in text for text in pulled)
    assert any("mirror.example.net" in text for text in pulled)


def test_messages_are_those_of_a_current_cluster(hour: list[dict[str, Any]]) -> None:
    """Pulled, Created, Started and FailedCreate read as Kubernetes 1.36 writes them."""
    texts: dict[str, set[str]] = {}
    for shown in hour:
        texts.setdefault(shown["reason"], set()).add(shown["message"])
    assert texts["Created"] == {"Container created"}
    assert texts["Started"] == {"Container started"}
    assert any(
        text.startswith('Successfully pulled image "')
        and " including waiting). Image size: " in text
        for text in texts["Pulled"]
    )
    assert "Error: ErrImagePull" in texts["Failed"]
    assert any(
        text.startswith("(combined from similar events): ") for text in texts["FailedCreate"]
    )


def test_a_slow_registry_makes_pulls_wait(hour: list[dict[str, Any]]) -> None:
    """Some pull waits for more than a minute."""
    slow = [e for e in hour if e["reason"] == "Pulled" and "media/transcoder" in e["message"]]
    waited = [e["message"].partition("(")[2].partition(" including")[0] for e in slow]
    assert any("m" in text.removesuffix("ms") for text in waited)


def test_a_full_cluster_makes_series(hour: list[dict[str, Any]]) -> None:
    """FailedScheduling is written by the new recorder, with series above two."""
    counts = [
        e["series"]["count"] for e in hour if e["reason"] == "FailedScheduling" and "series" in e
    ]
    assert max(counts) > 2


def test_several_namespaces_and_nodes_take_part(hour: list[dict[str, Any]]) -> None:
    """Events are about pods of many namespaces, on five nodes."""
    assert {e["metadata"]["namespace"] for e in hour} >= {"shop", "payments", "search", "media"}
    assert len({e["source"]["host"] for e in hour if "host" in e["source"]}) == 5


@pytest.mark.parametrize("ttl", [HOUR, 900.0])
def test_the_truth_is_what_the_history_shows(ttl: float) -> None:
    """Counting every name's rises over all frames gives the ground truth, returns included."""
    rng = random.Random(3)
    store = EventStore(ttl=ttl)
    cluster = Cluster(store, rng, NOW)
    story = Story(cluster)
    counted: Counter[LabelSet] = Counter()
    known: dict[str, int] = {}
    position = 0
    for step in range(120):
        story.advance(NOW + 60 * step)
        for change in store.changes(position, 10**6):
            position += 1
            if change.type == "DELETED":
                continue
            shown = json.loads(change.after.body)
            series = shown.get("series")
            occurrences = series["count"] if series else shown.get("count", 1)
            about = shown["involvedObject"]
            labels = LabelSet(
                shown["type"],
                shown["reason"],
                about["kind"],
                about.get("namespace", ""),
                shown["source"].get("component") or shown["reportingComponent"],
            )
            counted[labels] += occurrences - known.get(change.after.key, 0)
            known[change.after.key] = occurrences
    assert counted == cluster.truth.visible
    assert cluster.truth.visible.total() < cluster.truth.recorded.total()


class TestDemoCluster:
    async def test_it_has_a_history_and_goes_on(self) -> None:
        """A client finds events in the list, and new ones in the watch after it."""
        async with (
            DemoCluster(history=300.0) as demo,
            aiohttp.ClientSession(base_url=demo.url) as http,
        ):
            async with http.get("/api/v1/events", params={"limit": "500"}) as response:
                listed = await response.json()
            version = listed["metadata"]["resourceVersion"]
            query = {"watch": "1", "resourceVersion": version}
            async with http.get("/api/v1/events", params=query) as response:
                (line,) = await lines(response, 1)
            assert len(listed["items"]) > 100
            assert int(line["object"]["metadata"]["resourceVersion"]) > int(version)
            assert demo.truth.visible.total() > 100

    async def test_its_kubeconfig_points_at_it(self, tmp_path: Path) -> None:
        """The file that it writes has its URL and its token."""
        async with DemoCluster(history=0.0, token="secret") as demo:
            demo.write_kubeconfig(tmp_path / "config")
            text = (tmp_path / "config").read_text()
        assert demo.url in text
        assert "secret" in text

    async def test_a_broken_story_is_not_silent(self) -> None:
        """What ends the story is raised to who stops it."""

        def clock() -> float:
            if times:
                return times.pop()
            broken.set()
            raise RuntimeError("the clock is broken")

        times, broken = [NOW], asyncio.Event()
        demo = DemoCluster(history=0.0, clock=clock)
        await demo.start()
        await broken.wait()
        with pytest.raises(RuntimeError, match="clock is broken"):
            await demo.stop()

    async def test_it_is_started_once(self) -> None:
        """A second start would play the past again, and is refused."""
        async with DemoCluster(history=0.0) as demo:
            with pytest.raises(RuntimeError, match="started before"):
                await demo.start()

    def test_there_is_no_truth_before_the_start(self) -> None:
        """The ground truth belongs to a started cluster."""
        with pytest.raises(RuntimeError, match="not been started"):
            _ = DemoCluster().truth
