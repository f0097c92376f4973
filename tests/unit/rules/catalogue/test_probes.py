"""Probes: which, and whether it failed or could not be run."""

from __future__ import annotations

import pytest

from exporter.rules.rulebook import AGGREGATED
from tests.unit.rules.catalogue.pod_events import PROBE_FAILURES, counted, recorded, recorded_causes

_EXEC = (
    "rpc error: code = Unknown desc = failed to exec in container: failed to start exec "
    '"4d8592cf": OCI runtime exec failed: exec: "/no/such/probe": no such file or directory'
)


@pytest.mark.parametrize("prefix", ["", AGGREGATED], ids=["single", "aggregated"])
@pytest.mark.parametrize("probe", ["Liveness", "Readiness", "Startup"])
@pytest.mark.parametrize(
    ("text", "result"),
    [
        pytest.param("failed: HTTP probe failed with statuscode: 404", "failed", id="http"),
        pytest.param(
            'failed: Get "http://10.88.0.27:8080/": dial tcp 10.88.0.27:8080: connect: '
            "connection refused",
            "failed",
            id="refused",
        ),
        pytest.param("failed: dial tcp 10.88.0.36:8080: i/o timeout", "failed", id="tcp"),
        pytest.param(
            'failed: timeout: failed to connect service "10.88.0.52:8080" within 1s: context '
            "deadline exceeded",
            "failed",
            id="grpc",
        ),
        pytest.param(
            'failed: command timed out: "sleep 10" timed out after 1s', "failed", id="timeout"
        ),
        pytest.param("failed: line one\nn\u00e4heres: \u2717 100%\n", "failed", id="many-lines"),
        pytest.param("failed: Startup probe errored: not so", "failed", id="output-like-a-probe"),
        pytest.param("failed: ", "failed", id="silent"),
        pytest.param(f"errored: {_EXEC}", "errored", id="errored-up-to-1.33"),
        pytest.param(
            f"errored and resulted in unknown state: {_EXEC}", "errored", id="errored-from-1.34"
        ),
    ],
)
def test_the_first_words_tell(prefix: str, probe: str, text: str, result: str) -> None:
    """What follows is the program's or the network's, and can be anything."""
    found = counted(reason="Unhealthy", message=f"{prefix}{probe} probe {text}")
    assert found == {PROBE_FAILURES: ("shop", probe.lower(), result)}


def test_a_redirect_is_a_warning() -> None:
    """The probe succeeded, though not where it was sent."""
    message = "Readiness probe warning: Probe terminated redirects, Response body: moved"
    found = counted(reason="ProbeWarning", message=message)
    assert found == {PROBE_FAILURES: ("shop", "readiness", "warning")}


@pytest.mark.parametrize(
    ("component", "message"),
    [
        ("my-operator", "Liveness probe failed: x"),
        ("kubelet", "Curiosity probe failed: x"),
        ("kubelet", "my Liveness probe failed: x"),
        ("kubelet", "Liveness probe failedness"),
    ],
)
def test_other_words_are_no_probe(component: str, message: str) -> None:
    """A probe of no known kind, and the same reason of others, are not counted as one."""
    assert counted(component=component, reason="Unhealthy", message=message) == {}


def test_every_recorded_probe_is_counted() -> None:
    """No Unhealthy or ProbeWarning of the two clusters is passed over."""
    reasons = ("Unhealthy", "ProbeWarning")
    events = [e for e in recorded() if e.component == "kubelet" and e.reason in reasons]
    results = recorded_causes("result")[PROBE_FAILURES]
    assert results.total() == len(events)
    assert {result for result, _ in results} == {"failed", "errored", "warning"}
    assert {p for p, _ in recorded_causes("probe")[PROBE_FAILURES]} == {
        "liveness",
        "readiness",
        "startup",
    }
