# SPDX-License-Identifier: Apache-2.0
"""Rows of the board Namespace / workload: a row for each subject, whatever else goes wrong."""

from __future__ import annotations

from grafana_foundation_sdk.models import dashboard as models

from dashboards.boards.chosen import EVENTS, WARNING, by, named, quantiles_of
from dashboards.kit.panels import bars, lines
from dashboards.kit.queries import Query
from dashboards.kit.tables import Column, table

_OWNERS = ("workload_kind", "workload_name")
_HOOKS = "kube_event_hook_failures_total"
_SANDBOXES = "kube_event_sandbox_failures_total"


def workloads() -> list[models.Panel]:
    """Pods, and the controllers that make them."""
    return [
        bars(
            "Failed attempts to start pods, by cause",
            "Why are pods missing? quota and limit_range: the namespace's own limits; forbidden,"
            " pod_security and webhooks: policy; image_pull, volume and scheduling have boards.",
            by("kube_event_pod_creation_failures_total", "cause"),
        ),
        bars(
            "Failures of workload controllers, by kind and cause",
            "What could a Deployment, StatefulSet or other controller not do? progress_deadline is"
            " a roll-out that hangs: kubectl rollout status says where.",
            by("kube_event_workload_failures_total", "kind", "cause"),
        ),
        bars(
            "Replica sets scaled, by direction",
            "When did roll-outs and rescales happen? Warnings right after one belong to it.",
            by("kube_event_workload_scalings_total", "kind", "direction"),
        ),
        bars(
            "Argo roll-outs and rollbacks, by outcome",
            "Did a roll-out end well? aborted and rolled_back say that it did not.",
            by("kube_event_rollouts_total", "kind", "outcome"),
        ),
        lines(
            "Pods to their start",
            "How long do pods take from their node to their first container? Slow ones wait for"
            " images or volumes: those boards say which.",
            *quantiles_of("kube_event_pod_start_duration_seconds"),
            logarithmic=True,
        ),
        lines(
            "Pods to their node",
            "How long do pods wait that could not be scheduled at once? Others are not counted.",
            *quantiles_of("kube_event_pod_scheduling_duration_seconds"),
            logarithmic=True,
        ),
        bars(
            "Warnings by workload (top 15)",
            "Whose pods are it, and since when? No data: the exporter runs without"
            " --workload.labels, or no object has an owner.",
            Query(
                EVENTS.bars(*_OWNERS, where=f'{WARNING}, workload_name!=""', top=15).above(0),
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
                EVENTS.increase(
                    *("namespace", *_OWNERS, "reason"),
                    where=f'{WARNING}, workload_name!=""',
                )
                .top(50)
                .above(0),
            ),
            width=12,
        ),
    ]


def containers() -> list[models.Panel]:
    """What containers go through."""
    return [
        bars(
            "Container failures, by stage and cause",
            "Which step of a container's life fails? config: a ConfigMap or Secret is missing;"
            " create and start: the command, a mount, a security profile; stop: the runtime.",
            by("kube_event_container_failures_total", "stage", "cause"),
        ),
        bars(
            "Back-offs, by cause",
            "Does the kubelet wait before it tries again? crash: the container ends by itself;"
            " image_pull: its image cannot be had.",
            by("kube_event_container_backoffs_total", "cause"),
        ),
        bars(
            "Probe failures, by probe and result",
            "Do containers answer their probes? Liveness failures end in restarts, readiness"
            " failures take the pod out of its services.",
            by("kube_event_probe_failures_total", "probe", "result"),
        ),
        bars(
            "Containers stopped, by cause",
            "Why does the kubelet stop containers? liveness_probe and startup_probe: they did not"
            " answer; stop: somebody or a controller deleted the pod.",
            by("kube_event_container_kills_total", "cause"),
        ),
        bars(
            "Evictions, by cause",
            "Who loses pods, and to what? memory, disk and pid are pressure on a node; drain and"
            " descheduler are on purpose.",
            by("kube_event_evictions_total", "cause"),
        ),
        bars(
            "Failed hooks and sandboxes, by cause",
            "Do post-start or pre-stop hooks fail, or sandboxes? network: the CNI plug-in or its"
            " addresses; the nodes' logs have its message.",
            named(_HOOKS, "hook", "hook {{hook}}"),
            named(_SANDBOXES, "cause", "sandbox {{cause}}"),
        ),
    ]


def jobs() -> list[models.Panel]:
    """Jobs, cron jobs and autoscalers."""
    return [
        bars(
            "Jobs that ended, by result",
            "Do jobs succeed? backoff_limit: their pods failed too often; deadline: they took too"
            " long.",
            by("kube_event_jobs_finished_total", "result"),
        ),
        bars(
            "Failures of cron jobs, by cause",
            "Did a cron job not run? missed and too_many_missed: the controller was late or away,"
            " or a run before it still goes on.",
            by("kube_event_cronjob_failures_total", "cause"),
        ),
        bars(
            "Rescales by the horizontal pod autoscaler",
            "Does load move replicas? Up and down in turn is flapping: look at the target metric"
            " and the stabilization window.",
            by("kube_event_hpa_rescales_total", "direction"),
        ),
        bars(
            "Failures of the horizontal pod autoscaler, by cause",
            "Why does it not scale? metrics_api and no_metrics: the metrics server or an adapter;"
            " missing_request: a container without a resource request.",
            by("kube_event_hpa_failures_total", "cause"),
        ),
    ]


def add_ons() -> list[models.Panel]:
    """What stands around workloads."""
    return [
        bars(
            "Service and load balancer failures",
            "Do services get their addresses and end points? What the cloud answered about a load"
            " balancer is in the event itself: kubectl describe service.",
            by("kube_event_service_failures_total", "cause"),
            named(
                "kube_event_load_balancer_operations_total",
                "operation",
                "load balancer {{operation}}",
                where='result="failed"',
            ),
        ),
        bars(
            "Ingress failures, by cause",
            "Do ingress controllers take over what is written? annotation and backend are errors"
            " of the object, others of the controller.",
            by("kube_event_ingress_failures_total", "cause"),
        ),
        bars(
            "Certificate failures, by kind and cause",
            "Will a certificate run out? What cert-manager could not do; challenge failures point"
            " at DNS or the ingress.",
            by("kube_event_certificate_failures_total", "kind", "cause"),
        ),
        bars(
            "Secret failures, by kind and cause",
            "Do External Secrets reach their store? access_denied is a role or policy there.",
            by("kube_event_secret_failures_total", "kind", "cause"),
        ),
        bars(
            "Results of Kyverno policies",
            "Does a policy stop what is deployed? blocked: the request was refused; violation: it"
            " breaks a policy and was let through; error: the policy itself could not be applied.",
            by("kube_event_policy_results_total", "result"),
        ),
        bars(
            "Failures of KEDA, by cause",
            "Does event-driven scaling work? scaler and metric_source: the source cannot be asked.",
            by("kube_event_keda_failures_total", "cause"),
        ),
        bars(
            "Disruption budget failures, by cause",
            "Are the budgets in order? One that cannot be worked out may let no pod go, and a drain"
            " waits: kubectl describe pdb. multiple_budgets: a pod has several, and is not evicted"
            " at all.",
            by("kube_event_disruption_budget_failures_total", "cause"),
        ),
        bars(
            "Leader elections, by outcome",
            "Do controllers of this namespace lose their lead? Often: they are starved of CPU, or"
            " the API server is slow.",
            by("kube_event_leader_elections_total", "outcome"),
        ),
    ]
