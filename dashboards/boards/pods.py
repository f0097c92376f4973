# SPDX-License-Identifier: Apache-2.0
"""Pods that do not start, and the images they wait for."""

from __future__ import annotations

from grafana_foundation_sdk.models import dashboard as models

from dashboards.boards import uids
from dashboards.boards.counting import counting, freshness
from dashboards.boards.image_pulls import (
    PULL,
    PULL_FAILURES,
    PULLS,
    REGISTRY,
    durations,
    failures,
    sizes,
)
from dashboards.kit import variables
from dashboards.kit.board import Board
from dashboards.kit.layout import Row
from dashboards.kit.links import to_board
from dashboards.kit.metrics import Counter, Histogram
from dashboards.kit.panels import ANY_IS_BAD, bars, heat, lines, number
from dashboards.kit.queries import occurrences, quantiles
from dashboards.kit.tables import Column, table

_FAILURES = "kube_event_pod_creation_failures_total"
_START = "kube_event_pod_start_duration_seconds"


def board() -> Board:
    """Why pods do not start, and how long images take."""
    return Board(
        uids.PODS,
        "Pods and image pulls",
        "Why do pods not start, and how long do images take to come? Registry narrows what is"
        " about image pulls.",
        [
            Row("Do pods start?", [*_figures()]),
            Row("Why not?", [*_causes()]),
            Row("How long do pods take?", [*_starts()]),
            Row("Image pulls: how long?", [*durations()]),
            Row("Image pulls: what fails?", [*failures()]),
            Row("Image pulls: how much?", [*sizes()]),
            Row("Running containers", [*_containers()]),
        ],
        [
            variables.namespace(),
            variables.of(
                "registry", PULLS.declaration.name, "Host of the registry an image comes from."
            ),
        ],
    )


def _figures() -> list[models.Panel]:
    pulled = PULLS.increase(where=f'result="pulled", {REGISTRY}')
    cached = PULLS.increase(where=f'result="cached", {REGISTRY}')
    failed = PULLS.increase(where=f'result="failed", {REGISTRY}')
    tried = PULLS.increase(where=f'result!="cached", {REGISTRY}')
    limited = PULL_FAILURES.increase(where=f'cause="rate_limited", {REGISTRY}')
    return [
        counting(),
        freshness(),
        number(
            "Failed attempts to start pods",
            "Are pods missing? Attempts to create or start one that failed in the chosen time: a"
            " pod that is tried again counts each time. The causes are below.",
            Counter(_FAILURES).increase().or_no_events(),
            steps=ANY_IS_BAD,
        ),
        number(
            "Failed pulls",
            "What part of the pulls fails? Of those that were tried, cached images left out. Empty"
            " where none was tried.",
            failed.over(tried),
            steps=(("green", None), ("orange", 0.01), ("red", 0.1)),
        ),
        number(
            "90 % of pulls within",
            "How long does a slow pull take in the chosen time? Waiting in the kubelet included.",
            PULL.quantile(0.9, where=REGISTRY, over="$__range"),
            steps=(("green", None), ("orange", 60.0), ("red", 300.0)),
        ),
        number(
            "Rate limited",
            "Does a registry refuse us for pulling too much? Use credentials, a mirror, or fewer"
            " pulls with imagePullPolicy IfNotPresent.",
            limited.or_no_events(),
            steps=ANY_IS_BAD,
        ),
        number(
            "Pulled",
            "How many images came from a registry? Many, without roll-outs, are new nodes or"
            " imagePullPolicy Always.",
            pulled.or_no_events(),
            width=8,
        ),
        number(
            "Already on the node",
            "How many images needed no pull? These starts do not wait for a registry.",
            cached.or_no_events(),
            width=8,
        ),
        number(
            "90 % of pods start within",
            "How long do pods take from their node to their first container? Where this is much"
            " more than a pull they wait for volumes or the network.",
            Histogram(_START).quantile(0.9, over="$__range"),
            steps=(("green", None), ("orange", 60.0), ("red", 300.0)),
            width=8,
        ),
    ]


def _causes() -> list[models.Panel]:
    first = Counter(_FAILURES).increase("namespace", "cause", "reason").top(50)
    return [
        bars(
            "Failed attempts to start pods, by cause",
            "Why are pods missing? quota and limit_range are the namespace's limits; forbidden,"
            " pod_security and admission_webhook its policies; webhook_error and api_server the"
            " control plane; sandbox_network the CNI plug-in.",
            occurrences(_FAILURES, "cause"),
        ),
        bars(
            "Failed attempts to start pods, by namespace (top 15)",
            "Whose pods? Many namespaces at once with one cause are the cluster's trouble.",
            occurrences(_FAILURES, "namespace", top=15),
        ),
        table(
            "Causes and their events (top 50)",
            "Which event says so? Its message, with kubectl events, has the details. Repeated"
            " attempts count again.",
            Column("occurrences", first.or_no_events()),
            links={
                "namespace": to_board(
                    uids.NAMESPACE, "What happened in this namespace?", ["namespace", "reason"]
                )
            },
        ),
        bars(
            "Container failures, by stage and cause",
            "Which step fails? config: a ConfigMap, Secret or key is missing; create and start: the"
            " command, a mount, a device, a security profile.",
            occurrences("kube_event_container_failures_total", "stage", "cause"),
        ),
        bars(
            "Sandbox failures, by cause",
            "Can nodes make pods at all? network: the CNI plug-in or its addresses; runtime: look"
            " at the container runtime's log on the node.",
            occurrences("kube_event_sandbox_failures_total", "cause"),
        ),
    ]


def _starts() -> list[models.Panel]:
    return [
        heat(
            "Pods to their start",
            "How is the time from a pod's node to its first container spread? A second band above"
            " is pods that wait for images, volumes or a retry.",
            Histogram(_START).bars(),
        ),
        lines(
            "Pods to their start, quantiles",
            "Do pods start as fast as before? A step up at a roll-out is its image.",
            *quantiles(_START),
            logarithmic=True,
        ),
    ]


def _containers() -> list[models.Panel]:
    return [
        bars(
            "Probe failures, by probe and result",
            "Do containers answer their probes? Liveness failures end in restarts, readiness"
            " failures take pods out of their services.",
            occurrences("kube_event_probe_failures_total", "probe", "result"),
        ),
        bars(
            "Containers stopped, by cause",
            "Why does the kubelet stop containers? liveness_probe and startup_probe are failures;"
            " stop is a deletion.",
            occurrences("kube_event_container_kills_total", "cause"),
        ),
        bars(
            "Pods out of memory, by namespace",
            "Whose processes did the kernel kill? Only where node-problem-detector finds the pod;"
            " raise the limit or mend the leak.",
            occurrences("kube_event_pod_oom_kills_total", "namespace", top=15),
        ),
        bars(
            "In-place resizes, by outcome",
            "Can pods be resized? deferred waits for room on the node, infeasible never fits.",
            occurrences("kube_event_pod_resizes_total", "outcome"),
        ),
    ]
