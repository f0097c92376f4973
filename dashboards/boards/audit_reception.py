# SPDX-License-Identifier: Apache-2.0
"""How audit events come in: the same row on the boards Audit and Exporter."""

from __future__ import annotations

from grafana_foundation_sdk.models import dashboard as models

from dashboards.boards.auditing import RECEIVED
from dashboards.boards.own import FULL, REPLICA, counter, gauge
from dashboards.kit.expressions import Expr
from dashboards.kit.panels import bars, lines
from dashboards.kit.queries import Query

_SOURCE = (*REPLICA, "source")
_NAME = "{{instance}} {{source}}"


def reception() -> list[models.Panel]:
    """Of ``--audit.webhook.listen-address`` and ``--audit.log.path``."""
    return [*_time(), *_webhook(), *_log(), *_bounds()]


def _time() -> list[models.Panel]:
    return [
        lines(
            "Since the last audit event, by region and source",
            "Which API servers are silent? A saw up to 30 seconds is a webhook's batches; a line"
            " that rises is an API server that cannot send, a log that nobody writes, or somebody"
            " who switched auditing off. No data: there is no source of audit events.",
            Query(
                RECEIVED.age("cluster", "region", where='source="webhook"'),
                "webhook {{cluster}} {{region}}",
            ),
            Query(
                RECEIVED.age("cluster", "instance", where='source="log"'),
                "log {{cluster}} {{instance}}",
            ),
            bounds=(("green", None), ("red", 300.0)),
        ),
        lines(
            "Lag of audit events",
            "How old are they when they arrive, by both hosts' clocks? A log: no time at all; a"
            " webhook: up to 30 seconds. More is a backlog, batches that are sent again, or clocks"
            " that differ.",
            Query(gauge("audit_lag_seconds").max(*_SOURCE), _NAME),
            bounds=(("green", None), ("red", 120.0)),
        ),
        bars(
            "Audit events: read, repeated, uncounted",
            "How many come in? duplicates came before: batches that are sent again, logs that are"
            " read again. uncounted are stages of requests that another of their stages counts.",
            _optional("audit_records_total", "source", words="read"),
            _optional("audit_duplicates_total", "source", words="duplicates"),
            _optional("audit_uncounted_total", "source", words="uncounted"),
        ),
        bars(
            "Audit events passed over, by cause",
            "What could not be read? legacy: set the API server's log format to json; schema: a"
            " version that is not known here; syntax: something else writes into the log. truncated"
            " is the last line of a server that was killed.",
            _optional("audit_undecodable_total", "source", "cause"),
        ),
    ]


def _webhook() -> list[models.Panel]:
    open_ = gauge("audit_webhook_connections")
    return [
        bars(
            "Batches taken and refused, by cause",
            "Are batches lost? An API server sends a refused one five times within some 80 seconds."
            " too_large and unauthorized want a setting, overloaded and slow want CPU, not_saved a"
            " disk. No data: no webhook listens.",
            Query(counter("audit_webhook_batches_total").bars().or_no_events(open_.sum()), "taken"),
            Query(
                counter("audit_webhook_refused_total").bars("cause").or_no_events(open_.sum()),
                "refused {{cause}}",
            ),
        ),
        lines(
            "Connections of API servers",
            "Are all of them there? One or two each; many are a balancer's checks, or somebody who"
            " tries the address.",
            Query(open_.max(*REPLICA), "{{instance}}"),
        ),
    ]


def _log() -> list[models.Panel]:
    readable = gauge("audit_log_readable")
    return [
        lines(
            "Backlog of the audit log",
            "Does reading keep pace? What only grows wants more CPU, or a policy that writes less."
            " No data: no log is read.",
            Query(gauge("audit_log_backlog_bytes").max(*REPLICA), "{{instance}}"),
        ),
        lines(
            "Position in the audit log",
            "Does it move? Position and size rise together and fall at each rotation. A size that"
            " stands still: nobody writes; a position that does: the log cannot be read.",
            Query(gauge("audit_log_position_bytes").max(*REPLICA), "{{instance}} position"),
            Query(gauge("audit_log_size_bytes").max(*REPLICA), "{{instance}} size"),
        ),
        lines(
            "Audit log readable",
            "Can it be read? 0: its path, or its owner, as an API server makes it with mode 0600.",
            Query(readable.min(*REPLICA), "{{instance}}"),
            most=1,
        ),
        bars(
            "Rotations and gaps of the audit log",
            "Were lines gone before they were read? Rotations are normal. rotated_away: keep more"
            " files; truncated: something cuts the log from outside.",
            Query(
                counter("audit_log_rotations_total").bars().or_no_events(readable.sum()),
                "rotations",
            ),
            Query(
                counter("audit_log_gaps_total").bars("cause").or_no_events(readable.sum()),
                "gap {{cause}}",
            ),
        ),
    ]


def _bounds() -> list[models.Panel]:
    known = gauge("audit_identities").max(*_SOURCE)
    return [
        lines(
            "Audit events remembered, against the limit",
            "Is there room for those of the last minutes? Past 100 % one that is sent again is"
            " counted twice.",
            Query(known.over(gauge("audit_identities_limit").max(*_SOURCE)), _NAME),
            bounds=FULL,
        ),
        bars(
            "Audit events forgotten, and connections refused",
            "Was there no room? Fewer audit events, by the policy of the API server, or more"
            " exporters.",
            _optional("audit_identities_evicted_total", "source", words="forgotten"),
            Query(
                counter("audit_webhook_connections_refused_total")
                .bars()
                .or_no_events(gauge("audit_webhook_connections").sum()),
                "connections",
            ),
        ),
    ]


def _optional(name: str, *by: str, words: str = "") -> Query:
    legend = " ".join(filter(None, (words, *(f"{{{{{label}}}}}" for label in by))))
    return Query(counter(name).bars(*by).or_no_events(_sources()), legend)


def _sources() -> Expr:
    return gauge("audit_identities_limit").sum()
