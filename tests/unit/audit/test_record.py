"""What a record says of its request."""

from __future__ import annotations

import tracemalloc
from typing import Any

import pytest

from exporter.audit.record import microseconds
from tests.unit.audit.events import RECEIVED, event, failure, record

WATCH: dict[str, Any] = {"verb": "watch", "requestURI": "/api/v1/pods?watch=1"}


def about(**fields: str) -> dict[str, Any]:
    return {"objectRef": {**event()["objectRef"], **fields}}


def test_every_field_is_where_it_belongs() -> None:
    """Group and subresource are absent for most, and told apart."""
    found = record(
        requestURI="/apis/apps/v1/namespaces/shop/deployments/web/scale?dryRun=All",
        verb="update",
        objectRef={
            "resource": "deployments",
            "namespace": "shop",
            "name": "web",
            "apiGroup": "apps",
            "apiVersion": "v1",
            "subresource": "scale",
        },
        responseStatus=failure(409, "modified"),
        impersonatedUser={"username": "bob"},
    )
    assert (found.audit_id, found.stage) == (event()["auditID"], "ResponseComplete")
    assert (found.group, found.version, found.resource) == ("apps", "v1", "deployments")
    assert (found.subresource, found.namespace, found.name) == ("scale", "shop", "web")
    assert (found.verb, found.code, found.message) == ("update", 409, "modified")
    assert (found.user, found.user_class, found.decision) == ("ann", "user", "allow")
    assert (found.impersonated, found.impersonated_user, found.dry_run) == (True, "bob", True)
    assert (found.received, found.staged) == (RECEIVED, event()["stageTimestamp"])
    assert found.notes is None


@pytest.mark.parametrize(
    ("fields", "ends", "begins"),
    [
        ({"stage": "RequestReceived", "responseStatus": None, "annotations": None}, False, False),
        ({"stage": "ResponseComplete"}, True, False),
        ({"stage": "Panic", "responseStatus": failure(500)}, True, False),
        ({"stage": "ResponseStarted"}, False, False),
        ({"stage": "ResponseStarted", **WATCH, "responseStatus": {"code": 200}}, False, True),
        ({"stage": "ResponseStarted", **WATCH, "responseStatus": failure(422)}, False, False),
        ({"stage": "ResponseStarted", "user": {}, "responseStatus": failure(401)}, True, False),
        (
            {"stage": "ResponseStarted", "user": {}, **WATCH, "responseStatus": failure(401)},
            True,
            False,
        ),
        ({"stage": "ResponseStarted", "user": {}, "responseStatus": failure(400)}, True, False),
        (
            {"stage": "ResponseStarted", "user": {}, **WATCH, "responseStatus": {"code": 200}},
            True,
            False,
        ),
        # A pod behind `proxy` that wants credentials of its own, a denied impersonation.
        ({"stage": "ResponseStarted", "responseStatus": failure(401)}, False, False),
        (
            {
                "stage": "ResponseStarted",
                **WATCH,
                "annotations": None,
                "responseStatus": failure(403),
            },
            False,
            False,
        ),
        ({"stage": "Future"}, False, False),
    ],
)
def test_a_request_ends_once(fields: dict[str, Any], ends: bool, begins: bool) -> None:
    """Who is refused before it is known who asks has ResponseStarted and nothing else."""
    found = record(**fields)
    assert (found.ends, found.begins) == (ends, begins)


@pytest.mark.parametrize("subresource", ["attach", "exec", "log", "portforward", "proxy"])
@pytest.mark.parametrize("verb", ["get", "create"])
def test_connections_are_long_running(verb: str, subresource: str) -> None:
    """Whichever verb: kubectl asks with GET first, and with POST where that fails."""
    assert record(verb=verb, **about(subresource=subresource)).long_running


def test_other_subresources_are_not_long_running() -> None:
    """Eviction, status and the like are answered at once."""
    assert not record(**about(subresource="eviction")).long_running
    assert record(**WATCH).long_running


@pytest.mark.parametrize("verb", ["", "brew", "GET", None])
def test_a_verb_that_a_client_invents_is_other(verb: str | None) -> None:
    """As of OPTIONS on a resource, which has none."""
    assert record(verb=verb).verb == "other"


@pytest.mark.parametrize(
    ("received", "staged", "seconds"),
    [
        ("2026-11-22T11:35:18.727221Z", "2026-11-22T11:35:18.742136Z", 0.014915),
        ("2026-11-22T11:35:18.900000Z", "2026-11-22T11:36:19.000001Z", 60.100001),
        ("2026-11-22T11:35:18Z", "2026-11-22T11:35:20.5Z", 2.5),
        ("2026-11-22T12:35:18+01:00", "2026-11-22T11:35:19Z", 1.0),
        ("2026-11-22T11:35:18.5Z", "2026-11-22T11:35:18.2Z", 0.0),
        ("2026-11-22T11:35:18.500000Z", "2026-11-22T11:35:18.200000Z", 0.0),
        ("", "2026-11-22T11:35:18.2Z", None),
        ("0001-01-01T00:00:00Z", "2026-11-22T11:35:18.2Z", None),
        ("2026-11-22T11:35:18.+12345Z", "2026-11-22T11:35:18.+12346Z", None),
        ("2026-11-22T11:35:18.72722\u00b2Z", "2026-11-22T11:35:18.72722\u00b2Z", None),
        ("never", "never", None),
    ],
)
def test_duration(received: str, staged: str, seconds: float | None) -> None:
    """Of both times where they are times; a clock that was set back measures 0."""
    found = record(requestReceivedTimestamp=received, stageTimestamp=staged)
    assert found.duration() == (seconds if seconds is None else pytest.approx(seconds, abs=1e-9))


def test_microseconds_are_exact() -> None:
    """As integers: a float of Unix seconds has no room for them."""
    assert microseconds("1970-01-01T00:00:01.000001Z") == 1_000_001
    assert microseconds("2026-11-22T11:35:18.727221Z") == 1_795_347_318_727_221


@pytest.mark.parametrize(
    ("verb", "query", "dry"),
    [
        ("create", "?dryRun=All", True),
        ("delete", "?a=b&dryRun=All&fieldManager=x", True),
        ("patch", "?d%72yRun=%41ll", True),
        ("patch", "?dryRun=", False),
        ("create", "?fieldManager=dryRun=All", False),
        ("create", "", False),
        ("get", "?dryRun=All", False),
        ("create", "?" + "&" * 10_000 + "dryRun=All", False),
    ],
)
def test_a_dry_run_is_no_write(verb: str, query: str, dry: bool) -> None:
    """However it is encoded; a read has none."""
    assert record(verb=verb, requestURI=f"/api/v1/namespaces/shop/pods{query}").dry_run is dry


@pytest.mark.parametrize(("code", "read"), [(99, 0), (600, 0), (-1, 0), (100, 100), (599, 599)])
def test_a_code_is_one_of_http(code: int, read: int) -> None:
    """Anything else is none."""
    assert record(responseStatus={"code": code}).code == read


def test_a_time_that_is_as_long_as_its_sender_likes_is_not_kept() -> None:
    """It is none, and the next one is as long."""
    tracemalloc.start()
    for number in range(20):
        assert microseconds(f"{number}" * 500_000) is None
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert held < 1_000_000
