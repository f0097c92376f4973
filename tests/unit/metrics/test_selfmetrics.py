from __future__ import annotations

from collections.abc import Callable

import pytest
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as openmetrics_families,
)

from exporter.config.timing import LeaseTiming
from exporter.election import Elector, Hooks, LeasePlace
from exporter.election.telemetry import CAUSES
from exporter.kube.connection import Cluster, ClusterChoice
from exporter.kube.frames import Undecodable
from exporter.kube.telemetry import Failure, Relist, Telemetry
from exporter.metrics.bounds import DEFAULT_LIMIT, LIMITS
from exporter.metrics.text import Format
from exporter.selfmetrics import DECLARATIONS, ELECTION, WEB_AUTH
from exporter.web.reviews import Kind, Outcome, Result, Tally
from tests.unit.metrics.exporter import WALL, Exporter


@pytest.fixture
def exporter() -> Exporter:
    return Exporter()


def declared(exporter: Exporter) -> list[str]:
    """The exporter's own families, as the page declares them."""
    names = [line.split()[2] for line in exporter.text().splitlines() if "# TYPE" in line]
    assert len(set(names)) == len(names)
    return [name for name in names if name.startswith("kube_event_metrics_")]


def test_every_declared_family_is_on_the_page_once(exporter: Exporter) -> None:
    """The page has the families of the declarations, in their order, and each once."""
    always = [d.name for d in DECLARATIONS if d not in (*ELECTION, *WEB_AUTH)]
    assert declared(exporter) == always


@pytest.fixture
def elector() -> Elector:
    """One that nobody runs."""
    cluster, place = Cluster(ClusterChoice()), LeasePlace("monitoring", "exporter")
    return Elector(cluster, place, LeaseTiming(), Hooks(), note=lambda *_: None)


def test_an_election_has_families_of_its_own(elector: Elector) -> None:
    """With the flag they are there from the start, every cause at 0."""
    exporter = Exporter(elector=elector)
    assert declared(exporter) == [d.name for d in DECLARATIONS if d not in WEB_AUTH]
    assert exporter.value("leader") == 0
    assert exporter.value("leader_transitions_total") == 0
    for cause in CAUSES:
        assert exporter.value("lease_failures_total", f'cause="{cause}"') == 0


def test_reviews_of_tokens_have_families_of_their_own() -> None:
    """With the flag they are there from the start, each result at 0; what was tallied is shown."""
    tally = Tally()
    exporter = Exporter(reviews=tally)
    assert declared(exporter) == [d.name for d in DECLARATIONS if d not in ELECTION]
    for kind, result in tally.reviews:
        assert exporter.value("web_reviews_total", f'kind="{kind}",result="{result}"') == 0
    for outcome in Outcome:
        assert exporter.value("web_token_requests_total", f'result="{outcome}"') == 0
    tally.reviews[Kind.ACCESS, Result.ERROR] = 2
    tally.requests[Outcome.FORBIDDEN] = 3
    assert exporter.value("web_reviews_total", 'kind="access",result="error"') == 2
    assert exporter.value("web_token_requests_total", 'result="forbidden"') == 3


def test_an_election_is_shown(elector: Elector) -> None:
    """What it noted of itself is on the next page."""
    exporter = Exporter(elector=elector)
    elector.telemetry.transitions = 2
    elector.telemetry.failures["forbidden"] = 3
    assert exporter.value("leader_transitions_total") == 2
    assert exporter.value("lease_failures_total", 'cause="forbidden"') == 3


@pytest.mark.parametrize(
    ("family", "causes"),
    [
        ("relists_total", list(Relist)),
        ("watch_failures_total", list(Failure)),
        ("undecodable_total", list(Undecodable)),
    ],
)
def test_every_cause_is_there_at_zero(exporter: Exporter, family: str, causes: list[str]) -> None:
    """Closed sets stand at 0 from the start, so that increase() sees the first of each."""
    for cause in causes:
        assert exporter.value(family, f'scope="",cause="{cause}"') == 0


@pytest.mark.parametrize(
    ("change", "name", "labels", "value"),
    [
        (lambda t: setattr(t, "synced", True), "synced", 'scope=""', 1),
        (lambda t: setattr(t, "connected", True), "watch_connected", 'scope=""', 1),
        (lambda t: setattr(t, "allowed", False), "watch_allowed", 'scope=""', 0),
        (
            lambda t: setattr(t, "last_received", WALL),
            "last_received_timestamp_seconds",
            'scope=""',
            WALL,
        ),
        (
            lambda t: t.relists.update({Relist.EXPIRED: 3}),
            "relists_total",
            'scope="",cause="expired"',
            3,
        ),
        (
            lambda t: t.failures.update({Failure.TLS: 2}),
            "watch_failures_total",
            'scope="",cause="tls"',
            2,
        ),
        (
            lambda t: t.undecodable.update({Undecodable.SYNTAX: 1}),
            "undecodable_total",
            'scope="",cause="syntax"',
            1,
        ),
        (lambda t: t.frames.update({"ADDED": 9}), "frames_total", 'scope="",type="ADDED"', 9),
    ],
    ids=["synced", "connected", "allowed", "received", "relists", "failures", "bad", "frames"],
)
def test_telemetry_is_shown(
    exporter: Exporter, change: Callable[[Telemetry], None], name: str, labels: str, value: float
) -> None:
    """What a watch notes of itself is on the next page."""
    change(exporter.watched[0].telemetry)
    assert exporter.value(name, labels) == value


def test_scopes_are_told_apart() -> None:
    """Each namespace that is watched has its own series, named by it."""
    exporter = Exporter("shop", "db")
    exporter.watched[1].telemetry.synced = True
    assert exporter.value("synced", 'scope="shop"') == 0
    assert exporter.value("synced", 'scope="db"') == 1


def test_counting_is_shown(exporter: Exporter) -> None:
    """Ledger, series and lag follow what is counted."""
    scope = exporter.watched[0].scope
    scope.list_began(WALL - 10)
    scope.list_published("5")
    exporter.happens("Started")
    assert exporter.value("last_sync_timestamp_seconds", 'scope=""') == WALL
    assert exporter.value("ledger_events", 'scope=""') == 1
    assert exporter.value("ledger_limit", 'scope=""') == 100
    assert exporter.value("watch_lag_seconds", 'scope=""') == 2
    assert exporter.value("series", 'family="kube_events_total"') == 1


def test_series_bound_is_visible() -> None:
    """How far series are from their bound, and what fell past it, can be read and alerted on."""
    exporter = Exporter(series_limit=2)
    scope = exporter.watched[0].scope
    scope.list_began(WALL - 10)
    scope.list_published("5")
    for reason in ("A", "B", "C", "D"):
        exporter.happens(reason)
    assert exporter.value("series_limit") == 2
    assert exporter.value("series", 'family="kube_events_total"') == 3
    assert exporter.value("series_overflow_total", 'family="kube_events_total"') == 2


def test_refused_label_sets_take_no_label_values() -> None:
    """What fell past the series' bound does not use up the values of the labels, which are told
    beside their own bound.
    """
    exporter = Exporter(series_limit=2)
    scope = exporter.watched[0].scope
    scope.list_began(WALL - 10)
    scope.list_published("5")
    for reason in ("A", "B", "C", "D"):
        exporter.happens(reason)
    assert exporter.value("label_values", 'label="reason"') == 2
    assert exporter.value("label_values_limit", 'label="reason"') == DEFAULT_LIMIT
    assert exporter.value("label_values_limit", 'label="namespace"') == LIMITS["namespace"]
    exporter.counting.next_generation(0)
    assert exporter.value("label_values", 'label="reason"') == 0


def test_limit_is_told_without_a_rule() -> None:
    """The bound of a family's series is known before anything was counted."""
    assert Exporter(series_limit=17).value("series_limit") == 17


def test_label_bound_is_visible(exporter: Exporter) -> None:
    """A value past its label's bound is counted by the label."""
    scope = exporter.watched[0].scope
    scope.list_began(WALL - 10)
    scope.list_published("5")
    exporter.happens("x" * 300)
    assert exporter.value("label_overflow_total", 'label="reason"') > 0
    assert exporter.value("label_overflow_total", 'label="namespace"') == 0


def test_ended_series_are_counted(exporter: Exporter) -> None:
    """Series that ended for want of occurrences are counted by family."""
    scope = exporter.watched[0].scope
    scope.list_began(WALL - 10)
    scope.list_published("5")
    exporter.happens("Started")
    exporter.counting.next_generation(0)
    assert exporter.value("series", 'family="kube_events_total"') == 0
    assert exporter.value("series_expired_total", 'family="kube_events_total"') == 1


def test_scrapers_are_counted(exporter: Exporter) -> None:
    """How many scrapers are told apart is shown: two where a pair scrapes."""
    for scraper in ("10.0.0.1 Prometheus", "10.0.0.2 Prometheus"):
        exporter.scrapers.shown(scraper, 0)
    assert exporter.value("scrapers") == 2


def test_whole_page_is_openmetrics(exporter: Exporter) -> None:
    """With the process' and the interpreter's metrics the page is one valid OpenMetrics text."""
    families = [f.name for f in openmetrics_families(exporter.text(Format.OPENMETRICS))]  # type: ignore[no-untyped-call]
    assert len(families) == len(set(families))
    assert {"kube_events", "process_cpu_seconds", "python_info"} <= set(families)


def test_nothing_has_a_creation_time(exporter: Exporter) -> None:
    """Without a feature flag Prometheus would store _created as series: there are none."""
    for format_ in Format:
        assert "_created" not in exporter.text(format_)


def test_page_is_the_same_twice(exporter: Exporter) -> None:
    """Reading changes nothing of ours: two pages in a row differ in the process' own lines only."""
    exporter.watched[0].telemetry.frames["ADDED"] = 7
    first, second = (
        [line for line in exporter.text().splitlines() if line.startswith("kube_")]
        for _ in range(2)
    )
    assert first == second
