# SPDX-License-Identifier: Apache-2.0
"""One namespace, or some: what happened to its workloads, when, and by whom it is told."""

from __future__ import annotations

from grafana_foundation_sdk.models import dashboard as models

from dashboards.boards import uids
from dashboards.boards.counting import counting, freshness
from dashboards.kit import variables
from dashboards.kit.board import Board
from dashboards.kit.expressions import Expr
from dashboards.kit.layout import Row
from dashboards.kit.metrics import Counter, Gauge
from dashboards.kit.panels import ANY_IS_BAD, bars, history, lines, number
from dashboards.kit.queries import Query, occurrences, quantiles
from dashboards.kit.tables import Column, table

_WORKLOAD = 'workload_name=~"$workload_name"'
_OWNERS = ("workload_kind", "workload_name")
_OF_EVENTS = 'kind=~"$kind", reason=~"$reason"'
_CHOSEN = f"{_OF_EVENTS}, {_WORKLOAD}"
_WARNING = f'type="Warning", {_CHOSEN}'
_EVENTS = Counter("kube_events_total", workloads=True)
_LAST_SEEN = Gauge("kube_event_last_seen_timestamp_seconds")
_HOOKS = "kube_event_hook_failures_total"
_SANDBOXES = "kube_event_sandbox_failures_total"
_WHAT = ("namespace", "type", "kind", "reason")
_CELLS = (("green", None), ("yellow", 1.0), ("orange", 10.0), ("red", 100.0))


def board() -> Board:
    """What happens in a namespace, to which workload."""
    return Board(
        uids.NAMESPACE,
        "Namespace / workload",
        "What happens in this namespace, to which workload, and what changed just before? Choose a"
        " namespace; Kind and Reason narrow what is taken from all events, Workload narrows"
        " everything.",
        [
            Row("How is this namespace?", [*_figures()]),
            Row("What happens, and since when?", [_reasons_over_time(), _by_reason(), _by_kind()]),
            Row("Which events?", [_table(), _by_component(), _normal()]),
            Row("Workloads", [*_workloads()]),
            Row("Containers", [*_containers()]),
            Row("Jobs and autoscaling", [*_jobs()]),
            Row("Services, certificates, secrets and policies", [*_add_ons()], collapsed=True),
        ],
        [
            variables.namespace(),
            variables.of("kind", _EVENTS.declaration.name, "Of the object an event is about."),
            variables.of("reason", _EVENTS.declaration.name, "Of the events."),
            variables.of(
                "workload_name",
                _EVENTS.declaration.name,
                "Owner of the objects; needs --workload.labels of the exporter.",
                "Workload",
            ),
        ],
    )


def _figures() -> list[models.Panel]:
    return [
        counting(),
        freshness(),
        number(
            "Warnings",
            "Does anything go wrong here? Occurrences in the chosen time; the history below says"
            " since when.",
            _EVENTS.increase(where=_WARNING).or_no_events(),
            steps=ANY_IS_BAD,
        ),
        number(
            "Pods not created or started",
            "Are pods missing? Failed attempts, repeats included; the causes are below.",
            _total("kube_event_pod_creation_failures_total"),
            steps=ANY_IS_BAD,
        ),
        number(
            "Crash back-offs",
            "Does a container die again and again? Read the logs of its last run.",
            _total("kube_event_container_backoffs_total", 'cause="crash"'),
            steps=ANY_IS_BAD,
        ),
        number(
            "Roll-outs",
            "Did somebody change something? Replica sets scaled up; switch on the annotation"
            " Roll-outs to see them in every graph.",
            _total("kube_event_workload_scalings_total", 'direction="up"'),
        ),
    ]


def _reasons_over_time() -> models.Panel:
    return history(
        "Warnings by reason over time (top 20)",
        "When did which trouble begin and end? A line that starts after a roll-out was made by it;"
        " a line without end is something nobody has mended.",
        Query(_EVENTS.bars("reason", where=_WARNING, top=20).or_no_events(), "{{reason}}"),
        _CELLS,
    )


def _by_reason() -> models.Panel:
    return bars(
        "Warnings by reason (top 15)",
        "How much of what? Look up an unknown reason in the table below, which names its"
        " component.",
        Query(_EVENTS.bars("reason", where=_WARNING, top=15).or_no_events(), "{{reason}}"),
    )


def _by_kind() -> models.Panel:
    return bars(
        "Warnings by kind of object",
        "What is hit? Pods alone are their own trouble; their controllers, claims or services say"
        " that something around them fails.",
        Query(_EVENTS.bars("kind", where=_WARNING, top=15).or_no_events(), "{{kind}}"),
    )


def _table() -> models.Panel:
    first = _EVENTS.increase(*_WHAT, where=_CHOSEN).top(100)
    return table(
        "All events (top 100)",
        "Which events are there at all, and when was each last seen? Normal ones show what"
        " controllers did between the warnings.",
        Column("occurrences", first.or_no_events()),
        Column("last seen ago", _LAST_SEEN.age(*_WHAT, where=_OF_EVENTS).within(first)),
        height=12,
    )


def _by_component() -> models.Panel:
    return bars(
        "Warnings by component (top 15)",
        "Who complains? One kubelet component for all nodes; a controller alone means its own"
        " trouble, or a webhook's.",
        Query(_EVENTS.bars("component", where=_WARNING, top=15).or_no_events(), "{{component}}"),
    )


def _normal() -> models.Panel:
    normal = _EVENTS.bars("reason", where=f'type!="Warning", {_CHOSEN}', top=15)
    return bars(
        "Normal events by reason (top 15)",
        "What do controllers do here? A change in this picture before the warnings began is where"
        " to look.",
        Query(normal.or_no_events(), "{{reason}}"),
    )


def _workloads() -> list[models.Panel]:
    return [
        bars(
            "Pods not created or started, by cause",
            "Why are pods missing? quota and limit_range: the namespace's own limits; forbidden,"
            " pod_security and webhooks: policy; image_pull, volume and scheduling have boards.",
            _by("kube_event_pod_creation_failures_total", "cause"),
        ),
        bars(
            "Failures of workload controllers, by kind and cause",
            "What could a Deployment, StatefulSet or other controller not do? progress_deadline is"
            " a roll-out that hangs: kubectl rollout status says where.",
            _by("kube_event_workload_failures_total", "kind", "cause"),
        ),
        bars(
            "Replica sets scaled, by direction",
            "When did roll-outs and rescales happen? Warnings right after one belong to it.",
            _by("kube_event_workload_scalings_total", "kind", "direction"),
        ),
        bars(
            "Argo roll-outs and rollbacks, by outcome",
            "Did a roll-out end well? aborted and rolled_back say that it did not.",
            _by("kube_event_rollouts_total", "kind", "outcome"),
        ),
        lines(
            "Pods to their start",
            "How long do pods take from their node to their first container? Slow ones wait for"
            " images or volumes: those boards say which.",
            *_quantiles("kube_event_pod_start_duration_seconds"),
            logarithmic=True,
        ),
        lines(
            "Pods to their node",
            "How long do pods wait that could not be scheduled at once? Others are not counted.",
            *_quantiles("kube_event_pod_scheduling_duration_seconds"),
            logarithmic=True,
        ),
        bars(
            "Warnings by workload (top 15)",
            "Whose pods are it, and since when? No data: the exporter runs without"
            " --workload.labels, or no object has an owner.",
            Query(
                _EVENTS.bars(*_OWNERS, where=f'{_WARNING}, workload_name!=""', top=15).above(0),
                "{{workload_kind}} {{workload_name}}",
            ),
            height=9,
        ),
        table(
            "Workloads and their warnings (top 50)",
            "What does each workload suffer from? No data: the exporter runs without"
            " --workload.labels, or no object has an owner.",
            Column(
                "warnings",
                _EVENTS.increase(
                    *("namespace", *_OWNERS, "reason"),
                    where=f'{_WARNING}, workload_name!=""',
                )
                .top(50)
                .above(0),
            ),
            width=12,
        ),
    ]


def _containers() -> list[models.Panel]:
    return [
        bars(
            "Container failures, by stage and cause",
            "Which step of a container's life fails? config: a ConfigMap or Secret is missing;"
            " create and start: the command, a mount, a security profile; stop: the runtime.",
            _by("kube_event_container_failures_total", "stage", "cause"),
        ),
        bars(
            "Back-offs, by cause",
            "Does the kubelet wait before it tries again? crash: the container ends by itself;"
            " image_pull: its image cannot be had.",
            _by("kube_event_container_backoffs_total", "cause"),
        ),
        bars(
            "Probe failures, by probe and result",
            "Do containers answer their probes? Liveness failures end in restarts, readiness"
            " failures take the pod out of its services.",
            _by("kube_event_probe_failures_total", "probe", "result"),
        ),
        bars(
            "Containers stopped, by cause",
            "Why does the kubelet stop containers? liveness_probe and startup_probe: they did not"
            " answer; stop: somebody or a controller deleted the pod.",
            _by("kube_event_container_kills_total", "cause"),
        ),
        bars(
            "Evictions, by cause",
            "Who loses pods, and to what? memory, disk and pid are pressure on a node; drain and"
            " descheduler are on purpose.",
            _by("kube_event_evictions_total", "cause"),
        ),
        bars(
            "Failed hooks and sandboxes, by cause",
            "Do post-start or pre-stop hooks fail, or sandboxes? network: the CNI plug-in or its"
            " addresses; the nodes' logs have its message.",
            _named(_HOOKS, "hook", "hook {{hook}}"),
            _named(_SANDBOXES, "cause", "sandbox {{cause}}"),
        ),
    ]


def _jobs() -> list[models.Panel]:
    return [
        bars(
            "Jobs that ended, by result",
            "Do jobs succeed? backoff_limit: their pods failed too often; deadline: they took too"
            " long.",
            _by("kube_event_jobs_finished_total", "result"),
        ),
        bars(
            "Failures of cron jobs, by cause",
            "Did a cron job not run? missed and too_many_missed: the controller was late or away,"
            " or a run before it still goes on.",
            _by("kube_event_cronjob_failures_total", "cause"),
        ),
        bars(
            "Rescales by the horizontal pod autoscaler",
            "Does load move replicas? Up and down in turn is flapping: look at the target metric"
            " and the stabilization window.",
            _by("kube_event_hpa_rescales_total", "direction"),
        ),
        bars(
            "Failures of the horizontal pod autoscaler, by cause",
            "Why does it not scale? metrics_api and no_metrics: the metrics server or an adapter;"
            " missing_request: a container without a resource request.",
            _by("kube_event_hpa_failures_total", "cause"),
        ),
    ]


def _add_ons() -> list[models.Panel]:
    return [
        bars(
            "Service and load balancer failures",
            "Do services get their addresses? The cloud's answer is in the event itself: kubectl"
            " describe service.",
            _by("kube_event_service_failures_total", "cause"),
        ),
        bars(
            "Ingress failures, by cause",
            "Do ingress controllers take over what is written? annotation and backend are errors"
            " of the object, others of the controller.",
            _by("kube_event_ingress_failures_total", "cause"),
        ),
        bars(
            "Certificate failures, by kind and cause",
            "Will a certificate run out? What cert-manager could not do; challenge failures point"
            " at DNS or the ingress.",
            _by("kube_event_certificate_failures_total", "kind", "cause"),
        ),
        bars(
            "Secret failures, by kind and cause",
            "Do External Secrets reach their store? access_denied is a role or policy there.",
            _by("kube_event_secret_failures_total", "kind", "cause"),
        ),
        bars(
            "Results of policies",
            "Does a policy stop deployments? blocked and violation say whose namespace it is.",
            _by("kube_event_policy_results_total", "result"),
        ),
        bars(
            "Failures of KEDA, by cause",
            "Does event-driven scaling work? scaler and metric_source: the source cannot be asked.",
            _by("kube_event_keda_failures_total", "cause"),
        ),
        bars(
            "Disruption budget failures, by cause",
            "Do budgets stand in the way of drains? Others fit no pods, or several: kubectl"
            " describe pdb.",
            _by("kube_event_disruption_budget_failures_total", "cause"),
        ),
        bars(
            "Leader elections, by outcome",
            "Do controllers of this namespace lose their lead? Often: they are starved of CPU, or"
            " the API server is slow.",
            _by("kube_event_leader_elections_total", "outcome"),
        ),
    ]


def _by(name: str, *labels: str) -> Query:
    return occurrences(name, *labels, where=_WORKLOAD, workloads=True)


def _named(name: str, label: str, legend: str) -> Query:
    return Query(_by(name, label).expr, legend)


def _total(name: str, where: str = "") -> Expr:
    counter = Counter(name, workloads=True)
    return counter.increase(where=f"{_WORKLOAD}, {where}" if where else _WORKLOAD).or_no_events()


def _quantiles(name: str) -> list[Query]:
    return quantiles(name, where=_WORKLOAD, workloads=True)
