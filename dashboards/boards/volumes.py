# SPDX-License-Identifier: Apache-2.0
"""Volumes, claims and snapshots: what fails, and how long it takes."""

from __future__ import annotations

from grafana_foundation_sdk.models import dashboard as models

from dashboards.boards import uids
from dashboards.boards.counting import counting, freshness
from dashboards.kit import variables
from dashboards.kit.board import Board
from dashboards.kit.layout import Row
from dashboards.kit.links import to_board
from dashboards.kit.metrics import Counter, Gauge, Histogram
from dashboards.kit.panels import ANY_IS_BAD, bars, heat, history, lines, number
from dashboards.kit.queries import Query, occurrences, quantile_by, quantiles
from dashboards.kit.tables import Column, table

_FAILURES = Counter("kube_event_volume_failures_total")
_NAME = _FAILURES.declaration.name
_DURATION = "kube_event_lifecycle_duration_seconds"
_ATTACH = 'lifecycle="volume_attach"'
_VOLUMES = 'lifecycle=~"volume_.*|snapshot"'


def board() -> Board:
    """Which volumes keep pods waiting."""
    return Board(
        uids.VOLUMES,
        "Volumes",
        "Which volumes keep pods waiting, in which operation, and why? Durations are of the whole"
        " cluster: they have no namespace.",
        [
            Row("Do volumes come?", [*_figures()]),
            Row("What fails?", [*_failures()]),
            Row("How long does it take?", [*_durations()]),
        ],
        [variables.namespace()],
    )


def _figures() -> list[models.Panel]:
    places = _FAILURES.increase("namespace").above(0)
    multiple = _FAILURES.increase(where='cause="multi_attach"')
    waiting = Gauge("kube_event_lifecycle_open").sum(where=_VOLUMES)
    return [
        counting(),
        freshness(),
        number(
            "Failures",
            "Do operations on volumes fail? Attempts in the chosen time; retries count again.",
            _FAILURES.increase().or_no_events(),
            steps=ANY_IS_BAD,
        ),
        number(
            "Namespaces with failures",
            "Is it one team's claim, or the storage of the cluster? From several on look at the"
            " driver, not at the claims.",
            places.count().or_no_events(),
            steps=(("green", None), ("orange", 2.0), ("red", 5.0)),
        ),
        number(
            "Multi-attach",
            "Is a volume still attached to another node? Its pod waits until that one lets it go;"
            " where the node is gone, six minutes or more: kubectl get volumeattachments.",
            multiple.or_no_events(),
            steps=ANY_IS_BAD,
        ),
        number(
            "Waiting now",
            "How many attachments, new volumes, resizes and snapshots have begun and not ended? A"
            " pod that needs no attachment is in it until its first container starts.",
            waiting,
        ),
    ]


def _failures() -> list[models.Panel]:
    labels = ("namespace", "operation", "cause")
    first = _FAILURES.increase(*labels).top(50)
    return [
        history(
            "Failures by operation and cause over time (top 20)",
            "When did which trouble begin and end? What has no end needs somebody.",
            Query(
                _FAILURES.bars("operation", "cause", top=20).or_no_events(),
                "{{operation}} {{cause}}",
            ),
            (("green", None), ("yellow", 1.0), ("orange", 10.0), ("red", 50.0)),
        ),
        bars(
            "Failures, by operation",
            "Which step? provision: the storage class or its back end; attach: the cloud or the"
            " node's limit; mount: the node, the file system, a Secret; bind: a claim without a"
            " volume; wait: the kubelet's sum of it, when it has waited in vain.",
            occurrences(_NAME, "operation"),
        ),
        bars(
            "Failures, by cause",
            "Why? quota and unavailable are the back end's; secret_or_configmap_missing is the"
            " manifest's; driver_missing: the CSI driver does not run on the node; timeout: look at"
            " the driver's log.",
            occurrences(_NAME, "cause"),
        ),
        table(
            "Failures (top 50)",
            "Whose volumes? The claim and the driver's message are in the event: kubectl events.",
            Column("attempts", first.or_no_events()),
            links={
                "namespace": to_board(
                    uids.NAMESPACE, "What happened in this namespace?", ["namespace"]
                )
            },
        ),
        bars(
            "Failures, by namespace (top 15)",
            "Where did it begin? Namespaces that rise together share a driver or a back end.",
            occurrences(_NAME, "namespace", top=15),
        ),
        bars(
            "Pods not started for their volumes, by reason",
            "How many starts of pods fail for it? None, while operations fail, are retries that"
            " nobody waits for.",
            occurrences("kube_event_pod_creation_failures_total", "reason", where='cause="volume"'),
        ),
    ]


def _durations() -> list[models.Panel]:
    return [
        heat(
            "Times to attach",
            "How long do pods wait for attachments, from their node on? Minutes are a volume that"
            " another node holds, or a slow cloud.",
            Histogram(_DURATION).bars(f'{_ATTACH}, outcome="attached"'),
        ),
        lines(
            "Times to attach, quantiles",
            "Do volumes come as fast as before? A step up for all is the cloud or the driver's"
            " controller.",
            *quantiles(_DURATION, where=f'{_ATTACH}, outcome="attached"'),
            logarithmic=True,
        ),
        lines(
            "90 % within, by what is done",
            "Which of attaching, provisioning, resizing and snapshots is slow? A slow back end"
            " slows them all, a slow driver its own.",
            quantile_by(0.9, _DURATION, "lifecycle", "outcome", where=_VOLUMES),
            logarithmic=True,
        ),
        bars(
            "Begun and not heard of again",
            "What was given up? Its claim or pod may be gone; those that are there wait still.",
            occurrences("kube_event_lifecycle_abandoned_total", "lifecycle", where=_VOLUMES),
        ),
    ]
