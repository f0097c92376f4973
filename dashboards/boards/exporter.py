# SPDX-License-Identifier: Apache-2.0
"""The exporter itself: does it see every event, keep within its bounds, and what does it cost?"""

from __future__ import annotations

from grafana_foundation_sdk.models import dashboard as models

from dashboards.boards import uids
from dashboards.boards.audit_reception import reception
from dashboards.boards.counting import counting
from dashboards.boards.exporter_options import checkpoint, replicas, workloads
from dashboards.boards.own import FULL, PREFIX, REPLICA, WORDS, counter, gauge
from dashboards.kit.board import Board
from dashboards.kit.layout import Row
from dashboards.kit.metrics import Counter, Gauge
from dashboards.kit.panels import ANY_IS_BAD, YES_OR_NO, bars, lines, number
from dashboards.kit.queries import Query, occurrences
from dashboards.kit.tables import Column, table

_SCOPE = (*REPLICA, "scope")
_NAME = "{{instance}} {{scope}}"


def board() -> Board:
    """Whether the exporter can be believed."""
    return Board(
        uids.EXPORTER,
        "Exporter",
        "Does the exporter see every event, does it keep within its bounds, and what does it cost?"
        " Open this board when another one is empty or strange. Bars add up what all"
        " replicas did.",
        [
            Row("Does it count?", [*_figures()]),
            Row("Watching the API server", [*_watching()]),
            Row("Bounds: is anything left out?", [*_bounds()]),
            Row("Checkpoint: does it survive a restart?", [*checkpoint()]),
            Row("Replicas: who leads?", [*replicas()], collapsed=True),
            Row("Owners of pods: workload labels", [*workloads()], collapsed=True),
            Row("Audit events: reception", [*reception()], collapsed=True),
            Row("Scrapes and resources", [*_resources()]),
        ],
    )


def _figures() -> list[models.Panel]:
    failures = counter("checkpoint_failures_total").increase()
    return [
        counting(),
        number(
            "Targets up",
            "Can Prometheus scrape the exporters? Less than 1: its log and the target's page say"
            " why. No data: none was scraped in the chosen time; look at the scrape configuration.",
            Gauge("up").min(),
            steps=YES_OR_NO,
            words={"0": "not all", "1": "all"},
        ),
        number(
            "Allowed",
            "May the exporter list and watch events? No: the rights of deploy/rbac.yaml are"
            " missing; kube-event-metrics check names them.",
            gauge("watch_allowed").min(),
            steps=YES_OR_NO,
            words=WORDS,
        ),
        number(
            "Last bytes",
            "How long ago did anything come from the API server? A quiet watch says nothing for"
            " minutes; the exporter asks anew by itself.",
            gauge("last_received_timestamp_seconds").age(),
            steps=(("green", None), ("orange", 600.0), ("red", 1800.0)),
            decimals=0,
        ),
        number(
            "Not readable",
            "Was anything passed over? Frames and objects that could not be read, and so were not"
            " counted; by cause below.",
            counter("undecodable_total").increase(),
            steps=ANY_IS_BAD,
        ),
        number(
            "Checkpoint failures",
            "Would a restart lose occurrences now? Scrapes whose state could not be written: look"
            " at the disk. No data: it runs without a checkpoint.",
            failures,
            steps=ANY_IS_BAD,
        ),
    ]


def _watching() -> list[models.Panel]:
    return [
        lines(
            "Synced and connected",
            "Is each scope listed and watched? A drop is a reconnect: nothing is lost, what was"
            " missed is found by the next list.",
            Query(gauge("synced").min(*_SCOPE), f"{_NAME} synced"),
            Query(gauge("watch_connected").min(*_SCOPE), f"{_NAME} connected"),
            most=1,
        ),
        lines(
            "Lag of the watch",
            "How old are occurrences when they arrive? Seconds are normal, as stamps are whole"
            " seconds and reporters hold repeats back; a steady rise is a slow API server or"
            " exporter.",
            Query(gauge("watch_lag_seconds").max(*_SCOPE), _NAME),
        ),
        lines(
            "Since the last bytes and the last list",
            "Does the API server still talk to us? Bytes older than some minutes are a quiet"
            " cluster or a dead connection, which the exporter gives up by itself. The last list"
            " may be days old: it is repeated when needed only.",
            Query(gauge("last_received_timestamp_seconds").age(*_SCOPE), f"{_NAME} bytes"),
            Query(gauge("last_sync_timestamp_seconds").age(*_SCOPE), f"{_NAME} list"),
        ),
        bars(
            "Frames, by type",
            "How much comes in? LISTED is a list, ERROR the API server's way to end a watch. A"
            " burst of ADDED is trouble in the cluster: see Overview.",
            occurrences(f"{PREFIX}frames_total", "type"),
        ),
        bars(
            "Relists, by cause",
            "Why was everything listed again? expired and quiet are normal; watch_failing has its"
            " cause beside it.",
            occurrences(f"{PREFIX}relists_total", "cause"),
        ),
        bars(
            "Failed requests and streams, by cause",
            "What stands between us and the API server? forbidden and unauthorized: the rights;"
            " dns, refused, tls: the way; throttled: its flow control.",
            occurrences(f"{PREFIX}watch_failures_total", "cause"),
        ),
        bars(
            "Missed, then found",
            "How much did a broken watch hide until the next list? These occurrences are counted,"
            " only late.",
            occurrences(f"{PREFIX}missed_occurrences_total", "instance", "scope"),
        ),
        bars(
            "Not readable, by cause",
            "What was passed over? unknown_type and schema point at a newer API server; overlong at"
            " an event of enormous size.",
            occurrences(f"{PREFIX}undecodable_total", "cause"),
        ),
    ]


def _bounds() -> list[models.Panel]:
    families = gauge("series").max("family")
    return [
        lines(
            "Ledger against its limit",
            "Is there room for all live events? At 100 % some are forgotten, and can count again"
            " when they return. Is there a storm of events? Overview says of what.",
            Query(
                gauge("ledger_events").max(*_SCOPE).over(gauge("ledger_limit").max(*_SCOPE)),
                _NAME,
            ),
            bounds=FULL,
        ),
        lines(
            "Label values against their limits",
            "Which label fills up? At 100 % new values are shown as __overflow__; find who makes"
            " so many, namespaces or reasons with ids in them, before series run out too.",
            Query(
                gauge("label_values").max("label").over(gauge("label_values_limit").max("label")),
                "{{label}}",
            ),
            bounds=FULL,
        ),
        lines(
            "Fullest family against the limit",
            "Is one family about to overflow? Past 100 % new label sets share one series. The"
            " table below names it; --series.limit raises the limit.",
            Query(
                families.greatest().over(gauge("series_limit").max()),
                "fullest family",
            ),
            bounds=FULL,
        ),
        bars(
            "Overflow and eviction",
            "Was anything left out of its own series? series: look-ups that fell into the overflow"
            " series; label: values beyond their limit; ledger: events forgotten.",
            *(
                Query(counter(name).bars(label).or_no_events(), f"{words} {{{{{label}}}}}")
                for name, label, words in (
                    ("series_overflow_total", "family", "series"),
                    ("label_overflow_total", "label", "label"),
                    ("ledger_evicted_total", "scope", "ledger"),
                )
            ),
        ),
        table(
            "Families (top 30)",
            "Which family has most series, and which overflowed or lost idle ones? Much expiry and"
            " return is a --series.ttl that is too short.",
            Column("series", families.top(30)),
            Column(
                "overflowed",
                counter("series_overflow_total").increase("family").within(families.top(30)),
                ANY_IS_BAD,
            ),
            Column(
                "expired",
                counter("series_expired_total").increase("family").within(families.top(30)),
            ),
        ),
    ]


def _resources() -> list[models.Panel]:
    return [
        lines(
            "Scrapers that are remembered",
            "How many Prometheus servers, or agents, read from it? More than there are: something"
            " between changes their addresses, and first occurrences can be lost.",
            Query(gauge("scrapers").max(*REPLICA), "{{instance}}"),
        ),
        lines(
            "Time of a scrape",
            "Does a page come well within the scrape timeout? It follows the number of series that"
            " changed.",
            Query(Gauge("scrape_duration_seconds").max(*REPLICA), "{{instance}}"),
        ),
        lines(
            "Samples of a scrape",
            "How large is the page? A sample_limit below it makes the scrape fail: raise it, or"
            " lower --series.limit.",
            Query(Gauge("scrape_samples_scraped").max(*REPLICA), "{{instance}}"),
        ),
        lines(
            "Memory",
            "Does it keep within its limit? It follows live events and series, and levels off.",
            Query(Gauge("process_resident_memory_bytes").max(*REPLICA), "{{instance}}"),
        ),
        lines(
            "CPU",
            "What does it cost, in parts of one core? It follows the events that come in; near"
            " 100 % it falls behind, and the lag grows.",
            Query(Counter("process_cpu_seconds_total").rate(*REPLICA), "{{instance}}"),
        ),
        lines(
            "File descriptors against their limit",
            "Do connections pile up? Past the limit scrapes fail; look for clients that do not"
            " read their page.",
            Query(
                Gauge("process_open_fds")
                .max(*REPLICA)
                .over(Gauge("process_max_fds").max(*REPLICA)),
                "{{instance}}",
            ),
            bounds=FULL,
        ),
        table(
            "What runs",
            "Which versions are there? Replicas of one job have the same, but for the time of a"
            " roll-out.",
            Column("replicas", gauge("build_info").sum("job", "version", "python", "build")),
            height=5,
        ),
    ]
