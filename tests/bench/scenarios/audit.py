"""What an audit event costs, from the bytes of a log to the counters."""

from __future__ import annotations

import functools
import json
import re
import resource
import subprocess
from pathlib import Path

from tests.bench.processes import ROOT
from tests.bench.scenarios.bench import Bench, Figures
from tests.bench.subjects.subject import Subject
from tests.recordings import reading

_RECORDED = "kubernetes-1.36.3/audit/audit.log"
_LONGEST = 3_000
"""Bytes of a line: of those up to here the mean is 1.5 kB."""
_REQUESTS = re.compile(rb"^kube_audit_requests_total\{.*\} (\S+)$", re.MULTILINE)


def audit(bench: Bench, subject: Subject) -> Figures:
    """CPU of the process that reads a log, less that of one which reads a log of one line."""
    if not subject.audit:
        return {}
    lines = requests(0, bench.size.audited)
    few, many = bench.directory / "few.log", bench.directory / "many.log"
    few.write_bytes(lines[0])
    many.write_bytes(b"".join(lines))
    started, _ = _read(subject, few, bench.directory)
    spent, counted = _read(subject, many, bench.directory)
    assert counted == len(lines), f"{counted} of {len(lines)} requests were counted"
    return {
        "audit_cpu": (spent - started) / (len(lines) - 1) * 1e6,
        "audit_bytes": sum(map(len, lines)) / len(lines) / 1e3,
    }


def requests(first: int, count: int) -> list[bytes]:
    """So many requests that are over, as a real API server wrote them; each is another one, and
    has its number.
    """
    over, ids = _recorded()
    return [
        over[at % len(over)].replace(ids[at % len(over)], b"%036d" % at) + b"\n"
        for at in range(first, first + count)
    ]


@functools.cache
def _recorded() -> tuple[list[bytes], list[bytes]]:
    """Lines of requests that are over, and their ids."""
    recorded = [line for line in reading.lines(_RECORDED) if len(line) <= _LONGEST]
    over = [line for line in recorded if b'"stage":"ResponseComplete"' in line]
    return over, [json.loads(line)["auditID"].encode() for line in over]


def _read(subject: Subject, log: Path, directory: Path) -> tuple[float, float]:
    """CPU seconds of a whole process, user and kernel, and the requests on the page it prints."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [word.replace("{log}", str(log)) for word in subject.audit],
        cwd=ROOT if subject.in_checkout else directory,
        capture_output=True,
        check=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return spent, sum(map(float, _REQUESTS.findall(done.stdout)))
