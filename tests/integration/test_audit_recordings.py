"""Recorded audit events of real clusters, counted twice: by the exporter, and by this file.

The second count reads them with plain ``json``, and knows nothing of records.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from exporter.audit import AuditLog, AuditReader
from exporter.commands.replay_audit import replay_pieces
from tests.recordings.reading import VERSIONS, body, names
from tests.unit.audit.events import of_body

Json = dict[str, Any]
Samples = dict[tuple[str, ...], float]

_LONG = ("exec", "attach", "log", "portforward", "proxy")
each_version = pytest.mark.parametrize("version", VERSIONS)


def log_of(version: str) -> bytes:
    return body(f"{version}/audit/audit.log")


def bodies_of(version: str) -> list[bytes]:
    return [body(name) for name in names(f"{version}/audit/webhook-*.body.gz")]


def logged(version: str) -> list[Json]:
    return [json.loads(line) for line in log_of(version).splitlines()]


def sent(version: str) -> list[Json]:
    return [item for each in bodies_of(version) for item in json.loads(each)["items"]]


def once(events: Iterable[Json]) -> list[Json]:
    """Each event once, by all of what it says."""
    plain = {}
    for event in events:
        bare = {k: v for k, v in event.items() if k not in ("kind", "apiVersion")}
        plain[json.dumps(bare, sort_keys=True)] = event
    return list(plain.values())


def over(events: Iterable[Json]) -> list[Json]:
    """The requests that end with these events."""
    return [
        e
        for e in events
        if e["stage"] in ("ResponseComplete", "Panic")
        or (e["stage"] == "ResponseStarted" and not e["user"].get("username"))
    ]


def who(event: Json) -> str:
    name, groups = event["user"].get("username", ""), event["user"].get("groups", [])
    if "system:nodes" in groups:
        return "node"
    if "system:unauthenticated" in groups:
        return "anonymous"
    if "system:serviceaccounts" in groups:
        is_system = "system:serviceaccounts:kube-system" in groups
        return "system" if is_system else "service_account"
    return ("system" if name.startswith("system:") else "user") if name else "unauthenticated"


def about(event: Json) -> tuple[str, str, str, str]:
    ref = event.get("objectRef", {})
    group, resource = ref.get("apiGroup", ""), ref.get("resource", "")
    return event["verb"], group, resource, ref.get("subresource", "")


def is_long(event: Json) -> bool:
    return event["verb"] == "watch" or event.get("objectRef", {}).get("subresource") in _LONG


def expected_requests(events: Iterable[Json]) -> Samples:
    return Counter((*about(e), str(e["responseStatus"]["code"]), who(e)) for e in over(events))  # type: ignore[return-value]


def expected_denials(events: Iterable[Json]) -> Samples:
    found: Counter[tuple[str, ...]] = Counter()
    for event in over(events):
        status = event["responseStatus"]
        decision = event.get("annotations", {}).get("authorization.k8s.io/decision")
        by_policy = "ValidatingAdmissionPolicy" in status.get("message", "")
        cause = {
            (401, None): "unauthenticated",
            (403, "forbid"): "authorizer",
            (403, "allow"): "admission",
            (403, None): "impersonation",
            (422, "allow"): "admission" if by_policy else None,
        }.get((status["code"], decision))
        if cause:
            namespace = event.get("objectRef", {}).get("namespace", "")
            found[cause, *about(event), who(event), namespace] += 1
    return found  # type: ignore[return-value]


def samples(page: bytes, family: str) -> Samples:
    """Samples above 0 by label values, which are in the order of the page's labels."""
    return {
        tuple(sample.labels.values()): sample.value
        for found in text_string_to_metric_families(page.decode())
        for sample in found.samples
        if sample.name == family and sample.value
    }


def page_of(*pieces: bytes) -> tuple[bytes, int, dict[str, int]]:
    problems: Counter[str] = Counter()
    page, seen = replay_pieces(pieces, problems, series_limit=10_000)
    return page, seen, dict(problems)


@each_version
def test_every_line_and_every_item_is_understood(version: str) -> None:
    """To the last one."""
    reader = AuditReader()
    log = AuditLog(reader)
    assert len(log.feed(log_of(version))) == len(logged(version))
    found = [of_body(reader, each) for each in bodies_of(version)]
    assert sum(len(records or ()) for records in found) == len(sent(version))
    assert not log.end()
    assert set(reader.undecodable.values()) == {0}


@each_version
def test_a_log_gives_the_counts_of_a_second_way(version: str) -> None:
    """Requests, denials, durations, long-running ones, panics, deprecated versions."""
    page, seen, problems = page_of(log_of(version))
    events = logged(version)
    assert (seen, problems) == (len(events), {})
    assert samples(page, "kube_audit_requests_total") == expected_requests(events)
    assert samples(page, "kube_audit_denied_total") == expected_denials(events)
    durations = samples(page, "kube_audit_request_duration_seconds_count")
    assert sum(durations.values()) == len([e for e in over(events) if not is_long(e)])
    began = [
        e
        for e in events
        if e["stage"] == "ResponseStarted" and is_long(e) and e["responseStatus"]["code"] < 400
    ]
    assert began
    assert sum(samples(page, "kube_audit_long_running_requests_total").values()) == len(began)
    panics = [e for e in events if e["stage"] == "Panic"]
    assert sum(samples(page, "kube_audit_panics_total").values()) == len(panics)
    deprecated = Counter(
        (
            e["objectRef"].get("apiGroup", ""),
            e["objectRef"]["apiVersion"],
            e["objectRef"]["resource"],
            e["annotations"].get("k8s.io/removed-release", ""),
            who(e),
        )
        for e in over(events)
        if "k8s.io/deprecated" in e.get("annotations", {})
    )
    assert deprecated
    assert samples(page, "kube_audit_deprecated_api_requests_total") == deprecated


@each_version
def test_bodies_give_the_counts_of_a_second_way(version: str) -> None:
    """One after the other, as a receiver would have stored them."""
    page, seen, problems = page_of(*bodies_of(version))
    events = sent(version)
    assert (seen, problems) == (len(events), {})
    assert samples(page, "kube_audit_requests_total") == expected_requests(events)
    assert samples(page, "kube_audit_denied_total") == expected_denials(events)


@each_version
def test_what_is_in_the_log_and_in_a_body_is_counted_once(version: str) -> None:
    """They overlap in time, as far as they do; then all bodies come a second time."""
    everything = [*logged(version), *sent(version)]
    overlap = len(everything) - len(once(everything))
    assert overlap >= {"kubernetes-1.20.2": 100, "kubernetes-1.36.3": 1}[version]
    page, seen, problems = page_of(log_of(version), *bodies_of(version))
    assert (seen, problems) == (len(everything), {"duplicate": overlap})
    assert samples(page, "kube_audit_requests_total") == expected_requests(once(everything))
    again, _, problems = page_of(log_of(version), *bodies_of(version), *bodies_of(version))
    assert problems == {"duplicate": overlap + len(sent(version))}
    assert again == page


def test_all_kinds_of_stages_are_in_the_recordings() -> None:
    """Without them the counts above would prove little."""
    stages = {e["stage"] for version in VERSIONS for e in logged(version)}
    assert stages == {"ResponseStarted", "ResponseComplete", "Panic"}
    causes = {
        cause
        for version in VERSIONS
        for cause, *_ in expected_denials([*logged(version), *sent(version)])
    }
    assert causes == {"unauthenticated", "authorizer", "admission"}
    codes = {
        e["responseStatus"]["code"]
        for version in VERSIONS
        for e in sent(version)
        if "denied request" in e["responseStatus"].get("message", "")
    }
    assert codes == {422}
