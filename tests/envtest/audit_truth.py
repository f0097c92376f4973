# SPDX-License-Identifier: Apache-2.0
"""The truth: what an API server's own log says, all its files together, read with plain ``json``.

Nothing of the exporter's is used here: this is the second way.
"""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any

from tests.chaos.truth import Counts, Labels, labels

Json = dict[str, Any]

REQUESTS = "kube_audit_requests_total"
DENIED = "kube_audit_denied_total"
BEGAN = "kube_audit_long_running_requests_total"
SECONDS = "kube_audit_request_duration_seconds"
OPERATIONS = "kube_audit_sensitive_operations_total"
METRICS = (REQUESTS, DENIED, BEGAN, f"{SECONDS}_bucket", f"{SECONDS}_count", OPERATIONS)
"""What is compared, sample by sample."""
_SESSIONS = ("exec", "attach")
"""Of the operations, which come from rules, those that are compared."""

_ABOUT = ("group", "resource", "subresource", "namespace")
_STRANGERS = ("anonymous", "unauthenticated")
_RESOURCE_VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update")
_VERBS = (*_RESOURCE_VERBS, "watch", "proxy", "head", "post", "put", "options")
_WRITES = ("create", "update", "patch", "delete", "deletecollection")
_LONG = ("exec", "attach", "log", "portforward", "proxy")
_MICROS = (5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000)
_BUCKETS = [(each * 1_000, str(each / 1_000)) for each in _MICROS]
_CLASSES = {
    **dict.fromkeys(("pods", "bindings"), "pods"),
    **dict.fromkeys(("nodes", "events"), None),  # of their own name
    **dict.fromkeys(("configmaps", "secrets"), "configuration"),
    **dict.fromkeys(("services", "endpoints"), "networking"),
    **dict.fromkeys(("persistentvolumes", "persistentvolumeclaims"), "storage"),
    "serviceaccounts": "access",
    "replicationcontrollers": "workloads",
    "podtemplates": "workloads",
}
_GROUPS = {
    **dict.fromkeys(("apps", "batch", "autoscaling"), "workloads"),
    "events.k8s.io": "events",
    "coordination.k8s.io": "leases",
    **dict.fromkeys(("networking.k8s.io", "discovery.k8s.io"), "networking"),
    "storage.k8s.io": "storage",
    **{
        f"{each}.k8s.io": "access"
        for each in ("rbac.authorization", "authentication", "authorization", "certificates")
    },
    "policy": "built_in",
    **{
        f"{each}.k8s.io": "built_in"
        for each in (
            *("admissionregistration", "apiextensions", "apiregistration", "flowcontrol.apiserver"),
            *("internal.apiserver", "node", "resource", "scheduling", "storagemigration"),
        )
    },
}


def files(folder: Path) -> list[Path]:
    """The log and what was rotated; a compressed one with its plain twin beside is unfinished."""
    plain = {path for path in folder.iterdir() if path.suffix == ".log"}
    packed = [p for p in folder.glob("*.gz") if p.with_suffix("") not in plain]
    return [*plain, *packed]


def events(folder: Path) -> list[Json]:
    """All lines of all files, in no order."""
    return list(chain.from_iterable(map(_lines, files(folder))))


def counts(found: Iterable[Json]) -> Counts:
    """Per metric and label set, what these events are."""
    told: dict[str, Counter[Labels]] = {metric: Counter() for metric in METRICS}
    for event in found:
        for metric, label_set in _samples(event):
            told[metric][label_set] += 1
    return told


def believed(told: Counts) -> Counts:
    """What both sides can tell.

    What strangers are refused is ``other`` where nobody else has used the name before. Whether
    somebody has is no property of the request: so it is left out.
    """
    folded: dict[str, Counter[Labels]] = {metric: Counter() for metric in told}
    for metric, found in told.items():
        for label_set, times in found.items():
            if metric != OPERATIONS or dict(label_set).get("operation") in _SESSIONS:
                folded[metric][_believed(label_set)] += times
    return folded


def _believed(label_set: Labels) -> Labels:
    values = dict(label_set)
    refused = "cause" in values or values.get("code", "") >= "400"
    if values.get("user_class") in _STRANGERS and refused and "resource" in values:
        values.update(dict.fromkeys(_ABOUT, "other"))
    return labels(values)


def _lines(path: Path) -> Iterator[Json]:
    data = path.read_bytes()
    text = gzip.decompress(data) if path.suffix == ".gz" else data
    return map(json.loads, text.splitlines())


def _samples(event: Json) -> Iterator[tuple[str, Labels]]:
    stage, name = event["stage"], event["user"].get("username", "")
    if stage == "RequestReceived":
        return
    about = _about(event)
    verb, resource = about["verb"], about["resource"]
    code = event["responseStatus"]["code"]
    namespace = event.get("objectRef", {}).get("namespace", "")
    long = verb == "watch" or about["subresource"] in _LONG
    if stage == "ResponseStarted" and name:
        if long and code < 400:
            yield BEGAN, labels({**about, "namespace": namespace})
            by = {"user_class": about["user_class"], "namespace": namespace}
            yield OPERATIONS, labels({**by, "operation": about["subresource"]})
        return
    yield REQUESTS, labels({**about, "code": str(code)})
    cause = _cause(event, about)
    if cause:
        yield DENIED, labels({**about, "cause": cause, "namespace": namespace})
    if not long:
        by = {"verb": verb, "resource_class": _class_of(about["group"], resource)}
        yield f"{SECONDS}_count", labels(by)
        micros = _micros(event["stageTimestamp"]) - _micros(event["requestReceivedTimestamp"])
        for most, le in [*_BUCKETS, (micros, "inf")]:
            if micros <= most:
                yield f"{SECONDS}_bucket", labels({**by, "le": le})


def _about(event: Json) -> dict[str, str]:
    ref = event.get("objectRef", {})
    return {
        "verb": event["verb"] if event["verb"] in _VERBS else "other",
        "group": ref.get("apiGroup", ""),
        "resource": ref.get("resource", ""),
        "subresource": ref.get("subresource", ""),
        "user_class": "impersonated" if "impersonatedUser" in event else _who(event["user"]),
    }


def _who(user: Json) -> str:
    name = user.get("username", "")
    if name.startswith("system:serviceaccount:"):
        return "system" if name.split(":")[2] == "kube-system" else "service_account"
    if name.startswith("system:node:") and "system:nodes" in user["groups"]:
        return "node"
    if name == "system:anonymous":
        return "anonymous"
    return ("system" if name.startswith("system:") else "user") if name else "unauthenticated"


def _cause(event: Json, about: dict[str, str]) -> str:
    code = event["responseStatus"]["code"]
    decision = event.get("annotations", {}).get("authorization.k8s.io/decision")
    if code == 401 and about["user_class"] == "unauthenticated":
        return "unauthenticated"
    if code != 403:
        return ""
    if decision == "allow":
        connects = about["subresource"] in ("exec", "attach", "portforward")
        return "admission" if connects or about["verb"] in _WRITES else ""
    return "authorizer" if decision == "forbid" else "impersonation"


def _class_of(group: str, resource: str) -> str:
    if not resource:
        return "none"
    if not group:
        return _CLASSES.get(resource, "built_in") or resource
    return _GROUPS.get(group, "custom")


def _micros(time: str) -> int:
    moment = datetime.fromisoformat(time)
    return int(moment.timestamp()) * 1_000_000 + moment.microsecond
