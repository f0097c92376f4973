"""What each figure means, and its bar: those of the project's design."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """What one key of a scenario means."""

    key: str
    title: str
    unit: str
    bar: float | None = None
    """The most it may be; None: only reported."""
    digits: int = 1
    detail: bool = False
    """Whether the documents do without it."""


def _scrape_figures(name: str, bars: dict[str, float], *, detail: bool) -> list[Figure]:
    states = {"none": "nothing changed", "some": "1 % changed", "all": "all changed"}
    scrape = f"scrape {name}"
    figures = [
        Figure(f"scrape_{name}_samples", f"{scrape}: samples on the page", "", None, 0, detail),
        Figure(f"scrape_{name}_bytes", f"{scrape}: size", "MB", detail=detail),
        Figure(f"scrape_{name}_first", f"{scrape}: first one, all births", "ms", detail=detail),
    ]
    for state, title in states.items():
        key, bar = f"scrape_{name}_{state}", bars.get(state)
        figures.append(Figure(key, f"{scrape}: {title}", "ms", bar, detail=detail))
        figures.append(Figure(f"{key}_gzip", f"{scrape}: {title}, gzip", "ms", detail=detail))
    return figures


FIGURES = [
    Figure("stream_cpu", "CPU per event, streamed as fast as read", "us", 10),
    Figure("stream_rate", "  events per second", "1/s", digits=0),
    Figure("stream_busy", "  CPU used of one core meanwhile", "%", digits=0, detail=True),
    Figure("feeder_rate", "  what the feeder alone could send", "1/s", digits=0, detail=True),
    Figure("stream_counted", "  occurrences counted, of those sent", "%", digits=2),
    Figure("paced_cpu", "CPU per event at 1 000 a second", "us", 40),
    Figure("apiserver_cpu", "CPU per occurrence at a real API server's pace", "us", 40),
    Figure("apiserver_rate", "  occurrences it was written a second", "1/s", digits=0),
    Figure("apiserver_counted", "  occurrences counted, of those written", "%", digits=2),
    Figure("latency_paced", "write to page at 1 000 a second: median", "ms", digits=0),
    Figure("latency_paced_max", "  longest", "ms", 120, 0),
    Figure("latency_quiet", "write to page in a quiet stream: median", "ms", digits=0),
    Figure("latency_quiet_max", "  longest", "ms", 120, 0),
    Figure("storm_seconds", "storm of 50 000 events: taken in within", "s", digits=2),
    Figure("storm_behind", "  its last event counted so long after it was sent", "s", digits=2),
    Figure("storm_scrape", "  longest scrape meanwhile", "s", 1, 3),
    Figure("storm_scrapes", "  scrapes meanwhile", "", digits=0, detail=True),
    Figure("storm_unready", "  answers of /readyz other than 200", "", 0, 0),
    Figure("storm_ready_wait", "  longest wait for /readyz", "ms", detail=True),
    Figure("storm_memory", "  memory more at its height than before", "MB", 30),
    Figure("storm_bytes", "  size of what was sent", "MB"),
    Figure("startup", "process start to the first scrape answered", "s", 0.7, 2),
    Figure("memory_base", "resident, nothing watched yet", "MB"),
    Figure("memory_live", "resident, 100 000 live events", "MB", 120),
    Figure("memory_samples", "  samples on the page then", "", digits=0),
    Figure("ready_list", "LIST of 100 000: first request to ready", "s", 3, 2),
    Figure("ready_list_start", "  process start to ready", "s", digits=2, detail=True),
    Figure("ready_list_memory", "  resident after it", "MB"),
    Figure("ready_list_peak", "  memory more at its height than after it", "MB", 5),
    Figure("ready_list_bytes", "  size of the list", "MB"),
    Figure("ready_list_stall", "  longest wait for /livez meanwhile", "ms", 50),
    Figure("ready_streamed", "streamed list of 100 000: first request to ready", "s", 3, 2),
    Figure("ready_streamed_start", "  process start to ready", "s", digits=2, detail=True),
    Figure("ready_streamed_memory", "  resident after it", "MB"),
    Figure("ready_streamed_peak", "  memory more at its height than after it", "MB", 5),
    *_scrape_figures("10k", {}, detail=True),
    *_scrape_figures("100k", {"some": 25, "all": 150}, detail=False),
    Figure("scrape_100k_stall", "scrape 100k: longest wait for /livez meanwhile", "ms", 50),
    Figure("scrape_200k_samples", "scrape 200k: samples on the page", "", digits=0),
    Figure("scrape_200k_bytes", "  size", "MB", detail=True),
    Figure("scrape_200k_first", "scrape 200k: first one, all births", "ms"),
    Figure("scrape_200k_stall_first", "  longest wait for /livez meanwhile", "ms", 50),
    Figure("scrape_200k_all", "scrape 200k: all changed", "ms"),
    Figure("scrape_200k_stall", "  longest wait for /livez meanwhile", "ms", 50),
    Figure("scrape_200k_all_gzip", "scrape 200k: all changed, gzip", "ms"),
    Figure("scrape_200k_stall_gzip", "  longest wait for /livez meanwhile", "ms", 50),
    Figure("scrape_200k_beside_slow", "scrape 200k: all changed, beside a slow scraper", "ms"),
    Figure("scrape_200k_slow_stall", "  longest wait for /livez meanwhile", "ms", 50),
    Figure("scrape_200k_slow_ratio", "  over the scrape without it (at most)", "", 1.25, 2),
    Figure("growth_small", "CPU per repeat at 1 000 live events", "us"),
    Figure("growth_large", "CPU per repeat at 1 000 000 live events", "us"),
    Figure("growth_ratio", "  the one over the other (flat: at most)", "", 1.25, 2),
    Figure("growth_memory", "resident, 1 000 000 live events", "MB"),
    Figure("audit_cpu", "CPU per audit event, log to counters", "us", 10),
    Figure("audit_bytes", "  size of a line", "kB"),
    Figure("audit_webhook_cpu", "CPU per audit event, webhook to counters and disk", "us", 10),
    Figure("audit_log_cpu", "CPU per audit event, followed log to counters", "us", 10),
    Figure("audit_memory", "resident, a million audit events by webhook", "MB"),
    Figure("audit_memory_growth", "  more than after 600 000", "MB"),
]
