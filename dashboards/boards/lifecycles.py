# SPDX-License-Identifier: Apache-2.0
"""Pairs of events: how long things take from their begin to their end, and which never end."""

from __future__ import annotations

from grafana_foundation_sdk.models import dashboard as models

from dashboards.boards import uids
from dashboards.boards.counting import counting, freshness
from dashboards.kit import variables
from dashboards.kit.board import Board
from dashboards.kit.layout import Row
from dashboards.kit.metrics import Counter, Gauge, Histogram
from dashboards.kit.panels import ANY_IS_BAD, bars, heat, lines, number, ranking
from dashboards.kit.queries import Query, occurrences, quantile_by, quantiles
from dashboards.kit.tables import Column, table

_CHOSEN = 'lifecycle=~"$lifecycle"'
_FAILED = f'outcome=~"failed|aborted", {_CHOSEN}'
_DURATION = Histogram("kube_event_lifecycle_duration_seconds")
_NAME = _DURATION.declaration.name
_OPEN = Gauge("kube_event_lifecycle_open")
_OPENED = Counter("kube_event_lifecycle_opened_total")
_CLOSED = Counter("kube_event_lifecycle_closed_total")
_ABANDONED = Counter("kube_event_lifecycle_abandoned_total")
_UNMATCHED = Counter("kube_event_lifecycle_unmatched_total")
_SKEWED = Counter("kube_event_lifecycle_skewed_total")
_REPEATED = Counter("kube_event_lifecycle_repeated_total")


def board() -> Board:
    """How long things take, how they end, and which do not."""
    return Board(
        uids.LIFECYCLES,
        "Lifecycles",
        "How long do things take from the event that begins them to the one that ends them, how do"
        " they end, and which never do? Lifecycle chooses among them; Namespace is about pods and"
        " image pulls only, as the others have none.",
        [
            Row("Do things end well?", [*_figures()]),
            Row("How long?", [*_durations()]),
            Row("How do they end?", [*_ends()]),
            Row("Can the durations be believed?", [*_doubts()]),
        ],
        [
            variables.namespace(),
            variables.of(
                "lifecycle", _OPEN.declaration.name, "A pair of events, as a rule names it."
            ),
        ],
    )


def _figures() -> list[models.Panel]:
    ended = _CLOSED.increase(where=_CHOSEN)
    return [
        counting(),
        freshness(),
        number(
            "Under way",
            "How many have begun and not ended? What ends untold, as a pod that is deleted while it"
            " waits, stays until it is abandoned.",
            _OPEN.sum(where=_CHOSEN),
        ),
        number(
            "Ended",
            "How many ended in the chosen time, well or not? None, while some are under way, is"
            " something that hangs.",
            ended.or_no_events(),
        ),
        number(
            "Failed",
            "What part ended badly, failed or aborted? How they end is below; empty where nothing"
            " ended.",
            _CLOSED.increase(where=_FAILED).over(ended),
            steps=(("green", None), ("orange", 0.01), ("red", 0.1)),
        ),
        number(
            "Abandoned",
            "Of how many was nothing heard for too long? Many at once are watch failures of the"
            " exporter, or objects deleted before they were done.",
            _ABANDONED.increase(where=_CHOSEN).or_no_events(),
            steps=ANY_IS_BAD,
        ),
    ]


def _durations() -> list[models.Panel]:
    return [
        heat(
            "Durations",
            "How are the durations spread? Choose one lifecycle: several make no sense together.",
            _DURATION.bars(_CHOSEN),
        ),
        lines(
            "Durations, quantiles",
            "Does it take as long as before? Choose one lifecycle; a step up has its cause where"
            " it begins: look for roll-outs and alerts there.",
            *quantiles(_NAME, where=_CHOSEN),
            logarithmic=True,
        ),
        lines(
            "90 % within, by lifecycle and outcome",
            "Which takes longer than it did? A failure that comes late is a time-out.",
            quantile_by(0.9, _NAME, "lifecycle", "outcome", where=_CHOSEN),
            logarithmic=True,
        ),
        lines(
            "90 % of pods and pulls within",
            "How long do the pairs take that have families of their own: a pod's way to its node,"
            " to its start, and to its image? Slow ones have their own boards.",
            *(
                Query(Histogram(name).quantile(0.9), words)
                for name, words in (
                    ("kube_event_pod_scheduling_duration_seconds", "to a node, having waited"),
                    ("kube_event_pod_start_duration_seconds", "to the first container"),
                    ("kube_event_image_pull_duration_seconds", "image pull"),
                )
            ),
            logarithmic=True,
        ),
    ]


def _ends() -> list[models.Panel]:
    first = _OPENED.increase("lifecycle", where=_CHOSEN).above(0)
    return [
        bars(
            "Ended, by lifecycle and outcome",
            "How do they end? failed and aborted want a look; removed and deleted are ends too.",
            occurrences(_CLOSED.declaration.name, "lifecycle", "outcome", where=_CHOSEN, top=20),
        ),
        ranking(
            "Under way now",
            "Of what is much open? Compare with what ends: what only grows does not end.",
            Query(
                _OPEN.sum("lifecycle", where=_CHOSEN).above(0),
                "{{lifecycle}}",
            ),
        ),
        table(
            "What became of them",
            "Does what begins also end? begun and ended are about equal where all is well.",
            Column("begun", first.or_no_events()),
            Column("ended", _CLOSED.increase("lifecycle", where=_CHOSEN).within(first)),
            Column(
                "failed or aborted",
                _CLOSED.increase("lifecycle", where=_FAILED).within(first),
                ANY_IS_BAD,
            ),
            Column("abandoned", _ABANDONED.increase("lifecycle", where=_CHOSEN).within(first)),
            Column("unmatched", _UNMATCHED.increase("lifecycle", where=_CHOSEN).within(first)),
            Column("skewed", _SKEWED.increase("lifecycle", where=_CHOSEN).within(first)),
            Column("begun again", _REPEATED.increase("lifecycle", where=_CHOSEN).within(first)),
        ),
    ]


def _doubts() -> list[models.Panel]:
    return [
        bars(
            "Abandoned, by lifecycle",
            "Which never end? A lifecycle that is always abandoned is ended by no event here: say"
            " so with a rule of your own.",
            occurrences(_ABANDONED.declaration.name, "lifecycle", where=_CHOSEN),
        ),
        bars(
            "Unmatched, by lifecycle",
            "Which ends have no begin that we saw? After a start of the exporter that is normal for"
            " a while.",
            occurrences(_UNMATCHED.declaration.name, "lifecycle", where=_CHOSEN),
        ),
        bars(
            "Skewed, by lifecycle",
            "Do clocks differ? These ends are stamped before their begin and count as 0 seconds;"
            " stamps of whole seconds do it too.",
            occurrences(_SKEWED.declaration.name, "lifecycle", where=_CHOSEN),
        ),
        bars(
            "Begun again, by lifecycle",
            "What begins again before it ended? A retry, or an end that is not told.",
            occurrences(_REPEATED.declaration.name, "lifecycle", where=_CHOSEN),
        ),
    ]
