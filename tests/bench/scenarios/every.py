"""All scenarios by name, and which of them run how often for whom."""

from __future__ import annotations

from tests.bench.scenarios.apiserver import apiserver
from tests.bench.scenarios.audit import audit
from tests.bench.scenarios.audit_sources import audit_sources
from tests.bench.scenarios.bench import Scenario, Size
from tests.bench.scenarios.large_page import scrape_200k
from tests.bench.scenarios.latency import latency
from tests.bench.scenarios.scrapes import scrape_10k, scrape_100k
from tests.bench.scenarios.sizes import growth, memory
from tests.bench.scenarios.starts import ready, startup
from tests.bench.scenarios.storm import storm
from tests.bench.scenarios.streams import paced, stream
from tests.bench.subjects.subject import Subject

SCENARIOS: dict[str, Scenario] = {
    "stream": stream,
    "paced": paced,
    "apiserver": apiserver,
    "latency": latency,
    "storm": storm,
    "startup": startup,
    "memory": memory,
    "ready": ready,
    "scrape_10k": scrape_10k,
    "scrape_100k": scrape_100k,
    "scrape_200k": scrape_200k,
    "growth": growth,
    "audit": audit,
    "audit_sources": audit_sources,
}
_SHORT_OURS = ("growth", "paced", "scrape_10k")
"""Left out of the short form: a minute, or shown by another scenario too."""
_SHORT_OTHERS = ("stream", "apiserver")
"""All that the short form measures of anybody else."""


def turns(name: str, subject: Subject, size: Size, *, compared: bool) -> int:
    """How often a scenario runs: once where a run takes long and no bar hangs on its spread.

    ``compared``: the subject is there to compare with, and is not judged.
    """
    if size.short:
        if name in _SHORT_OURS or (compared and name not in _SHORT_OTHERS):
            return 0
        return 1
    once = name == "growth" or (not subject.ours and name != "stream")
    return 1 if once else size.runs
