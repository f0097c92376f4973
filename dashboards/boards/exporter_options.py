# SPDX-License-Identifier: Apache-2.0
"""Rows of the board Exporter about what an option switches on: without it they have no data."""

from __future__ import annotations

from grafana_foundation_sdk.models import dashboard as models

from dashboards.boards.own import FULL, REPLICA, WORDS, counter, gauge
from dashboards.kit.expressions import Expr
from dashboards.kit.panels import YES_OR_NO, bars, lines, number
from dashboards.kit.queries import Query


def checkpoint() -> list[models.Panel]:
    """Of ``--checkpoint.path``."""
    return [
        number(
            "Active",
            "Does what is counted outlive the process? No data: it runs without --checkpoint.path;"
            " no: the file cannot be written.",
            gauge("checkpoint_active").min(),
            steps=YES_OR_NO,
            words=WORDS,
            width=6,
        ),
        number(
            "Restored",
            "Did this process go on from a checkpoint? no is right for the very first start, else"
            " occurrences of the pause before it are not counted.",
            gauge("checkpoint_restored").min(),
            steps=(("orange", None), ("green", 1.0)),
            words=WORDS,
            width=6,
        ),
        number(
            "Last written",
            "How old is the checkpoint? Each scrape writes it: it is as old as the last scrape.",
            gauge("checkpoint_last_commit_timestamp_seconds").age(),
            steps=(("green", None), ("orange", 180.0), ("red", 600.0)),
            decimals=0,
            width=6,
        ),
        number(
            "Size",
            "How large is its file? It follows the ledger and does not grow for ever; leave its"
            " volume room to spare.",
            gauge("checkpoint_size_bytes").max(),
            width=6,
        ),
        bars(
            "Scrapes written and not written",
            "Is every scrape's state on disk? What could not be written is counted again after a"
            " crash.",
            Query(counter("checkpoint_commits_total").bars(), "written"),
            Query(counter("checkpoint_failures_total").bars(), "not written"),
        ),
        lines(
            "Age of the checkpoint",
            "Since when is nothing written? A saw no higher than the scrape interval is right.",
            Query(gauge("checkpoint_last_commit_timestamp_seconds").age(*REPLICA), "{{instance}}"),
        ),
    ]


def replicas() -> list[models.Panel]:
    """Of ``--leader-election``."""
    leading = gauge("leader").sum()
    return [
        lines(
            "Leaders",
            "Does exactly one lead? 0: nobody shows events; look at the Lease's failures. No data:"
            " it runs without --leader-election.",
            Query(gauge("leader").sum("cluster", "job"), "{{cluster}} {{job}}"),
        ),
        lines(
            "Who leads",
            "Which replica is it, and does the lead go back and forth? Each change is a"
            " take-over; see why among the Lease's failures.",
            Query(gauge("leader").max(*REPLICA), "{{instance}}"),
            most=1,
        ),
        bars(
            "Changes of the leader",
            "How often does a replica begin to lead? Roll-outs do it; else nodes, or an API server"
            " that is slow to answer.",
            _optional("leader_transitions_total", "instance", present=leading),
        ),
        bars(
            "Failed requests about the Lease, by cause",
            "Why can it not be renewed? forbidden: apply deploy/rbac-leader-election.yaml;"
            " others: the way to the API server, as for events.",
            _optional("lease_failures_total", "cause", present=leading),
        ),
        lines(
            "Notes of the standbys",
            "What would a standby add if it took over? It falls with each scrape of the leader;"
            " what only grows is a leader that is not scraped.",
            Query(gauge("standby_journal_notes").max(*REPLICA), "{{instance}}"),
        ),
        bars(
            "Lost for a take-over",
            "Would a take-over lose something? notes dropped and series left out had no room.",
            Query(counter("standby_journal_dropped_total").bars(), "notes dropped"),
            Query(counter("handover_left_out_total").bars(), "series left out"),
        ),
    ]


def workloads() -> list[models.Panel]:
    """Of ``--workload.labels``."""
    objects = gauge("workload_objects").max("scope", "kind")
    followed = gauge("workload_synced").sum()
    return [
        lines(
            "Kinds synced and allowed",
            "Are the owners known? No data: it runs without --workload.labels. 0: rights of"
            " deploy/rbac-workloads.yaml are missing, or the first list is not complete.",
            Query(gauge("workload_synced").min("scope", "kind"), "{{kind}} {{scope}} synced"),
            Query(
                gauge("workload_watch_allowed").min("scope", "kind"), "{{kind}} {{scope}} allowed"
            ),
            most=1,
        ),
        lines(
            "Objects against their limit",
            "Is there room for all owners? At 100 % some are forgotten, and their events are"
            " counted without a workload.",
            Query(
                objects.over(gauge("workload_objects_limit").max("scope", "kind")),
                "{{kind}} {{scope}}",
            ),
            bounds=FULL,
        ),
        bars(
            "Look-ups without an owner, and objects forgotten",
            "Whose events are counted without a workload? Some are normal: pods that are gone.",
            Query(counter("workload_misses_total").bars("kind"), "not known {{kind}}"),
            Query(counter("workload_objects_evicted_total").bars("kind"), "forgotten {{kind}}"),
        ),
        bars(
            "Failed requests about owners, by kind and cause",
            "What stands between us and the owners? forbidden: apply deploy/rbac-workloads.yaml.",
            _optional("workload_watch_failures_total", "kind", "cause", present=followed),
        ),
    ]


def _optional(name: str, *by: str, present: Expr) -> Query:
    legend = " ".join(f"{{{{{label}}}}}" for label in by)
    return Query(counter(name).bars(*by).or_no_events(present), legend)
