"""What live events cost in memory, and whether an event costs more where there are more of them."""

from __future__ import annotations

from dataclasses import asdict

from tests.bench.scenarios.bench import Bench, Figures, cluster
from tests.bench.subjects.subject import Subject

NAMESPACES = 135
"""So many that the page of ``memory`` has more than 10 000 samples."""


def memory(bench: Bench, subject: Subject) -> Figures:
    """Resident memory: at rest, and with 100 000 live events after several scrapes."""
    live = bench.size.live
    with bench.feeder() as feeder, bench.served(subject, feeder) as server:
        base = server.resident()
        feeder.do("prepare", load=asdict(cluster(NAMESPACES)), events=live)
        feeder.do("stream")
        server.settle()
        server.scrape()
        server.scrape(gzip=True)
        page = server.scrape()
        after = server.resident()
        server.counted(live)
    return {"memory_base": base, "memory_live": after, "memory_samples": page.samples()}


def growth(bench: Bench, subject: Subject) -> Figures:
    """CPU per repeat with a thousand live events and with a million."""
    if not subject.ours:
        return {}  # it would take gigabytes and minutes
    load = asdict(cluster(20))
    repeats, few, many, step = 100_000, 1_000, 1_000_000, 111_000
    figures: Figures = {}
    with bench.feeder() as feeder, bench.served(subject, feeder) as server:

        def cost(first: int, last: int) -> float:
            feeder.do("repeat", load=load, events=repeats, first=first, last=last)
            before = server.cpu()
            feeder.do("stream")
            server.settle()
            return (server.cpu() - before) / repeats * 1e6

        feeder.do("prepare", load=load, events=few)
        feeder.do("stream")
        server.settle()
        figures["growth_small"] = cost(0, few)
        for start in range(few, many, step):
            feeder.do("prepare", load=load, events=step, start=start)
            feeder.do("stream")
        server.settle()
        figures["growth_large"] = cost(few, many)
        figures["growth_memory"] = server.resident()
        server.counted(many + 2 * repeats)
    figures["growth_ratio"] = figures["growth_large"] / figures["growth_small"]
    return figures
