"""Whenever the exporter dies, every occurrence is in Prometheus' increases once."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.property.dying_exporter import Process, Prometheus
from tests.property.event_store import LegacyRecorder, NamedWriter, SeriesRecorder, Store

KEYS = ("a", "bb", "ccc")
SCRAPER = "10.0.0.1 Prometheus"
_ALL = 1_000_000

Step = tuple[str, str, int]
occurrences = st.tuples(
    st.sampled_from(("legacy", "filtered", "series", "named")), st.sampled_from(KEYS), st.just(0)
)
ticks = st.tuples(st.just("tick"), st.sampled_from(KEYS), st.integers(0, 1))
deliveries = st.tuples(st.just("watch"), st.just(""), st.integers(1, 4))
scrapes = st.tuples(st.sampled_from(("scrape", "failed scrape")), st.just(""), st.integers(0, 2))
others = st.tuples(st.sampled_from(("crash", "relist", "ttl")), st.just(""), st.just(0))
steps = st.lists(occurrences | occurrences | ticks | deliveries | scrapes | others, max_size=60)


@given(steps, st.booleans(), st.booleans())
@settings(deadline=None)
def test_increases_are_the_occurrences_whenever_it_dies(
    these: list[Step], old: bool, moves: bool
) -> None:
    """Repeats, series, a TTL, failed scrapes, frames that arrive beside a page, and crashes at
    every moment but the one between a page and its commit: in counters and in histograms, in
    place or to go on in another pod with the same volume.
    """
    with tempfile.TemporaryDirectory() as folder:
        cluster, server = Store(), Prometheus()
        legacy, named = LegacyRecorder(cluster), NamedWriter(cluster)
        series = SeriesRecorder(cluster, first_series=1 if old else 2)
        path = Path(folder) / "checkpoint.db"
        process = Process(path, cluster)
        server.receive(process.scrape(SCRAPER, sent=True))
        for step, key, number in these:
            match step:
                case "legacy" | "filtered":
                    legacy.occurs(key, filtered=step == "filtered")
                case "series":
                    series.occurs(key + "s")
                case "named":
                    if cluster.has(key + "n"):  # what it deletes would be seen by nobody
                        process.watch(_ALL)
                        server.receive(process.scrape(SCRAPER, sent=True))
                    named.occurs(key + "n")
                case "tick":
                    series.tick(key + "s", ends=bool(number))
                case "watch":
                    process.watch(number)
                case "scrape":
                    server.receive(process.scrape(SCRAPER, sent=True, late=number))
                case "failed scrape":
                    process.scrape(SCRAPER, sent=False, late=number)
                case "relist":
                    process.list()
                case "crash":
                    process.die()
                    if moves:
                        server.meets_another_instance()
                    process = Process(path, cluster)
                case "ttl":
                    # A TTL is longer than a scrape interval: what ends has been scraped.
                    process.watch(_ALL)
                    server.receive(process.scrape(SCRAPER, sent=True))
                    cluster.delete(list(cluster.objects))
        process.watch(_ALL)
        for _ in range(2):
            server.receive(process.scrape(SCRAPER, sent=True))
        process.die()
        true: Counter[str] = Counter()
        for name, shown in cluster.shown.items():
            true[name.partition(".")[0]] += shown
        assert server.counted("kube_events_total", true) == +true
        assert server.counted("kube_event_slow_total", true) == +true
        assert server.counted("kube_event_took_seconds_count", true) == +true
