"""What fails is counted, told once, and waited after."""

from __future__ import annotations

import json

import pytest

from exporter.election import lease
from exporter.election.telemetry import CAUSES
from exporter.kube.refusals import refusal
from exporter.kube.telemetry import Failure
from tests.unit.election.contest import TIMING, Contender, Contest


@pytest.fixture
def one(contest: Contest) -> Contender:
    return contest.candidate()


@pytest.mark.parametrize(
    ("status", "cause"),
    [
        (400, Failure.REJECTED),
        (401, Failure.UNAUTHORIZED),
        (403, Failure.FORBIDDEN),
        (422, Failure.REJECTED),
        (429, Failure.THROTTLED),
        (500, Failure.SERVER_ERROR),
        (503, Failure.SERVER_ERROR),
        (302, Failure.UNREADABLE),
    ],
)
def test_refusals_are_counted_by_cause(one: Contender, status: int, cause: Failure) -> None:
    """And the next try is a retry period away."""
    one.must_ask()
    one.refused(status, "in the server's words")
    assert one.telemetry.failures[cause] == 1
    assert one.telemetry.last_failure == f"{cause}: HTTP {status} in the server's words"
    assert one.candidate.wake_at == one.contest.now + TIMING.retry_period


def test_every_cause_is_there_at_zero(one: Contender) -> None:
    """A closed set, so that increase() sees the first of each."""
    assert one.telemetry.failures == dict.fromkeys(CAUSES, 0)


def test_a_failure_is_logged_once(contest: Contest, one: Contender) -> None:
    """However long it lasts; then that it is over."""
    for _ in range(5):
        one.must_ask()
        one.broken(Failure.REFUSED)
        contest.now += TIMING.retry_period
    one.work()
    assert one.notes == [
        ("warning", "get of the lease failed", {"cause": "refused", "detail": "broken"}),
        ("info", "lease reachable again", {"after_failures": 5}),
        ("info", "leading", {"transitions": 0}),
    ]
    assert one.telemetry.last_failure == ""


def test_another_failure_is_another_line(contest: Contest, one: Contender) -> None:
    """The state has changed."""
    for cause in (Failure.REFUSED, Failure.TLS, Failure.TLS):
        one.must_ask()
        one.broken(cause)
        contest.now += TIMING.retry_period
    assert [fields["cause"] for _, _, fields in one.notes] == ["refused", "tls"]


@pytest.mark.parametrize("verb", ["get", "create", "update"])
def test_a_missing_right_is_told(contest: Contest, one: Contender, verb: str) -> None:
    """Once, as an error, by verb and namespace; and for as long as it is missing."""
    if verb == "update":
        contest.candidate("other").work()
        contest.server.touch(holderIdentity="")
    for _ in range(3):
        while (request := one.asks()) is not None:
            if request.verb == verb:
                one.refused(403, "leases is forbidden")
            else:
                one.answered(*contest.server.answer(request))
        assert one.telemetry.refused == verb
        contest.now += TIMING.retry_period
    assert [note[:2] for note in one.notes] == [
        ("error", f"not allowed to {verb} leases in namespace monitoring")
    ]
    one.work()
    assert one.leads
    assert one.telemetry.refused == ""


def test_credentials_are_renewed_after_a_401(contest: Contest, one: Contender) -> None:
    """Once: what is read then may be right."""
    assert not one.must_ask().renew_credentials
    one.refused(401)
    contest.now += TIMING.retry_period
    assert one.must_ask().renew_credentials
    one.refused(503)
    contest.now += TIMING.retry_period
    assert not one.must_ask().renew_credentials


def test_the_servers_own_time_is_heard(contest: Contest, one: Contender) -> None:
    """Within reason: after the duration of the Lease it is asked again."""
    for named, waited in ((0.5, TIMING.retry_period), (7.0, 7.0), (3600.0, 15.0)):
        one.must_ask()
        one.answered(429, b"{}", retry_after=named)
        assert one.candidate.wake_at == contest.now + waited
        contest.now = one.candidate.wake_at


def test_a_failure_that_took_long_is_not_waited_after(contest: Contest, one: Contender) -> None:
    """The retry period runs from the start of a request."""
    request = one.must_ask()
    contest.now += request.timeout
    one.broken()
    assert one.candidate.wake_at < contest.now


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b'{"metadata": {}}',
        b'{"metadata": {"resourceVersion": ""}}',
        b'{"metadata": {"resourceVersion": "1"}, "spec": {"holderIdentity": 5}}',
        b'{"metadata": {"resourceVersion": "1", "annotations": []}}',
        b"[" * 100_000,
    ],
)
def test_what_is_no_lease_is_told(one: Contender, body: bytes) -> None:
    """Bad data is counted, and nobody leads by it."""
    one.must_ask()
    one.answered(200, body)
    assert one.telemetry.failures["unreadable"] == 1
    assert not one.leads


def test_an_answer_with_another_name_makes_no_leader(contest: Contest, one: Contender) -> None:
    """Somebody between us and the server changes what we write."""
    one.answered(*contest.server.answer(one.must_ask()))
    one.must_ask()
    other = {"metadata": {"resourceVersion": "9"}, "spec": {"holderIdentity": "other"}}
    one.answered(201, json.dumps(other).encode())
    assert not one.leads
    assert one.telemetry.failures["unreadable"] == 1


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"message": null}', b"[]", b"[" * 100_000])
def test_a_refusal_without_words(body: bytes) -> None:
    """Of a proxy, say: the code is all there is."""
    assert refusal(502, body) == (Failure.SERVER_ERROR, "HTTP 502")


def test_a_lease_without_a_spec_is_held_by_nobody() -> None:
    """Somebody made it beforehand, so that the right to create is not needed."""
    found = lease.read(b'{"metadata": {"resourceVersion": "7", "uid": "u"}}')
    assert found is not None
    assert (found.version, found.holder, found.payload) == ("u/7", "", "")


def test_durations_are_rounded_up() -> None:
    """Whole seconds on the wire: others must not wait for less than is meant."""
    place = lease.LeasePlace("monitoring", "exporter")
    body = lease.written(place, None, "a", seconds=2.2, wall=0.0, payload=None)
    assert json.loads(body)["spec"]["leaseDurationSeconds"] == 3
