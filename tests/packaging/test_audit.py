"""A known vulnerability of what is shipped is an error, and so is not to be told of any."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from deploy.release.audit import FOUND, UNANSWERED, Acceptance, acceptances, verdict

_ROOT = Path(__file__).parents[2]
_TODAY = dt.date(2026, 12, 1)


@contextmanager
def _service(vulnerable: str | None) -> Iterator[str]:
    """A service of OSV's form that knows one vulnerability, or is out of order. Its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["package"]
            answer = {"vulns": [_osv(vulnerable)]} if asked["name"] == vulnerable else {}
            self.send_response(503 if vulnerable is None else 200)
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        def log_message(self, *_: Any) -> None:
            """Nothing on standard error."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _osv(package: str | None) -> dict[str, Any]:
    ranges = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "999"}]}]
    affected = {"package": {"name": package, "ecosystem": "PyPI"}, "ranges": ranges}
    return {"id": "GHSA-aaaa", "aliases": ["CVE-1-1"], "affected": [affected], "summary": "bad"}


def _audit(service: str) -> tuple[int, str]:
    """What our own locks come to, by pip-audit and that service."""
    command = [sys.executable, "-m", "deploy.release.audit", "--vulnerability-service", "osv"]
    done = subprocess.run(
        [*command, "--osv-url", service, "--timeout", "30"],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def _report(package: str, *, answered: bool = True) -> dict[str, Any]:
    """As pip-audit writes it."""
    if not answered:
        return {"dependencies": [{"name": package, "skip_reason": "not found"}], "fixes": []}
    vulnerability = {
        "id": "GHSA-aaaa",
        "aliases": ["CVE-1-1"],
        "fix_versions": [],
        "description": "",
    }
    found = {"name": package, "version": "1", "vulns": [vulnerability]}
    return {"dependencies": [found], "fixes": []}


def test_a_vulnerability_of_what_is_shipped_is_an_error() -> None:
    """It is told with its version, its names, and the version that mends it."""
    with _service("aiohttp") as address:
        code, told = _audit(address)
    assert code == FOUND
    assert "VULNERABLE: aiohttp 3." in told
    assert "CVE-1-1, GHSA-aaaa, fixed in 999" in told


def test_all_packages_answered_for_without_a_vulnerability_is_success() -> None:
    """None is left out."""
    with _service("no-package-of-ours") as address:
        code, told = _audit(address)
    assert code == 0
    asked, of = told.removeprefix("audit: ").split()[:3:2]
    assert asked == of
    assert int(of) > 80


def test_a_service_out_of_order_is_no_success() -> None:
    """And it is said."""
    with _service(None) as address:
        code, told = _audit(address)
    assert (code, told.split(":")[0]) == (UNANSWERED, "NOT AUDITED")


def test_a_package_that_the_service_does_not_know_is_no_success(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Though pip-audit itself succeeds."""
    assert verdict(_report("aiohttp", answered=False), [], _TODAY) == UNANSWERED
    assert "NOT AUDITED" in capsys.readouterr().out
    assert verdict({"dependencies": [], "fixes": []}, [], _TODAY) == UNANSWERED


def test_what_only_tests_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """But ships nowhere, and stops nobody."""
    assert verdict(_report("pytest"), [], _TODAY) == 0
    assert "vulnerable, in the tests alone: pytest 1" in capsys.readouterr().out


@pytest.mark.parametrize("builds", ["hatchling", "mypy"])
def test_what_builds_what_is_shipped_counts_as_shipped(builds: str) -> None:
    """It could put anything in there."""
    assert verdict(_report(builds), [], _TODAY) == FOUND


def test_an_accepted_vulnerability_is_one_until_its_day() -> None:
    """By one of its names, and for its package alone."""
    accepted = [Acceptance("aiohttp", "CVE-1-1", "no server of it here", _TODAY)]
    assert verdict(_report("aiohttp"), accepted, _TODAY) == 0
    assert verdict(_report("aiohttp"), accepted, _TODAY + dt.timedelta(days=1)) == FOUND
    assert verdict(_report("yarl"), accepted, _TODAY) == FOUND


def test_each_accepted_vulnerability_has_a_reason_and_a_last_day() -> None:
    """The list can be read, and nothing is accepted for longer than half a year."""
    text = (_ROOT / "deploy" / "release" / "accepted.toml").read_text(encoding="utf-8")
    longest = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=183)
    example = text.replace("# [[", "[[").replace("\n# ", "\n").split("\n[[")[1]
    for each in [*acceptances(text), *acceptances("[[" + example)]:
        assert each.reason
        assert each.until <= longest
