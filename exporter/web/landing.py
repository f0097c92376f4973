# SPDX-License-Identifier: Apache-2.0
"""The landing page: what is watched, since when, and how it goes, for a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape

_STYLE = """
:root{color-scheme:light dark}
body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:3rem auto;padding:0 1rem;
color:#1f2933;background:#fff}
h1{font-size:1.5rem;margin:0}h1 small{font-weight:400;color:#616e7c;font-size:1rem}
h2{font-size:1rem;margin:2rem 0 .25rem}p{margin:.25rem 0 .5rem}
p.state{margin:1rem 0 1.5rem;padding:.5rem .75rem;border-left:4px solid #2f855a;background:#f0fff4}
p.state.wait{border-color:#c05621;background:#fffaf0}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.4rem .75rem .4rem 0;
border-bottom:1px solid #e4e7eb;vertical-align:top}
th{font-weight:400;color:#616e7c;width:12rem;white-space:nowrap}
td{font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
td small{color:#616e7c;white-space:nowrap}
nav{margin:1.5rem 0 0}nav a{margin-right:1.5rem}a{color:#0b69a3}
pre{margin:0;padding:.75rem;background:#f5f7fa;overflow-x:auto;font-size:.85rem}
@media(prefers-color-scheme:dark){body{color:#e4e7eb;background:#1f2933}
p.state{background:#22543d}p.state.wait{background:#5a3a1c}th,td{border-color:#3e4c59}
th,h1 small,td small{color:#9aa5b1}a{color:#7cc4fa}pre{background:#323f4b}}
"""
_QUERIES = """\
# pods that could not be created or started in the last ten minutes, and why
sum by (namespace, cause) (increase(kube_event_pod_creation_failures_total[10m])) > 0

# what warns most
topk(10, sum by (namespace, reason) (increase(kube_events_total{type="Warning"}[1h])))
"""
_AUDIT_QUERIES = """\
# what somebody should know of, in the last hour
sum by (operation, user_class) (increase(kube_audit_sensitive_operations_total[1h])) > 0

# who was refused, and by whom
topk(10, sum by (cause, namespace, user_class) (increase(kube_audit_denied_total[1h])))
"""


@dataclass(frozen=True, slots=True)
class AuditFacts:
    """What the page tells of audit events."""

    sources: tuple[str, ...]
    requests: int
    last_received: float
    """Unix seconds; 0.0 for never."""


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
    connected: bool = True
    """Whether every watch is open now."""
    leads: bool = True
    """Whether this replica shows the metrics of events; one that runs alone does."""
    leader: str = ""
    """Which replica leads, as far as this one knows; empty without an election."""
    checkpoint: str = ""
    """Where what is counted outlives us; empty where it was not asked for."""
    kept: bool = False
    """Whether it does."""
    committed: float = 0.0
    """When it was last written."""
    watches: bool = True
    """Whether events are watched at all."""
    audit: AuditFacts | None = None
    """None where audit events come from nowhere."""


def landing_page(facts: Facts, state: str, telemetry_path: str) -> str:
    """The page as HTML; ``state`` is the reason why we are not ready."""
    state = _state(facts, state)
    body = "".join(
        f"<tr><th>{escape(name)}</th><td>{escape(value)}"
        f"{f' <small>{escape(note)}</small>' if note else ''}</td></tr>"
        for name, value, note in _rows(facts)
    )
    path = escape(telemetry_path, quote=True)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<link rel="icon" href="data:,">'
        f"<title>kube-event-metrics</title><style>{_STYLE}</style></head><body>"
        f"<h1>kube-event-metrics <small>{escape(facts.version)}</small></h1>"
        "<p>Counts every occurrence of every Kubernetes event, and every audited request, once, "
        "for Prometheus.</p>"
        f'<p class="state{"" if facts.ready and facts.connected else " wait"}">{escape(state)}</p>'
        f"<table>{body}</table>"
        f'<nav><a href="{path}">Metrics</a><a href="/readyz">Readiness</a>'
        '<a href="/livez">Liveness</a></nav>'
        "<h2>To scrape it</h2>"
        "<p>The label <code>namespace</code> is that of the object an event is about; without "
        "<code>honor_labels</code> Prometheus would put our own pod's in its place.</p>"
        f"<pre>{escape(_scrape_config(telemetry_path))}</pre>"
        "<h2>To begin with</h2>"
        f"<pre>{escape(_queries(facts))}</pre>"
        "</body></html>\n"
    )


def _state(facts: Facts, reason: str) -> str:
    if not facts.ready:
        return f"Not ready: {reason}."
    if not facts.connected:
        return (
            "Ready, but the watch is down and being retried: "
            "what happens now is counted once it is back."
        )
    if not facts.leads:
        return "Standby: ready to take over. Metrics of events are on the leader's page."
    counted = "occurrence" if facts.watches else "audited request"
    return f"Ready: every {counted} is counted."


def _queries(facts: Facts) -> str:
    shown = (*((_QUERIES,) if facts.watches else ()), *((_AUDIT_QUERIES,) if facts.audit else ()))
    return "\n".join(shown)


def _rows(facts: Facts) -> tuple[tuple[str, str, str], ...]:
    return (
        *(_events(facts) if facts.watches else ()),
        *(_audit(facts.audit, facts.now) if facts.audit else ()),
        ("Series", f"{facts.series:,}", ""),
        ("Scrapers", f"{facts.scrapers:,}", "" if facts.scrapers else "nobody scrapes this yet"),
        *_checkpoint(facts),
        *_election(facts),
    )


def _audit(audit: AuditFacts, now: float) -> tuple[tuple[str, str, str], ...]:
    return (
        ("Audit events from", ", ".join(audit.sources), ""),
        ("Last audit event", *_moment(audit.last_received, now, "none yet")),
        ("Requests counted", f"{audit.requests:,}", "each once, when it is over"),
    )


def _events(facts: Facts) -> tuple[tuple[str, str, str], ...]:
    watched = ", ".join(facts.scopes) or "all namespaces"
    if facts.field_selector:
        watched += f" where {facts.field_selector}"
    return (
        ("Cluster", facts.cluster, ""),
        ("Watched", f"events of {watched}", ""),
        ("Counting since", *_moment(facts.since, facts.now, "not yet")),
        ("Last occurrence", *_moment(facts.last_event, facts.now, "none since then")),
        ("Occurrences counted", f"{facts.occurrences:,}", "repeats included"),
        ("Events remembered", f"{facts.events_remembered:,}", "so that none counts twice"),
    )


def _checkpoint(facts: Facts) -> tuple[tuple[str, str, str], ...]:
    if not facts.checkpoint:
        return ()
    if not facts.kept:
        return (("Checkpoint", facts.checkpoint, "cannot be written: see the log"),)
    when, ago = _moment(facts.committed, facts.now, "not yet")
    return (("Checkpoint", facts.checkpoint, f"last written {ago or when}"),)


def _election(facts: Facts) -> tuple[tuple[str, str, str], ...]:
    if facts.leads and not facts.leader:
        return ()
    return (
        ("This replica", "leader" if facts.leads else "standby", ""),
        ("Lease held by", facts.leader or "nobody yet", ""),
    )


def _scrape_config(telemetry_path: str) -> str:
    path = "" if telemetry_path == "/metrics" else f"  metrics_path: {telemetry_path}\n"
    return f"- job_name: kube-event-metrics\n  honor_labels: true\n{path}"


def _moment(when: float, now: float, never: str) -> tuple[str, str]:
    if not when:
        return never, ""
    try:
        moment = datetime.fromtimestamp(when, UTC)
    except (ArithmeticError, OSError, ValueError):
        return "at a time that no calendar has", ""  # a reporter's clock can say anything
    return moment.strftime("%Y-%m-%d %H:%M:%S UTC"), _ago(now - when)


def _ago(seconds: float) -> str:
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")):
        count = int(seconds // size)
        if count > 0:
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "just now"
