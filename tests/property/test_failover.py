"""Whenever a leader dies, what its standby and it were seen to count is what occurred, once."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.property.event_store import LegacyRecorder, SeriesRecorder, Store
from tests.property.replicated_exporter import Lease, Replica

KEYS = ("a", "bb", "ccc")
_ALL = 1_000_000

Step = tuple[str, str, int]
occurrences = st.tuples(st.sampled_from(("legacy", "series")), st.sampled_from(KEYS), st.just(0))
ticks = st.tuples(st.just("tick"), st.sampled_from(KEYS), st.integers(0, 1))
deliveries = st.tuples(st.sampled_from(("leader", "standby")), st.just(""), st.integers(1, 4))
others = st.tuples(
    st.sampled_from(("scrape", "observe", "failover", "lost and regained")),
    st.just(""),
    st.integers(0, 2),
)
steps = st.lists(occurrences | ticks | deliveries | others, max_size=60)


@given(steps)
@settings(max_examples=300, deadline=None)
def test_increases_of_all_instances_are_the_occurrences(these: list[Step]) -> None:
    """However far the standby's watch is behind or ahead, however often the leader dies, or loses
    the lead to nobody.
    """
    cluster, lease = Store(), Lease()
    legacy, series = LegacyRecorder(cluster), SeriesRecorder(cluster, first_series=2)
    leader, standby = Replica(cluster, lease), Replica(cluster, lease)
    lives = [leader, standby]
    leader.takes_over()
    for replica in lives:
        replica.scrape()
    for step, key, number in these:
        match step:
            case "legacy":
                legacy.occurs(key, filtered=False)
            case "series":
                series.occurs(key + "s")
            case "tick":
                series.tick(key + "s", ends=bool(number))
            case "leader":
                leader.watch(number)
            case "standby":
                standby.watch(number)
            case "scrape":
                for replica in (leader, standby):
                    replica.scrape()
            case "observe":
                standby.observes()
            case "lost and regained":
                # Pages are sent until it notices, and events come before it leads again.
                lease.reachable = False
                for _ in range(number):
                    leader.watch(1)
                    leader.scrape()
                leader.steps_down()
                leader.watch(number)
                leader.scrape()
                lease.reachable = True
                leader.takes_over()
            case "failover":
                leader = standby
                leader.takes_over()
                leader.watch(_ALL)
                leader.scrape()
                leader.scrape()
                standby = Replica(cluster, lease)
                standby.scrape()
                lives.append(standby)
    leader.watch(_ALL)
    for _ in range(2):
        leader.scrape()
    true: Counter[str] = Counter()
    for name, shown in cluster.shown.items():
        true[name.partition(".")[0]] += shown
    for family in ("kube_events_total", "kube_event_slow_total", "kube_event_took_seconds_count"):
        counted: Counter[str] = Counter()
        for replica in lives:
            counted += replica.server.counted(family, true)
        assert counted == +true
