# SPDX-License-Identifier: Apache-2.0
"""Rows of the board Pods and image pulls about the pulls, narrowed by the chosen registry."""

from __future__ import annotations

from grafana_foundation_sdk.models import dashboard as models

from dashboards.boards import uids
from dashboards.kit.links import to_board
from dashboards.kit.metrics import Counter, Histogram
from dashboards.kit.panels import bars, heat, lines
from dashboards.kit.queries import Query, occurrences, quantile_by, quantiles
from dashboards.kit.tables import Column, table

REGISTRY = 'registry=~"$registry"'
PULLS = Counter("kube_event_image_pulls_total")
PULL_FAILURES = Counter("kube_event_image_pull_failures_total")
PULL = Histogram("kube_event_image_pull_duration_seconds")
_RUNTIME = Histogram("kube_event_image_pull_runtime_duration_seconds")
_SIZE = Histogram("kube_event_image_size_bytes")


def durations() -> list[models.Panel]:
    """How long pulls take, and which part of it."""
    name, runtime = PULL.declaration.name, _RUNTIME.declaration.name
    return [
        heat(
            "Pull durations",
            "How are pulls spread? Bands at seconds are small or near images; what rises to minutes"
            " is large, far or throttled.",
            PULL.bars(REGISTRY),
        ),
        lines(
            "Pull durations, quantiles",
            "Do images come as fast as before? When half the pulls slow down it is the registry or"
            " the network; when only the slowest do, single images or nodes.",
            *quantiles(name, where=REGISTRY),
            logarithmic=True,
        ),
        lines(
            "90 % of pulls within, by registry",
            "Which registry is slow? One alone: its status page, or a mirror. All: the way out of"
            " the cluster.",
            quantile_by(0.9, name, "registry", where=REGISTRY),
            logarithmic=True,
        ),
        lines(
            "Waiting and pulling, mean",
            "Does the network or the kubelet's queue take the time? Where the first line is far"
            " above the second pulls wait for each other: see serializeImagePulls and"
            " maxParallelImagePulls of the kubelet.",
            Query(PULL.mean(where=REGISTRY), "whole pull, waiting included"),
            Query(_RUNTIME.mean(where=REGISTRY), "the container runtime's part"),
        ),
        heat(
            "The container runtime's part",
            "How long does the download itself take, without waiting in the kubelet? A band that"
            " rises is the network, the registry or the node's disk.",
            _RUNTIME.bars(REGISTRY),
        ),
        lines(
            "90 % of the runtime's part within, by registry",
            "Which registry's downloads are slow, waiting left out? Put a mirror nearer, or make"
            " the images smaller.",
            quantile_by(0.9, runtime, "registry", where=REGISTRY),
            logarithmic=True,
        ),
    ]


def failures() -> list[models.Panel]:
    """Why pulls fail, and whose."""
    labels = ("namespace", "registry", "cause")
    first = PULL_FAILURES.increase(*labels, where=REGISTRY).top(50)
    name = PULL_FAILURES.declaration.name
    return [
        bars(
            "Failed pulls, by cause",
            "Why do pulls fail? not_found: a wrong name or tag; unauthorized: imagePullSecrets;"
            " rate_limited, server_error: the registry; dns, tls, connection, timeout: the way to"
            " it; disk: the node.",
            occurrences(name, "cause", where=REGISTRY),
        ),
        bars(
            "Failed pulls, by registry",
            "Is it one registry? All at once are the network, DNS or a proxy.",
            occurrences(name, "registry", where=REGISTRY, top=15),
        ),
        bars(
            "Pulls, by result",
            "How many images are there already, come, or fail? failed without pulled is an image"
            " that cannot be had.",
            occurrences(PULLS.declaration.name, "result", where=REGISTRY),
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


def sizes() -> list[models.Panel]:
    """How large images are, and how much comes from where."""
    return [
        heat(
            "Sizes of pulled images",
            "Do large images make pulls slow? Gigabytes are tools that a running container does"
            " not need. From Kubernetes 1.30 on.",
            _SIZE.bars(REGISTRY),
        ),
        lines(
            "Pulled, by registry",
            "How much comes from where? Much from a registry outside is money and rate limits: a"
            " mirror or smaller images help.",
            Query(_SIZE.throughput("registry", where=REGISTRY), "{{registry}}"),
        ),
    ]
