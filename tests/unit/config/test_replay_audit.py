"""``replay --audit`` as a person runs it: a log or bodies in, metrics out."""

from __future__ import annotations

import codecs
import io
import json
from pathlib import Path

import pytest

from exporter.cli import main
from tests.unit.audit.events import body, event, line
from tests.unit.metrics.house import samples

CREATED = (
    'kube_audit_requests_total{verb="create",group="",resource="pods",subresource="",code="201",'
    'user_class="user"}'
)


def run(
    capsysbinary: pytest.CaptureFixture[bytes], *argv: str
) -> tuple[int, dict[str, float], str]:
    """Exit code, samples and standard error of a replay."""
    code = main(["replay", "--audit", *argv])
    out, err = capsysbinary.readouterr()
    return code, dict(samples(out.decode())), err.decode()


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    """Where a recording can be written."""
    return tmp_path / "audit.log"


def pretty(text: bytes) -> bytes:
    return json.dumps(json.loads(text), indent=2).encode() + b"\n"


A, B, C = (event(auditID=i) for i in "abc")


@pytest.mark.parametrize(
    "data",
    [
        line(**A) + line(**B) + line(**C),
        line(**A) + line(**B) + line(**C).rstrip(),
        codecs.BOM_UTF8 + line(**A) + line(**B) + line(**C),
        body(A, B, C),
        body(A, B) + body(C),
        line(**A) + body(B, C),
        pretty(body(A, B, C)),
        pretty(body(A, B)) + pretty(body(C)),
        pretty(line(**A)) + pretty(line(**B)) + pretty(line(**C)),
        json.dumps([A, B, C]).encode(),
        json.dumps([A, B, C], indent=2).encode(),
    ],
)
def test_every_form_that_people_have(
    data: bytes, recorded: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    """Lines, bodies, one or several, and what jq makes of them."""
    recorded.write_bytes(data)
    code, found, err = run(capsysbinary, str(recorded))
    assert (code, err, found[CREATED]) == (0, "", 3)


def test_standard_input_is_a_dash(
    capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """For zcat at the other end of a pipe."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(line())))
    code, found, _ = run(capsysbinary, "-")
    assert (code, found[CREATED]) == (0, 1)


def test_a_log_of_many_pieces_is_read_to_its_end(
    recorded: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    """Lines lie across them."""
    recorded.write_bytes(b"".join(line(auditID=str(number)) for number in range(3_000)))
    assert recorded.stat().st_size > 4 * 256 * 1024
    code, found, err = run(capsysbinary, str(recorded))
    assert (code, err, found[CREATED]) == (0, "", 3_000)


def test_what_is_not_counted_is_told(
    recorded: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    """By cause; the rest is counted."""
    recorded.write_bytes(line() + line() + b"junk\n{}\n" + line(auditID="b")[:200])
    code, found, err = run(capsysbinary, str(recorded))
    assert (code, found[CREATED]) == (0, 1)
    assert err.splitlines() == [
        "kube-event-metrics: passed over 1 (duplicate)",
        "kube-event-metrics: passed over 1 (schema)",
        "kube-event-metrics: passed over 1 (syntax)",
        "kube-event-metrics: passed over 1 (truncated)",
    ]


def test_events_of_the_other_kind_are_no_audit_events(
    recorded: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    """Who forgets what a file holds is told so by the exit code."""
    other = {"kind": "Event", "metadata": {"name": "a"}, "reason": "Failed"}
    recorded.write_text(json.dumps(other) + "\n")
    code, _, err = run(capsysbinary, str(recorded))
    assert (code, err) == (1, "kube-event-metrics: passed over 1 (schema)\n")


def test_an_empty_log_has_no_requests(
    recorded: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    """It is no error."""
    recorded.write_bytes(b"")
    code, found, err = run(capsysbinary, str(recorded))
    assert (code, err) == (0, "")
    assert set(found.values()) == {0}


def test_a_file_that_is_not_there_is_an_error(
    recorded: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    """As for events."""
    code, found, err = run(capsysbinary, str(recorded))
    assert (code, found) == (1, {})
    assert "No such file" in err


def test_the_series_limit_holds(recorded: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    """As for events."""
    verbs = ("get", "list", "create")
    recorded.write_bytes(b"".join(line(auditID=verb, verb=verb) for verb in verbs))
    _, found, _ = run(capsysbinary, str(recorded), "--series.limit", "1")
    counted = [name for name in found if name.startswith("kube_audit_requests_total")]
    assert len(counted) == 2


def test_audit_is_a_flag_of_replay_alone(capsys: pytest.CaptureFixture[str]) -> None:
    """Elsewhere it would do nothing."""
    with pytest.raises(SystemExit) as exited:
        main(["check", "--audit"])
    assert exited.value.code == 2
    assert "unrecognized arguments: --audit" in capsys.readouterr().err
