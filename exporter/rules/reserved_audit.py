# SPDX-License-Identifier: Apache-2.0
"""The families of audit events that are there without any rule, and so are no rule's to declare."""

from __future__ import annotations

from collections.abc import Mapping

from exporter.audit.annotations import LEVELS, WEBHOOK_TYPES
from exporter.audit.denials import Denial
from exporter.audit.resources import OTHER, VERBS, ResourceClass
from exporter.audit.users import UserClass
from exporter.metrics.declaration import Declaration, MetricType

COUNTER = MetricType.COUNTER
# Requests last some milliseconds, and a minute at the longest (--request-timeout).
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


def _declare(name: str, help_: str, *labels: str) -> Declaration:
    return Declaration(f"kube_audit_{name}", COUNTER, help_, labels)


_ABOUT = ("verb", "group", "resource", "subresource")

REQUESTS = _declare(
    "requests_total", "Requests that are over, each counted once.", *_ABOUT, "code", "user_class"
)
DURATION = Declaration(
    "kube_audit_request_duration_seconds",
    MetricType.HISTOGRAM,
    "Time from receipt to answer, admission and queueing included; without long-running requests.",
    ("verb", "resource_class"),
    _SECONDS,
)
LONG_RUNNING = _declare(
    "long_running_requests_total",
    "Watches, logs, execs, attaches, port forwards and proxied requests that began.",
    *_ABOUT,
    "user_class",
    "namespace",
)
DENIED = _declare(
    "denied_total",
    "Requests that were refused, by who refused them.",
    "cause",
    *_ABOUT,
    "user_class",
    "namespace",
)
PANICS = _declare("panics_total", "Requests in which the API server panicked.", "resource_class")
DEPRECATED = _declare(
    "deprecated_api_requests_total",
    "Requests for a deprecated API version, by the release that removes it where that is known.",
    "group",
    "version",
    "resource",
    "removed_release",
    "user_class",
)
FAILED_OPEN = _declare(
    "webhook_failed_open_total",
    "Requests let past an admission webhook because it could not be asked.",
    "type",
    "webhook",
)
POLICY_VIOLATIONS = _declare(
    "policy_violations_total",
    "Requests that violate a ValidatingAdmissionPolicy in audit mode.",
    "policy",
    "binding",
    "namespace",
)
POD_SECURITY = _declare(
    "pod_security_violations_total",
    "Requests that violate the Pod Security level that the namespace audits, refused or not.",
    "level",
    "resource",
    "namespace",
)
LAST_RECEIVED = Declaration(
    "kube_audit_last_received_timestamp_seconds",
    MetricType.GAUGE,
    "When audit events last came in, on the exporter's clock.",
    ("region", "source"),
)
USER_REQUESTS = _declare(
    "user_requests_total",
    "Requests that are over, by the name of who asked; with --audit.user-labels only.",
    "user",
    "user_class",
    "verb",
)
USER_LABEL = "user"
"""What ``--audit.user-labels`` adds behind the labels of families with a class of user."""
NAMED = (LONG_RUNNING, DENIED, DEPRECATED)
"""Those to which it adds it, beside those that rules feed."""


def with_user(declaration: Declaration) -> Declaration:
    """The declaration with the user's name, where it has a class of user and no name itself."""
    labels = declaration.labels
    if "user_class" not in labels or USER_LABEL in labels:
        return declaration
    return declaration.labelled((USER_LABEL,))


AUDIT = (
    REQUESTS,
    DURATION,
    LONG_RUNNING,
    DENIED,
    PANICS,
    DEPRECATED,
    FAILED_OPEN,
    POLICY_VIOLATIONS,
    POD_SECURITY,
    LAST_RECEIVED,
    USER_REQUESTS,
)
SOURCES = ("webhook", "log")
"""Where audit events come from."""
_USER_CLASSES = [str(each) for each in UserClass]
_VERBS = [*sorted(VERBS), OTHER]
_RESOURCE_CLASSES = [str(each) for each in ResourceClass]
_OF_ANY_FAMILY: Mapping[str, list[str]] = {
    "verb": _VERBS,
    "user_class": _USER_CLASSES,
    "resource_class": _RESOURCE_CLASSES,
    "cause": [str(each) for each in Denial],
    "type": list(WEBHOOK_TYPES),
    "level": [*LEVELS, OTHER],
    "source": list(SOURCES),
}
CLOSED: Mapping[str, Mapping[str, list[str]]] = {
    declaration.name: {
        label: _OF_ANY_FAMILY[label] for label in declaration.labels if label in _OF_ANY_FAMILY
    }
    for declaration in AUDIT
}
"""By family and label, all values that a label can have."""
