# SPDX-License-Identifier: Apache-2.0
"""The metric families that a dashboard can ask for, by name."""

from __future__ import annotations

from functools import cache

from exporter.config.loading import nearest
from exporter.metrics.declaration import Declaration, MetricType
from exporter.rules import reserved
from exporter.rules.loading import built_in, load
from exporter.selfmetrics import DECLARATIONS, RECEPTION

_GAUGE, _COUNTER = MetricType.GAUGE, MetricType.COUNTER

PROCESS = (
    Declaration("up", _GAUGE, "Whether the last scrape succeeded."),
    Declaration("scrape_duration_seconds", _GAUGE, "How long the last scrape took."),
    Declaration("scrape_samples_scraped", _GAUGE, "Samples on the last page."),
    Declaration("process_start_time_seconds", _GAUGE, "When the process began, Unix time."),
    Declaration("process_cpu_seconds_total", _COUNTER, "CPU time used, user and system."),
    Declaration("process_resident_memory_bytes", _GAUGE, "Memory that is in RAM."),
    Declaration("process_open_fds", _GAUGE, "Open file descriptors."),
    Declaration("process_max_fds", _GAUGE, "Most file descriptors that may be open."),
)
"""What Prometheus says of a target, and prometheus_client of a process."""

TARGET_LABELS = ("cluster", "job", "instance")
"""What Prometheus adds to every series; ``cluster`` only where somebody configured it."""


def family(name: str) -> Declaration:
    """The declaration of a name; raises ``ValueError`` where there is none."""
    known = _known()
    if name not in known:
        raise ValueError(f"no metric {name!r}{nearest(name, known)}")
    return known[name]


@cache
def _known() -> dict[str, Declaration]:
    book = load(built_in(), lambda: 0.0)
    of_rules = (*book.declarations, *book.audit.declarations)
    declared = (*reserved.OWN, *of_rules, *DECLARATIONS, *RECEPTION, *PROCESS)
    return {d.name: d for d in declared}
