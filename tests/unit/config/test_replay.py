"""``replay`` as a person runs it: a file or standard input in, metrics out."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from exporter.cli import main
from exporter.commands.progress import Progress
from exporter.commands.replay import replay_bytes
from tests.unit.metrics.house import samples

FAILED = (
    'kube_events_total{type="Warning",reason="Failed",kind="Pod",namespace="shop",'
    'component="kubelet"}'
)


def event(name: str, count: int = 1) -> dict[str, Any]:
    """A core/v1 Event as the API server shows it."""
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": name, "namespace": "shop", "uid": name, "resourceVersion": "5"},
        "involvedObject": {"kind": "Pod", "namespace": "shop", "name": "web-0"},
        "type": "Warning",
        "reason": "Failed",
        "message": "it failed",
        "source": {"component": "kubelet"},
        "firstTimestamp": "2026-11-22T11:00:00Z",
        "lastTimestamp": "2026-11-22T11:00:00Z",
        "count": count,
    }


def listed(*events: dict[str, Any]) -> str:
    """What ``kubectl get events -o json`` prints."""
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": list(events)}, indent=4)


def run(
    capsysbinary: pytest.CaptureFixture[bytes], *argv: str
) -> tuple[int, dict[str, float], str]:
    """Exit code, samples and standard error of a replay."""
    code = main(["replay", *argv])
    out, err = capsysbinary.readouterr()
    return code, dict(samples(out.decode())), err.decode()


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    """Where a recording can be written."""
    return tmp_path / "events.json"


def test_everything_in_a_list_is_counted(
    recorded: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    """There is no baseline: every occurrence in the file counts, repeats included."""
    recorded.write_text(listed(event("a", 3), event("b")), encoding="utf-8")
    code, found, err = run(capsysbinary, str(recorded))
    assert (code, err) == (0, "")
    assert found[FAILED] == 4


def test_standard_input_is_a_dash(
    capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A dash reads standard input, for kubectl at the other end of a pipe."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(listed(event("a")).encode())))
    code, found, _ = run(capsysbinary, "-")
    assert (code, found[FAILED]) == (0, 1)


def test_lines_of_a_watch_and_single_events_are_counted(
    recorded: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    """Lines can be frames of a watch or Events themselves; a repeat counts what is new."""
    lines = [
        {"type": "ADDED", "object": event("a", 1)},
        {"type": "MODIFIED", "object": event("a", 3) | {"metadata": _newer("a")}},
        {"type": "BOOKMARK", "object": {"kind": "Event", "metadata": {"resourceVersion": "9"}}},
        event("b"),
    ]
    recorded.write_text("\n".join(map(json.dumps, lines)) + "\n", encoding="utf-8")
    code, found, err = run(capsysbinary, str(recorded))
    assert (code, err) == (0, "")
    assert found[FAILED] == 4


def _newer(name: str) -> dict[str, str]:
    return {"name": name, "namespace": "shop", "uid": name, "resourceVersion": "6"}


def test_unreadable_lines_are_told_and_passed_over(
    recorded: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    """What cannot be read is counted on standard error by cause, and the rest is replayed."""
    recorded.write_text(json.dumps(event("a")) + "\n{broken\n{broken too\n", encoding="utf-8")
    code, found, err = run(capsysbinary, str(recorded))
    assert (code, found[FAILED]) == (0, 1)
    assert "passed over 2" in err


def test_nothing_readable_is_a_failure(
    recorded: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    """A file of something else ends with 1."""
    recorded.write_text("this is no event\n", encoding="utf-8")
    code, _, err = run(capsysbinary, str(recorded))
    assert code == 1
    assert "passed over 1" in err


def test_missing_file_is_a_failure(
    recorded: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    """A file that is not there ends with 1 and its name."""
    code, found, err = run(capsysbinary, str(recorded))
    assert (code, found) == (1, {})
    assert str(recorded) in err


def test_empty_input_is_no_failure(
    recorded: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    """A quiet cluster has no events: its metrics are those of none."""
    recorded.write_text(listed(), encoding="utf-8")
    code, found, err = run(capsysbinary, str(recorded))
    assert (code, err) == (0, "")
    assert not any(head.startswith("kube_events_total") for head in found)


def test_only_the_namespaces_that_are_asked_for_count(
    recorded: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    """Those of the Event objects, as a watch of a namespace has it."""
    other = event("b")
    other["metadata"]["namespace"] = "db"
    recorded.write_text(listed(event("a", 3), other), encoding="utf-8")
    for flags, count in ((("--events.namespace", "shop"), 3), (("--events.namespace=db",), 1)):
        code, found, err = run(capsysbinary, str(recorded), *flags)
        assert (code, found[FAILED], err) == (0, count, "")
    code, found, err = run(capsysbinary, str(recorded), "--events.namespace", "web")
    assert (code, err) == (0, "")
    assert FAILED not in found


def test_an_event_that_is_only_seen_to_end_counts(
    recorded: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    """A recording can begin late: what a DELETED shows has occurred; seen before, it is no news."""
    lines = [
        {"type": "DELETED", "object": event("a", 3)},
        {"type": "ADDED", "object": event("b", 2)},
        {"type": "DELETED", "object": event("b", 2) | {"metadata": _newer("b")}},
    ]
    recorded.write_text("\n".join(map(json.dumps, lines)) + "\n", encoding="utf-8")
    code, found, _ = run(capsysbinary, str(recorded))
    assert (code, found[FAILED]) == (0, 5)


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_bar_moves_within_a_list() -> None:
    """A pretty-printed list is one document; its items are what takes the time."""
    events = [event(str(n)) | {"message": "x" * 9_000} for n in range(2_000)]
    data = listed(*events).encode()
    terminal = _Terminal()
    problems: Counter[str] = Counter()
    replay_bytes(data, problems, Progress(len(data), terminal), series_limit=10)
    shown = re.findall(r"(\d+) %", terminal.getvalue())
    assert shown in (["49", "100"], ["50", "100"])


def test_series_limit_holds(recorded: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    """The limit of series is the option's, in a replay too."""
    events = [event(name) | {"reason": name.upper()} for name in "abc"]
    recorded.write_text(listed(*events), encoding="utf-8")
    _, found, _ = run(capsysbinary, str(recorded), "--series.limit", "1")
    counts = [value for head, value in found.items() if head.startswith("kube_events_total")]
    assert counts == [1, 2]


def test_promtool_takes_the_output(
    recorded: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    """Prometheus' own linter has nothing to say about a replayed page."""
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed")
    recorded.write_text(listed(event("a", 3)), encoding="utf-8")
    main(["replay", str(recorded)])
    page = capsysbinary.readouterr().out
    checked = subprocess.run(
        [promtool, "check", "metrics"], input=page, capture_output=True, check=False
    )
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")


def test_the_age_of_a_pair_is_that_of_its_events(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """What lies hours apart in the recording is not open together: an opening is abandoned."""
    lines = []
    for number, (reason, message, stamp) in enumerate(
        [
            ("Pulling", 'Pulling image "a/b:1"', "10:00:00"),
            ("Pulling", 'Pulling image "a/b:1"', "13:00:00"),
            ("Pulled", 'Successfully pulled image "a/b:1"', "13:00:05"),
        ]
    ):
        event = {
            "metadata": {"name": f"web-0.{number}", "namespace": "shop"},
            "involvedObject": {"kind": "Pod", "namespace": "shop", "name": "web-0", "uid": "u"},
            "reason": reason,
            "message": message,
            "source": {"component": "kubelet"},
            "lastTimestamp": f"2026-11-22T{stamp}Z",
        }
        lines.append(json.dumps(event))
    recording = tmp_path / "recording.ndjson"
    recording.write_text("\n".join(lines))
    assert main(["replay", str(recording)]) == 0
    page = capsys.readouterr().out
    assert 'kube_event_lifecycle_abandoned_total{lifecycle="image_pull"} 1\n' in page
    assert (
        'kube_event_image_pull_duration_seconds_sum{namespace="shop",registry="docker.io"} 5\n'
        in page
    )
