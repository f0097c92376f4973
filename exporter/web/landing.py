# SPDX-License-Identifier: Apache-2.0
"""The landing page: what is watched, since when, and how it goes, for a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape

_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:3rem auto;padding:0 1rem;
color:#1f2933;background:#fff}
h1{font-size:1.5rem;margin:0}h1 small{font-weight:400;color:#616e7c;font-size:1rem}
p.state{margin:.75rem 0 1.5rem;padding:.5rem .75rem;border-left:4px solid #2f855a;
background:#f0fff4}
p.state.wait{border-color:#c05621;background:#fffaf0}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.4rem .75rem .4rem 0;
border-bottom:1px solid #e4e7eb;vertical-align:top}th{font-weight:400;color:#616e7c;width:14rem}
td{font-variant-numeric:tabular-nums}nav{margin:1.5rem 0}nav a{margin-right:1.5rem}
@media(prefers-color-scheme:dark){body{color:#e4e7eb;background:#1f2933}
p.state{background:#22543d}p.state.wait{background:#5a3a1c}th,td{border-color:#3e4c59}
th,h1 small{color:#9aa5b1}a{color:#7cc4fa}}
"""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the page tells. Times are Unix seconds, 0.0 for not yet."""

    version: str
    cluster: str
    scopes: tuple[str, ...]
    """The namespaces that are watched; empty for all."""
    field_selector: str
    ready: bool
    since: float
    last_event: float
    now: float
    occurrences: int
    series: int
    events_remembered: int
    scrapers: int


def landing_page(facts: Facts, state: str, telemetry_path: str) -> str:
    """The page as HTML."""
    watched = ", ".join(facts.scopes) or "all namespaces"
    if facts.field_selector:
        watched += f" where {facts.field_selector}"
    rows = (
        ("Cluster", facts.cluster),
        ("Watched", f"events of {watched}"),
        ("Counting since", _moment(facts.since, facts.now, "not yet: the first list is not done")),
        ("Last event", _moment(facts.last_event, facts.now, "none since then")),
        ("Occurrences counted", f"{facts.occurrences:,}"),
        ("Series", f"{facts.series:,}"),
        ("Events remembered", f"{facts.events_remembered:,}"),
        ("Scrapers", f"{facts.scrapers:,}"),
    )
    body = "".join(f"<tr><th>{escape(k)}</th><td>{escape(v)}</td></tr>" for k, v in rows)
    path = escape(telemetry_path, quote=True)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>kube-event-metrics</title><style>{_STYLE}</style></head><body>"
        f"<h1>kube-event-metrics <small>{escape(facts.version)}</small></h1>"
        f'<p class="state{"" if facts.ready else " wait"}">{escape(state)}</p>'
        f"<table>{body}</table>"
        f'<nav><a href="{path}">Metrics</a><a href="/readyz">Readiness</a>'
        '<a href="/livez">Liveness</a></nav>'
        "<p>Every occurrence of every Kubernetes event, counted once. Namespaces and kinds are "
        "those of the object an event is about: scrape with <code>honor_labels: true</code>.</p>"
        "</body></html>\n"
    )


def _moment(when: float, now: float, never: str) -> str:
    if not when:
        return never
    stamp = datetime.fromtimestamp(when, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    return f"{stamp} ({_ago(now - when)})"


def _ago(seconds: float) -> str:
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")):
        count = int(seconds // size)
        if count > 0:
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "just now"
