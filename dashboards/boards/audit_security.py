# SPDX-License-Identifier: Apache-2.0
"""Who did what that somebody should know of, and who was refused."""

from __future__ import annotations

from grafana_foundation_sdk.models import dashboard as models

from dashboards.boards import uids
from dashboards.boards.auditing import (
    DENIED,
    LONG_RUNNING,
    RECEIVED,
    REQUESTS,
    SENSITIVE,
    audited,
    counting,
    total,
)
from dashboards.kit import variables
from dashboards.kit.board import Board
from dashboards.kit.layout import Row
from dashboards.kit.links import to_board
from dashboards.kit.metrics import Counter
from dashboards.kit.panels import ANY_IS_BAD, bars, history, number
from dashboards.kit.queries import Query
from dashboards.kit.tables import Column, table

_OPERATIONS = Counter(SENSITIVE)
_DENIALS = Counter(DENIED)
_WHAT = ("operation", "user_class", "namespace")
_REFUSED = ("cause", "user_class", "verb", "group", "resource", "namespace")
_SESSIONS = 'subresource=~"exec|attach|portforward|proxy"'
_RED = (("green", None), ("red", 1.0))
_TO_NAMESPACE = to_board(uids.NAMESPACE, "What happened in this namespace?", ["namespace"])


def board() -> Board:
    """Sensitive operations, sessions and denials."""
    return Board(
        uids.AUDIT_SECURITY,
        "Audit security",
        "Who did what that somebody should know of, and who was refused? Names of users are no"
        " labels, unless the exporter runs with --audit.user-labels: the audit log has them, and so"
        " have exemplars; each alert's runbook has the command that finds them.",
        [
            Row("Is there something to look at?", [*_figures()]),
            Row("Sensitive operations", [*_operations()]),
            Row("Denials", [*_denials()]),
            Row("Sessions and strangers", [*_sessions()]),
        ],
        [variables.namespace()],
    )


def _figures() -> list[models.Panel]:
    takes_over = 'operation=~"cluster_admin_binding|privileged_impersonation|role_escalation"'
    return [
        counting(),
        number(
            "Let in without credentials",
            "Does the API server answer anybody? Requests of nobody in particular that were let"
            " through, health checks and the version apart: find the binding and delete it.",
            total(SENSITIVE, 'operation="anonymous_access"'),
            steps=_RED,
        ),
        number(
            "Steps to more rights",
            "Did somebody make himself more than he was? Bindings of cluster-admin, roles that lead"
            " to more, and acting as an administrator or a node: each should have a reason.",
            total(SENSITIVE, takes_over),
            steps=_RED,
        ),
        number(
            "Secrets of all namespaces",
            "Did somebody read all secrets at once? Operators of secrets and certificates do, as"
            " service accounts; people should not.",
            total(SENSITIVE, 'operation="secret_list_all", user_class=~"user|impersonated"'),
            steps=ANY_IS_BAD,
        ),
        number(
            "Sessions begun",
            "Does somebody work in pods by hand? Exec, attach, port forward and proxied requests;"
            " by namespace below.",
            total(LONG_RUNNING, _SESSIONS),
        ),
        number(
            "Refused",
            "Are many requests refused? By cause below; some are daily life.",
            total(DENIED),
        ),
    ]


def _operations() -> list[models.Panel]:
    now = _OPERATIONS.increase(*_WHAT, over="1h")
    before = _OPERATIONS.increase(*_WHAT, over="24h offset 1h")
    latest = _OPERATIONS.increase(*_WHAT, over="15m").above(0).top(50)
    new = now.above(0).without(before.above(0))
    return [
        history(
            "Sensitive operations over time",
            "When did what happen? A line that is new, or stands alone at night, is the one to ask"
            " about; one that never ends is a program.",
            Query(
                _OPERATIONS.bars("operation").or_no_events(RECEIVED.sum()),
                "{{operation}}",
            ),
            (("green", None), ("yellow", 1.0), ("orange", 10.0), ("red", 100.0)),
        ),
        table(
            "Newest: the last 15 minutes (top 50)",
            "What was done just now, where, by which class of user? The runbooks have the command"
            " that names user and object.",
            Column("operations", latest.or_no_events(RECEIVED.sum())),
            links={"namespace": _TO_NAMESPACE},
            width=12,
        ),
        table(
            "New in the last hour",
            "What was done that had not been done in this place in the 24 hours before? Where"
            " Prometheus has less than 25 hours of data everything is new.",
            Column("operations", new.or_no_events(RECEIVED.sum())),
            links={"namespace": _TO_NAMESPACE},
            width=12,
        ),
        bars(
            "Sensitive operations, by namespace (top 15)",
            "Where? An empty name stands for objects of the cluster: roles, nodes, volumes,"
            " webhooks.",
            audited(SENSITIVE, "namespace", top=15, legend="namespace {{namespace}}"),
        ),
        bars(
            "Sensitive operations, by class of user",
            "By whom? user is people, and robots with a name of their own; service_account your"
            " programs; impersonated those who act as another.",
            audited(SENSITIVE, "user_class"),
        ),
        table(
            "All of the chosen time (top 100)",
            "What has been done, in which namespace, by which class of user? Filter by a column.",
            Column(
                "operations",
                _OPERATIONS.increase(*_WHAT).top(100).or_no_events(RECEIVED.sum()),
            ),
            links={"namespace": _TO_NAMESPACE},
        ),
    ]


def _denials() -> list[models.Panel]:
    return [
        bars(
            "Refused, by cause",
            "Who says no? unauthenticated: bad or no credentials; authorizer: a role is missing;"
            " admission: quotas, Pod Security, policies, webhooks; impersonation: somebody may not"
            " act as another.",
            audited(DENIED, "cause"),
        ),
        bars(
            "Refused, by class of user",
            "Who is refused? node and service_account are programs that lack a role, or a stolen"
            " token that is tried out; anonymous and unauthenticated are strangers or expired"
            " tokens.",
            audited(DENIED, "user_class"),
        ),
        bars(
            "Refused, by resource (top 15)",
            "What do they want? secrets and roles by somebody who never asked for them are worth a"
            " question.",
            audited(DENIED, "verb", "group", "resource", top=15),
        ),
        bars(
            "Refused, by namespace (top 15)",
            "Where? One namespace is a team's role or quota; all are somebody who looks around.",
            audited(DENIED, "namespace", top=15, legend="namespace {{namespace}}"),
        ),
        table(
            "What was refused (top 50)",
            "Which role is missing? One row that grows is a program that keeps asking; many rows of"
            " one class within minutes are a search. Click a namespace for what happened there.",
            Column(
                "requests",
                _DENIALS.increase(*_REFUSED).top(50).or_no_events(RECEIVED.sum()),
            ),
            links={"namespace": _TO_NAMESPACE},
        ),
    ]


def _sessions() -> list[models.Panel]:
    return [
        bars(
            "Sessions begun, by kind and class",
            "Who works in pods by hand? Told when a session begins, whatever comes of it. One"
            " kubectl exec can be two requests.",
            audited(LONG_RUNNING, "subresource", "user_class", where=_SESSIONS),
        ),
        bars(
            "Sessions begun, by namespace (top 15)",
            "In whose pods? In kube-system and in production somebody should know why.",
            audited(
                LONG_RUNNING,
                "namespace",
                where=_SESSIONS,
                top=15,
                legend="namespace {{namespace}}",
            ),
        ),
        bars(
            "Requests of strangers, by code",
            "Does anybody try to get in? 401 and 403 were refused; 200 are health checks and the"
            " version, or a binding that lets anybody in.",
            audited(
                REQUESTS,
                "user_class",
                "code",
                where='user_class=~"anonymous|unauthenticated"',
            ),
        ),
        bars(
            "Requests made as somebody else, by resource (top 15)",
            "What do impersonators do? Front ends that pass on who their user is do all in this"
            " way.",
            audited(REQUESTS, "verb", "resource", where='user_class="impersonated"', top=15),
        ),
    ]
