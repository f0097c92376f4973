# SPDX-License-Identifier: Apache-2.0
"""The board to open first: is something wrong, and where?"""

from __future__ import annotations

from grafana_foundation_sdk.models import dashboard as models

from dashboards.boards import uids
from dashboards.boards.auditing import DENIED, SENSITIVE, audited
from dashboards.boards.counting import counting, freshness
from dashboards.kit.alerts import firing_alerts
from dashboards.kit.board import Board
from dashboards.kit.layout import Row
from dashboards.kit.links import to_board
from dashboards.kit.metrics import Counter, Gauge
from dashboards.kit.panels import ANY_IS_BAD, bars, number
from dashboards.kit.queries import Query
from dashboards.kit.tables import Column, table
from dashboards.kit.variables import namespace

_EVENTS = Counter("kube_events_total")
_STARTS = Counter("kube_event_pod_creation_failures_total")
_LAST_SEEN = Gauge("kube_event_last_seen_timestamp_seconds")
_WARNING = 'type="Warning"'
_WHAT = ("namespace", "kind", "reason")
_SUBJECTS = {
    "attempts to start pods": "kube_event_pod_creation_failures_total",
    "scheduling": "kube_event_scheduling_failures_total",
    "image pulls": "kube_event_image_pull_failures_total",
    "containers": "kube_event_container_failures_total",
    "probes": "kube_event_probe_failures_total",
    "volumes": "kube_event_volume_failures_total",
    "evictions": "kube_event_evictions_total",
    "node problems": "kube_event_node_problems_total",
    "node failures": "kube_event_node_failures_total",
    "workloads": "kube_event_workload_failures_total",
    "jobs": "kube_event_job_failures_total",
    "horizontal pod autoscalers": "kube_event_hpa_failures_total",
    "node autoscalers": "kube_event_autoscaler_failures_total",
    "ingress": "kube_event_ingress_failures_total",
    "services": "kube_event_service_failures_total",
    "certificates": "kube_event_certificate_failures_total",
    "secrets": "kube_event_secret_failures_total",
}
_TO_NAMESPACE = to_board(uids.NAMESPACE, "What happened in this namespace?", ["namespace"])
_TO_REASON = to_board(
    uids.NAMESPACE, "This reason in this namespace", ["namespace", "kind", "reason"]
)


def board() -> Board:
    """Is something wrong, where, and since when."""
    return Board(
        uids.OVERVIEW,
        "Overview",
        "Is something wrong in the cluster, where, and is it new? Read the first row from left to"
        " right, then follow a namespace or a reason by its link.",
        [
            Row("Is something wrong?", [*_figures()]),
            Row("What, and since when?", [_alerts(), _by_subject(), _by_reason()]),
            Row("Where?", [_namespaces(), _by_namespace(), _by_cluster()]),
            Row("Which reasons?", [_reasons(), _new_reasons(), _latest()]),
            Row("Who did what? (audit events)", [*_audit()], collapsed=True),
        ],
        [namespace()],
    )


def _figures() -> list[models.Panel]:
    warnings = _EVENTS.increase(where=_WARNING)
    reasons = _EVENTS.increase("reason", where=_WARNING).above(0)
    places = _EVENTS.increase("namespace", where=_WARNING).above(0)
    hour, day = (_EVENTS.increase(where=_WARNING, over=over) for over in ("1h", "24h"))
    return [
        counting(),
        freshness(),
        number(
            "Firing alerts",
            "Does one of our alerts fire? They are marked in the graphs; each has a runbook. 0 is"
            " also what a Prometheus says that has not loaded the rules.",
            firing_alerts().or_no_events(),
            steps=(("green", None), ("red", 1.0)),
        ),
        number(
            "Warnings against the day",
            "Is this hour unlike the day? 1 is as many warnings as in an average hour of the last"
            " 24; from 3 on something is new: look at New reasons. Empty where the day had none,"
            " too high while Prometheus has less than a day of data.",
            hour.times(24, "short").over(day, "none"),
            steps=(("green", None), ("orange", 3.0), ("red", 10.0)),
            decimals=1,
        ),
        number(
            "Failed attempts to start pods",
            "Do users miss pods? Attempts to create or start one that failed in the chosen time: a"
            " pod that is tried again counts each time. The board Pods and image pulls has the"
            " causes.",
            _STARTS.increase().or_no_events(),
            steps=ANY_IS_BAD,
        ),
        number(
            "Namespaces with warnings",
            "Is it one team's trouble or the cluster's? Many at once point at nodes, the network,"
            " a registry or the control plane.",
            places.count().or_no_events(),
            steps=(("green", None), ("orange", 5.0), ("red", 20.0)),
        ),
        number(
            "Warnings",
            "How much goes wrong in the chosen time? The number alone says little, as some"
            " controllers repeat for ever; compare with the day.",
            warnings.or_no_events(),
            width=8,
        ),
        number(
            "Warnings each minute",
            "How much goes wrong now? Over the last five minutes: whether it still goes on.",
            _EVENTS.rate(where=_WARNING, over="5m").times(60, "cpm").or_no_events(),
            decimals=1,
            width=8,
        ),
        number(
            "Distinct reasons",
            "Is it one thing or many? Reasons of warnings in the chosen time; few with many"
            " occurrences are one cause.",
            reasons.count().or_no_events(),
            width=8,
        ),
    ]


def _alerts() -> models.Panel:
    return table(
        "Firing alerts, by namespace",
        "Which of our alerts fire, and where? Read the runbook of each, then follow its namespace."
        " Empty where none fires, which the figure above tells apart from no data.",
        Column("alerts", firing_alerts("alertname", "severity", "namespace")),
        links={"namespace": _TO_NAMESPACE},
        height=6,
    )


def _by_subject() -> models.Panel:
    return bars(
        "Failures by subject",
        "Which part of the cluster fails, and since when? Pods and image pulls, scheduling and"
        " nodes, and volumes have boards of their own; the rest stands on Namespace / workload.",
        *(Query(Counter(name).bars().or_no_events(), words) for words, name in _SUBJECTS.items()),
        height=12,
    )


def _by_reason() -> models.Panel:
    return bars(
        "Warnings by reason (top 15)",
        "What do components complain of? A colour that begins is the thing to look at; one that is"
        " always there is the cluster's noise.",
        Query(_EVENTS.bars("reason", where=_WARNING, top=15).or_no_events(), "{{reason}}"),
        height=12,
    )


def _namespaces() -> models.Panel:
    first = _EVENTS.increase("namespace", where=_WARNING).top(20)
    reasons = _EVENTS.increase("namespace", "reason", where=_WARNING).above(0)
    return table(
        "Namespaces with most warnings (top 20)",
        "Where is it? Users miss something first where starts of pods fail; repeated attempts count"
        " again. Click a namespace for its own board. An empty name stands for objects of the"
        " cluster, such as nodes.",
        Column("warnings", first.or_no_events()),
        Column("reasons", reasons.count("namespace").within(first)),
        Column("failed starts of pods", _STARTS.increase("namespace").within(first), ANY_IS_BAD),
        Column(
            "evictions",
            Counter("kube_event_evictions_total").increase("namespace").within(first),
            ANY_IS_BAD,
        ),
        Column(
            "image pull failures",
            Counter("kube_event_image_pull_failures_total").increase("namespace").within(first),
            ANY_IS_BAD,
        ),
        links={"namespace": _TO_NAMESPACE},
    )


def _by_namespace() -> models.Panel:
    return bars(
        "Warnings by namespace (top 15)",
        "Where did it begin? Namespaces that rise together share a cause: a node, a registry, a"
        " webhook.",
        Query(_EVENTS.bars("namespace", where=_WARNING, top=15).or_no_events(), "{{namespace}}"),
    )


def _by_cluster() -> models.Panel:
    return bars(
        "Warnings by cluster",
        "Which cluster? Where Prometheus adds no label cluster all is one, without a name.",
        Query(_EVENTS.bars("cluster", where=_WARNING).or_no_events(), "cluster {{cluster}}"),
    )


def _reasons() -> models.Panel:
    hour = _EVENTS.increase(*_WHAT, where=_WARNING, over="1h")
    day = _EVENTS.increase(*_WHAT, where=_WARNING, over="24h")
    first = hour.top(25)
    ratio = hour.times(24, "short").over(day, "none")
    return table(
        "Most frequent warnings of the last hour (top 25)",
        "Which events are it? A ratio above 1 is more than in an average hour of the day: sort by"
        " it to see what is unusual. Click a reason for its history.",
        Column("last hour", first.or_no_events()),
        Column("last 24 hours", day.within(first)),
        Column(
            "against the day",
            ratio.within(first),
            (("green", None), ("orange", 3.0), ("red", 10.0)),
            decimals=1,
        ),
        links={"namespace": _TO_NAMESPACE, "reason": _TO_REASON},
    )


def _new_reasons() -> models.Panel:
    now = _EVENTS.increase("type", "kind", "reason", over="1h")
    before = _EVENTS.increase("type", "kind", "reason", over="24h offset 1h")
    new = now.above(0).without(before.above(0))
    link = to_board(uids.NAMESPACE, "Where does it occur?", ["kind", "reason"])
    return table(
        "New reasons",
        "What happens now that did not happen in the 24 hours before? A new warning after a change"
        " is the best hint there is; a new Normal one is often a new controller. Where Prometheus"
        " has less than 25 hours of data everything is new.",
        Column("last hour", new.or_no_events()),
        links={"reason": link},
        width=12,
    )


def _latest() -> models.Panel:
    return table(
        "Latest warnings",
        "What happened last? Times are those of the reporters' clocks. Only the newest 25.",
        Column("ago", _LAST_SEEN.age(*_WHAT, where=_WARNING).bottom(25)),
        links={"namespace": _TO_NAMESPACE, "reason": _TO_REASON},
        width=12,
        ascending=True,
    )


def _audit() -> list[models.Panel]:
    return [
        bars(
            "Sensitive operations",
            "Did somebody do what others should know of: sessions in pods, secrets, roles,"
            " deletions? The board Audit security has who and where. No data: no exporter receives"
            " audit events.",
            audited(SENSITIVE, "operation"),
        ),
        bars(
            "Refused requests, by cause",
            "Who is refused, and by whom? The board Audit security has the resources. No data: no"
            " exporter receives audit events.",
            audited(DENIED, "cause", "user_class"),
        ),
    ]
