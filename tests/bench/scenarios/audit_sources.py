"""What audit events cost a running exporter, by webhook and by log, and what a million leave."""

from __future__ import annotations

import http.client
import re
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.processes import Process
from tests.bench.scenarios.audit import requests
from tests.bench.scenarios.bench import Bench, Figures
from tests.bench.subjects.subject import Subject

BATCH = 400
"""The API server's --audit-webhook-batch-max-size."""
_MILLION = 1_000_000
_EARLY = 0.6
"""Of the million: by then as many are remembered as may be."""
_COUNTED = re.compile(rb"^kube_audit_requests_total\{.*\} (\S+)$", re.MULTILINE)
_BEFORE = b'{"kind":"EventList","apiVersion":"audit.k8s.io/v1","metadata":{},"items":['


def audit_sources(bench: Bench, subject: Subject) -> Figures:
    """CPU of the process, the checkpoint's included, from the bytes on the wire or in the file."""
    if not subject.ours:
        return {}
    figures = _webhook(bench, subject) | _log(bench, subject)
    return figures if bench.size.short else figures | _memory(bench, subject)


def _webhook(bench: Bench, subject: Subject) -> Figures:
    port = _free_port()
    flags = ("--audit.webhook.listen-address", f"127.0.0.1:{port}")
    count = bench.size.audited // BATCH * BATCH
    with _exporter(bench, subject, *flags) as (process, page):
        _post(port, 0, BATCH)
        before = process.cpu()
        _post(port, BATCH, count)
        spent = process.cpu() - before
        _check(page, BATCH + count)
    return {"audit_webhook_cpu": spent / count * 1e6}


def _log(bench: Bench, subject: Subject) -> Figures:
    log = bench.directory / "audit" / "audit.log"
    log.parent.mkdir(exist_ok=True)
    log.write_bytes(b"")
    count = bench.size.audited
    with _exporter(bench, subject, "--audit.log.path", str(log)) as (process, page):
        with log.open("ab") as file:
            file.writelines(requests(0, 1))
            file.flush()
            _wait(page, 1)
            before = process.cpu()
            for start in range(1, 1 + count, BATCH):
                file.writelines(requests(start, min(BATCH, 1 + count - start)))
        _wait(page, 1 + count)
        spent = process.cpu() - before
    return {"audit_log_cpu": spent / count * 1e6}


def _memory(bench: Bench, subject: Subject) -> Figures:
    port = _free_port()
    flags = ("--audit.webhook.listen-address", f"127.0.0.1:{port}")
    with _exporter(bench, subject, *flags) as (process, page):
        early = int(_MILLION * _EARLY)
        _post(port, 0, early)
        before = process.resident()
        _post(port, early, _MILLION - early)
        after = process.resident()
        _check(page, _MILLION)
    return {"audit_memory": after, "audit_memory_growth": after - before}


@contextmanager
def _exporter(bench: Bench, subject: Subject, *flags: str) -> Iterator[tuple[Process, int]]:
    """One that watches nothing, and keeps a checkpoint; with the port of its page."""
    port = _free_port()
    checkpoint = bench.directory / f"audit-{port}.db"
    words = subject.with_flags("--audit.only", "--checkpoint.path", str(checkpoint), *flags)
    command = words.started_with(Path("/dev/null"), port)
    with Process(command, bench.directory / "audit.log.txt", cwd=bench.directory) as process:
        deadline = time.monotonic() + 30
        while not _answers(port):
            process.check_alive()
            if time.monotonic() > deadline:
                raise RuntimeError("it does not serve its page")
            time.sleep(0.01)
        yield process, port


def _post(port: int, first: int, count: int) -> None:
    """So many requests, in batches, one after the other as one API server sends them."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    for start in range(first, first + count, BATCH):
        items = b",".join(line.rstrip() for line in requests(start, BATCH))
        headers = {"Content-Type": "application/json"}
        connection.request("POST", "/audit/webhook", _BEFORE + items + b"]}\n", headers)
        response = connection.getresponse()
        body = response.read()
        assert response.status == 200, f"a batch was answered {response.status}: {body!r}"
    connection.close()


def _counted(port: int) -> float:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", "/metrics")
    page = connection.getresponse().read()
    connection.close()
    return sum(map(float, _COUNTED.findall(page)))


def _check(port: int, count: int) -> None:
    found = _counted(port)
    assert found == count, f"{found} of {count} requests were counted"


def _wait(port: int, count: int) -> None:
    """Until so many are counted; each look costs the exporter a page, so they are few."""
    deadline = time.monotonic() + 120
    while (found := _counted(port)) < count:
        assert time.monotonic() < deadline, f"{found} of {count} requests were counted"
        time.sleep(0.25)
    assert found == count, f"{found} of {count} requests were counted"


def _answers(port: int) -> bool:
    try:
        _counted(port)
    except OSError:
        return False
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
