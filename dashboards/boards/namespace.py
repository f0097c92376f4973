# SPDX-License-Identifier: Apache-2.0
"""One namespace, or some: what happened to its workloads, when, and by whom it is told."""

from __future__ import annotations

from grafana_foundation_sdk.models import dashboard as models

from dashboards.boards import uids
from dashboards.boards.chosen import CHOSEN, EVENTS, OF_EVENTS, WARNING, total
from dashboards.boards.counting import counting, freshness
from dashboards.boards.namespace_subjects import add_ons, containers, jobs, workloads
from dashboards.kit import variables
from dashboards.kit.board import Board
from dashboards.kit.layout import Row
from dashboards.kit.metrics import Gauge
from dashboards.kit.panels import ANY_IS_BAD, bars, history, number
from dashboards.kit.queries import Query
from dashboards.kit.tables import Column, table

_LAST_SEEN = Gauge("kube_event_last_seen_timestamp_seconds")
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
            Row("Workloads", [*workloads()]),
            Row("Containers", [*containers()]),
            Row("Jobs and autoscaling", [*jobs()]),
            Row("Services, certificates, secrets and policies", [*add_ons()], collapsed=True),
        ],
        [
            variables.namespace(),
            variables.of("kind", EVENTS.declaration.name, "Of the object an event is about."),
            variables.of("reason", EVENTS.declaration.name, "Of the events."),
            variables.of(
                "workload_name",
                EVENTS.declaration.name,
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
            EVENTS.increase(where=WARNING).or_no_events(),
            steps=ANY_IS_BAD,
        ),
        number(
            "Failed attempts to start pods",
            "Are pods missing? Attempts to create or start one that failed: a pod that is tried"
            " again counts each time. The causes are below.",
            total("kube_event_pod_creation_failures_total"),
            steps=ANY_IS_BAD,
        ),
        number(
            "Crash back-offs",
            "Does a container die again and again? Read the logs of its last run.",
            total("kube_event_container_backoffs_total", 'cause="crash"'),
            steps=ANY_IS_BAD,
        ),
        number(
            "Replica sets scaled up",
            "Did somebody change something? A roll-out scales its new replica set up, in one step"
            " or in several; so does whoever asks for more replicas, autoscalers included. Switch"
            " on the annotation Roll-outs to see them in every graph.",
            total("kube_event_workload_scalings_total", 'direction="up"'),
        ),
    ]


def _reasons_over_time() -> models.Panel:
    return history(
        "Warnings by reason over time (top 20)",
        "When did which trouble begin and end? A line that starts after a roll-out was made by it;"
        " a line without end is something nobody has mended.",
        Query(EVENTS.bars("reason", where=WARNING, top=20).or_no_events(), "{{reason}}"),
        _CELLS,
    )


def _by_reason() -> models.Panel:
    return bars(
        "Warnings by reason (top 15)",
        "How much of what? Look up an unknown reason in the table below, which names its"
        " component.",
        Query(EVENTS.bars("reason", where=WARNING, top=15).or_no_events(), "{{reason}}"),
    )


def _by_kind() -> models.Panel:
    return bars(
        "Warnings by kind of object",
        "What is hit? Pods alone are their own trouble; their controllers, claims or services say"
        " that something around them fails.",
        Query(EVENTS.bars("kind", where=WARNING, top=15).or_no_events(), "{{kind}}"),
    )


def _table() -> models.Panel:
    first = EVENTS.increase(*_WHAT, where=CHOSEN).top(100)
    return table(
        "All events (top 100)",
        "Which events are there at all, and when was each last seen? Normal ones show what"
        " controllers did between the warnings.",
        Column("occurrences", first.or_no_events()),
        Column("last seen ago", _LAST_SEEN.age(*_WHAT, where=OF_EVENTS).within(first)),
        height=12,
    )


def _by_component() -> models.Panel:
    return bars(
        "Warnings by component (top 15)",
        "Who complains? One kubelet component for all nodes; a controller alone means its own"
        " trouble, or a webhook's.",
        Query(EVENTS.bars("component", where=WARNING, top=15).or_no_events(), "{{component}}"),
    )


def _normal() -> models.Panel:
    normal = EVENTS.bars("reason", where=f'type!="Warning", {CHOSEN}', top=15)
    return bars(
        "Normal events by reason (top 15)",
        "What do controllers do here? A change in this picture before the warnings began is where"
        " to look.",
        Query(normal.or_no_events(), "{{reason}}"),
    )
