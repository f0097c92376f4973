# SPDX-License-Identifier: Apache-2.0
"""Pods that do not start, and the images they wait for."""

from __future__ import annotations

from grafana_foundation_sdk.models import dashboard as models

from dashboards.boards import uids
from dashboards.boards.counting import counting, freshness
from dashboards.kit import variables
from dashboards.kit.board import Board
from dashboards.kit.layout import Row
from dashboards.kit.links import to_board
from dashboards.kit.metrics import Counter, Histogram
from dashboards.kit.panels import ANY_IS_BAD, bars, heat, lines, number
from dashboards.kit.queries import Query, occurrences, quantile_by, quantiles
from dashboards.kit.tables import Column, table

_REGISTRY = 'registry=~"$registry"'
_FAILURES = "kube_event_pod_creation_failures_total"
_START = "kube_event_pod_start_duration_seconds"
_PULLS = Counter("kube_event_image_pulls_total")
_PULL_FAILURES = Counter("kube_event_image_pull_failures_total")
_PULL = Histogram("kube_event_image_pull_duration_seconds")
_RUNTIME = Histogram("kube_event_image_pull_runtime_duration_seconds")
_SIZE = Histogram("kube_event_image_size_bytes")


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
            Row("Image pulls: how long?", [*_durations()]),
            Row("Image pulls: what fails?", [*_failures()]),
            Row("Image pulls: how much?", [*_sizes()]),
            Row("Running containers", [*_containers()]),
        ],
        [
            variables.namespace(),
            variables.of(
                "registry", _PULLS.declaration.name, "Host of the registry an image comes from."
            ),
        ],
    )


def _figures() -> list[models.Panel]:
    pulled = _PULLS.increase(where=f'result="pulled", {_REGISTRY}')
    cached = _PULLS.increase(where=f'result="cached", {_REGISTRY}')
    failed = _PULLS.increase(where=f'result="failed", {_REGISTRY}')
    tried = _PULLS.increase(where=f'result!="cached", {_REGISTRY}')
    limited = _PULL_FAILURES.increase(where=f'cause="rate_limited", {_REGISTRY}')
    return [
        counting(),
        freshness(),
        number(
            "Pods not created or started",
            "Are pods missing? Attempts that failed in the chosen time; the causes are below.",
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
            _PULL.quantile(0.9, where=_REGISTRY, over="$__range"),
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
            "Pods not created or started, by cause",
            "Why are pods missing? quota and limit_range are the namespace's limits; forbidden,"
            " pod_security and admission_webhook its policies; webhook_error and api_server the"
            " control plane; sandbox_network the CNI plug-in.",
            occurrences(_FAILURES, "cause"),
        ),
        bars(
            "Pods not created or started, by namespace (top 15)",
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


def _durations() -> list[models.Panel]:
    name, runtime = _PULL.declaration.name, _RUNTIME.declaration.name
    return [
        heat(
            "Pull durations",
            "How are pulls spread? Bands at seconds are small or near images; what rises to minutes"
            " is large, far or throttled.",
            _PULL.bars(_REGISTRY),
        ),
        lines(
            "Pull durations, quantiles",
            "Do images come as fast as before? When half the pulls slow down it is the registry or"
            " the network; when only the slowest do, single images or nodes.",
            *quantiles(name, where=_REGISTRY),
            logarithmic=True,
        ),
        lines(
            "90 % of pulls within, by registry",
            "Which registry is slow? One alone: its status page, or a mirror. All: the way out of"
            " the cluster.",
            quantile_by(0.9, name, "registry", where=_REGISTRY),
            logarithmic=True,
        ),
        lines(
            "Waiting and pulling, mean",
            "Does the network or the kubelet's queue take the time? Where the first line is far"
            " above the second pulls wait for each other: see serializeImagePulls and"
            " maxParallelImagePulls of the kubelet.",
            Query(_PULL.mean(where=_REGISTRY), "whole pull, waiting included"),
            Query(_RUNTIME.mean(where=_REGISTRY), "the container runtime's part"),
        ),
        heat(
            "The container runtime's part",
            "How long does the download itself take, without waiting in the kubelet? A band that"
            " rises is the network, the registry or the node's disk.",
            _RUNTIME.bars(_REGISTRY),
        ),
        lines(
            "90 % of the runtime's part within, by registry",
            "Which registry's downloads are slow, waiting left out? Put a mirror nearer, or make"
            " the images smaller.",
            quantile_by(0.9, runtime, "registry", where=_REGISTRY),
            logarithmic=True,
        ),
    ]


def _failures() -> list[models.Panel]:
    labels = ("namespace", "registry", "cause")
    first = _PULL_FAILURES.increase(*labels, where=_REGISTRY).top(50)
    name = _PULL_FAILURES.declaration.name
    return [
        bars(
            "Failed pulls, by cause",
            "Why do pulls fail? not_found: a wrong name or tag; unauthorized: imagePullSecrets;"
            " rate_limited, server_error: the registry; dns, tls, connection, timeout: the way to"
            " it; disk: the node.",
            occurrences(name, "cause", where=_REGISTRY),
        ),
        bars(
            "Failed pulls, by registry",
            "Is it one registry? All at once are the network, DNS or a proxy.",
            occurrences(name, "registry", where=_REGISTRY, top=15),
        ),
        bars(
            "Pulls, by result",
            "How many images are there already, come, or fail? failed without pulled is an image"
            " that cannot be had.",
            occurrences("kube_event_image_pulls_total", "result", where=_REGISTRY),
        ),
        bars(
            "Pull back-offs and crash back-offs",
            "Does the kubelet wait before it tries again? Pods with a pull back-off stay as they"
            " are until the image can be had.",
            occurrences("kube_event_container_backoffs_total", "cause"),
        ),
        table(
            "Failed pulls (top 50)",
            "Whose images fail, where and why? The image's name is in the event: kubectl events.",
            Column("attempts", first.or_no_events()),
            links={
                "namespace": to_board(
                    uids.NAMESPACE, "What happened in this namespace?", ["namespace"]
                )
            },
        ),
    ]


def _sizes() -> list[models.Panel]:
    return [
        heat(
            "Sizes of pulled images",
            "Do large images make pulls slow? Gigabytes are tools that a running container does"
            " not need. From Kubernetes 1.30 on.",
            _SIZE.bars(_REGISTRY),
        ),
        lines(
            "Pulled, by registry",
            "How much comes from where? Much from a registry outside is money and rate limits: a"
            " mirror or smaller images help.",
            Query(_SIZE.throughput("registry", where=_REGISTRY), "{{registry}}"),
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
