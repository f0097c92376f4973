# SPDX-License-Identifier: Apache-2.0
"""The API server as its audit events tell it: who asks for what, how fast, and what fails."""

from __future__ import annotations

from grafana_foundation_sdk.models import dashboard as models

from dashboards.boards import uids
from dashboards.boards.audit_reception import reception
from dashboards.boards.auditing import (
    DENIED,
    LONG_RUNNING,
    RECEIVED,
    REQUESTS,
    audited,
    counting,
    freshness,
    total,
)
from dashboards.kit import variables
from dashboards.kit.board import Board
from dashboards.kit.layout import Row
from dashboards.kit.metrics import Counter, Histogram
from dashboards.kit.panels import ANY_IS_BAD, bars, heat, lines, number
from dashboards.kit.queries import quantile_by, quantiles
from dashboards.kit.tables import Column, table

_DURATION = "kube_audit_request_duration_seconds"
_DEPRECATED = "kube_audit_deprecated_api_requests_total"
_FAILED = 'code=~"5.."'
_WHAT = ("user_class", "verb", "group", "resource")


def board() -> Board:
    """Who asks the API server for what, and how it does."""
    return Board(
        uids.AUDIT,
        "Audit",
        "Who asks the API server for what, how long does it take, what fails, and what will fail"
        " after an upgrade? From audit events, of requests that are over. What is sensitive or"
        " denied has the board Audit security.",
        [
            Row("How does the API server do?", [*_figures()]),
            Row("Who asks for what?", [*_requests()]),
            Row("How long does it take?", [*_durations()]),
            Row("What fails?", [*_failures()]),
            Row("Deprecated APIs: before an upgrade", [*_deprecated()]),
            Row("Admission: what got past, and what would not", [*_admission()]),
            Row("Reception: do audit events come in?", [*reception()]),
        ],
        [variables.namespace()],
    )


def _figures() -> list[models.Panel]:
    requests = Counter(REQUESTS)
    return [
        counting(),
        freshness(),
        number(
            "Requests",
            "How much is asked, each second, over the last five minutes? Only what the audit policy"
            " lets through: most leave out leases and the reads of nodes.",
            requests.rate(over="5m").or_no_events(RECEIVED.sum()),
            decimals=1,
        ),
        number(
            "Server errors",
            "Does the API server fail? Answers of 500 and above in the chosen time; by code and"
            " resource below.",
            total(REQUESTS, _FAILED),
            steps=ANY_IS_BAD,
        ),
        number(
            "Panics",
            "Did its code panic? Each is a bug: the runbook of KubeAuditPanic finds the request.",
            total("kube_audit_panics_total"),
            steps=(("green", None), ("red", 1.0)),
        ),
        number(
            "Slowest of a hundred",
            "Is it slow? What 99 of 100 requests did not exceed in the last ten minutes, without"
            " watches and other long-running ones. Over a second: see by verb below.",
            Histogram(_DURATION).quantile(0.99, over="10m"),
            steps=(("green", None), ("orange", 1.0), ("red", 5.0)),
            decimals=2,
        ),
    ]


def _requests() -> list[models.Panel]:
    first = Counter(REQUESTS).increase(*_WHAT).top(25)
    failed = Counter(REQUESTS).increase(*_WHAT, where='code=~"[45].."')
    return [
        bars(
            "Requests, by class of user",
            "Who works the API server? node: kubelets; system: control plane and kube-system;"
            " service_account: your programs; user: people and robots; impersonated: somebody who"
            " acts as another.",
            audited(REQUESTS, "user_class"),
        ),
        bars(
            "Requests, by verb",
            "What is done? Many list and few watch are clients that poll.",
            audited(REQUESTS, "verb"),
        ),
        bars(
            "Requests, by code (top 15)",
            "How are they answered? 404 and 409 are daily life; 403 and 401 are on Audit security;"
            " 429 and 5xx are below.",
            audited(REQUESTS, "code", top=15),
        ),
        bars(
            "Requests, by resource (top 15)",
            "What is it all about? One resource that grows is one client: the table tells its"
            " class and verb.",
            audited(REQUESTS, "group", "resource", top=15),
        ),
        table(
            "Who asks most (top 25)",
            "Which clients cost most? Of a class that lists a resource all the time the audit log"
            " names user and user agent. failed are answers of 400 and above.",
            Column("requests", first.or_no_events(RECEIVED.sum())),
            Column("failed", failed.within(first)),
        ),
        bars(
            "Long-running requests that began, by what",
            "How often do clients start to watch, follow logs or open sessions? Watches that begin"
            " over and over are clients that lose them, or were restarted.",
            audited(LONG_RUNNING, "verb", "subresource"),
        ),
        bars(
            "Long-running requests that began, by resource (top 15)",
            "Which resources are watched anew? All at once is a restart of the API server.",
            audited(LONG_RUNNING, "group", "resource", top=15),
        ),
    ]


def _durations() -> list[models.Panel]:
    return [
        lines(
            "Durations, quantiles",
            "How long do requests take, admission and queueing included? Tens of milliseconds are"
            " normal. If all quantiles rise, it lacks CPU or waits for etcd.",
            *quantiles(_DURATION),
            logarithmic=True,
        ),
        heat(
            "Durations",
            "Are there two kinds of requests? A second band higher up is one resource, one webhook"
            " or large lists.",
            Histogram(_DURATION).bars(),
        ),
        lines(
            "99 % within, by verb",
            "Which verb is slow? list: answers that are too large; create, update and patch:"
            " webhooks; all: etcd or CPU.",
            quantile_by(0.99, _DURATION, "verb"),
            logarithmic=True,
        ),
        lines(
            "99 % within, by class of resource",
            "What is slow? One class points at its webhook or controller; custom at conversion"
            " webhooks; the audit log has the layer of each request over half a second.",
            quantile_by(0.99, _DURATION, "resource_class"),
            logarithmic=True,
        ),
    ]


def _failures() -> list[models.Panel]:
    writes = 'code=~"500|504", verb=~"create|update|patch|delete|deletecollection"'
    return [
        bars(
            "Server errors, by code and resource (top 15)",
            "What fails within the API server? 503 is an API that does not answer, most often an"
            " aggregated one; 504 of list a client that asks for a version of the future.",
            audited(REQUESTS, "code", "group", "resource", where=_FAILED, top=15),
        ),
        bars(
            "Writes answered 500 or 504, by resource",
            "Does an admission webhook keep objects from being written? It is by far the most"
            " frequent cause; the message in the audit log names it.",
            audited(REQUESTS, "group", "resource", where=writes),
        ),
        bars(
            "Turned away (429), by class of user",
            "Who asks too much? Requests that API Priority and Fairness had no room for. Evictions"
            " are a disruption budget's doing, and only delay a drain.",
            audited(
                REQUESTS,
                "user_class",
                where='code="429", subresource!="eviction"',
                legend="too many {{user_class}}",
            ),
            audited(
                REQUESTS,
                "user_class",
                where='code="429", subresource="eviction"',
                legend="eviction {{user_class}}",
            ),
        ),
        bars(
            "Conflicts (409), by resource (top 15)",
            "Do writers get in each other's way? Some are normal; many of one resource are two"
            " controllers at one field.",
            audited(REQUESTS, "group", "resource", where='code="409"', top=15),
        ),
        bars(
            "Panics, by class of resource",
            "About what does the API server panic? Find the request by the runbook, and the issue"
            " by its trace.",
            audited("kube_audit_panics_total", "resource_class"),
            width=24,
        ),
    ]


def _deprecated() -> list[models.Panel]:
    labels = ("removed_release", "group", "version", "resource", "user_class")
    known = 'removed_release!=""'
    return [
        table(
            "Deprecated APIs in use (top 50)",
            "What breaks with the next upgrade? Sort by the release: everything up to the"
            " release you go to must be gone from here. system are controllers that touch every"
            " version. An empty release is not known, and so not near.",
            Column(
                "requests",
                Counter(_DEPRECATED).increase(*labels).top(50).or_no_events(RECEIVED.sum()),
            ),
            width=12,
        ),
        bars(
            "Requests for deprecated APIs, by the release that removes them",
            "Do they become fewer? Without those whose release is not known.",
            audited(_DEPRECATED, "removed_release", "resource", where=known),
            height=9,
        ),
    ]


def _admission() -> list[models.Panel]:
    return [
        bars(
            "Webhooks that failed open",
            "Is admission control off? Requests that were let past a webhook that could not be"
            " asked: repair it, then look at what was created meanwhile.",
            audited("kube_audit_webhook_failed_open_total", "type", "webhook"),
        ),
        bars(
            "Refused by admission, by namespace (top 15)",
            "Whose objects are refused by quotas, Pod Security, policies or webhooks? The message"
            " is in the audit log, of controllers' pods in the events.",
            audited(DENIED, "namespace", where='cause="admission"', top=15),
        ),
        bars(
            "Violations of policies in audit mode, by policy (top 15)",
            "What would be refused if these policies denied? Mend it before you let them.",
            audited("kube_audit_policy_violations_total", "policy", "namespace", top=15),
        ),
        bars(
            "Violations of Pod Security in audit mode, by namespace (top 15)",
            "Which namespaces are not ready for the level that they audit? Mend the templates"
            " before you enforce it.",
            audited("kube_audit_pod_security_violations_total", "level", "namespace", top=15),
        ),
    ]
