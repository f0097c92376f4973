"""``check`` against the demo's API server: what it finds, and its exit code."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from exporter.cli import main
from exporter.demo import ApiServer, EventStore
from exporter.demo.faults import Status


@pytest.fixture
async def server() -> AsyncIterator[ApiServer]:
    """A server that allows everything, until a test says otherwise."""
    async with ApiServer(EventStore()) as running:
        yield running


class Check:
    """Runs the command beside the server's loop and keeps what it printed."""

    def __init__(self, server: ApiServer, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.kubeconfig = path / "kubeconfig"
        server.kubeconfig(self.kubeconfig)
        self._capsys = capsys

    async def __call__(self, *flags: str) -> tuple[int, list[str]]:
        argv = ["check", "--kubeconfig", str(self.kubeconfig), *flags]
        code = await asyncio.to_thread(main, argv)
        return code, self._capsys.readouterr().out.splitlines()


@pytest.fixture
def check(server: ApiServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Check:
    return Check(server, tmp_path, capsys)


async def test_all_is_well(check: Check, server: ApiServer) -> None:
    """With everything in place each finding is ok, the server's version is told, and it ends 0."""
    code, lines = await check()
    assert code == 0
    assert lines[0] == f"ok    configuration: context demo, {server.url}"
    assert lines[1].startswith("ok    connection: API server v1.")
    assert lines[2:] == [
        "ok    rights: may list events in all namespaces",
        "ok    rights: may watch events in all namespaces",
    ]


async def test_workload_labels_need_more_rights(check: Check, server: ApiServer) -> None:
    """With --workload.labels the rights to pods and their owners are asked for too."""
    server.access = lambda _verb, resource, _namespace: resource != "replicasets"
    code, lines = await check("--workload.labels")
    assert code == 1
    assert lines[4:6] == [
        "ok    rights: may list pods in all namespaces",
        "ok    rights: may watch pods in all namespaces",
    ]
    assert lines[6].startswith("FAIL  rights: may not list replicasets in all namespaces: give")
    assert 'apiGroups ["apps"], resources ["replicasets"]' in lines[6]
    assert lines[8] == "ok    rights: may list jobs in all namespaces"


async def test_an_election_needs_more_rights(check: Check, server: ApiServer) -> None:
    """With --leader-election the Lease's are asked for too, in its own namespace."""
    flags = ("--leader-election", "--leader-election.namespace", "monitoring")
    code, lines = await check(*flags)
    assert code == 0
    assert lines[4:] == [
        f"ok    rights: may {verb} leases in namespace monitoring"
        for verb in ("get", "create", "update")
    ]
    server.access = lambda verb, resource, _namespace: (verb, resource) != ("update", "leases")
    code, lines = await check(*flags)
    assert code == 1
    assert lines[6] == (
        "FAIL  rights: may not update leases in namespace monitoring: give our user a Role in "
        'namespace monitoring with apiGroups ["coordination.k8s.io"], resources ["leases"], '
        'verbs ["get", "create", "update"]'
    )


async def test_reviews_of_tokens_need_more_rights(check: Check, server: ApiServer) -> None:
    """With --web.auth.kubernetes those to create reviews are asked for too, and where no events are
    watched, only these.
    """
    told = [
        f"ok    rights: may create {resource} in the cluster"
        for resource in ("tokenreviews", "subjectaccessreviews")
    ]
    code, lines = await check("--web.auth.kubernetes")
    clear = "warn  web: bearer tokens come in the clear: name a certificate in --web.config.file"
    assert (code, lines[0], lines[5:]) == (0, clear, told)
    code, lines = await check(
        *("--web.auth.kubernetes", "--audit.only", "--audit.log.path", "/nowhere/audit.log")
    )
    assert (code, [each for each in lines if "rights" in each]) == (0, told)
    server.access = lambda _verb, resource, _namespace: resource != "tokenreviews"
    code, lines = await check("--web.auth.kubernetes")
    assert (code, lines[6]) == (1, told[1])
    assert lines[5] == (
        "FAIL  rights: may not create tokenreviews in the cluster: give our user a ClusterRole "
        'with apiGroups ["authentication.k8s.io"], resources ["tokenreviews"], verbs ["create"]'
    )


async def test_missing_right_is_named_with_its_remedy(check: Check, server: ApiServer) -> None:
    """A right that is missing is named, with the role that would give it, and it ends 1."""
    server.access = lambda verb, resource, namespace: verb != "watch"
    code, lines = await check()
    assert code == 1
    assert lines[2] == "ok    rights: may list events in all namespaces"
    assert lines[3] == (
        "FAIL  rights: may not watch events in all namespaces: give our user a ClusterRole with "
        'apiGroups [""], resources ["events"], verbs ["list", "watch"]'
    )


async def test_rights_are_asked_for_each_namespace(check: Check, server: ApiServer) -> None:
    """With namespaces chosen, rights there are enough, and one without is named."""
    server.access = lambda verb, resource, namespace: namespace == "shop"
    code, lines = await check("--events.namespace", "shop")
    assert (code, len(lines)) == (0, 4)
    code, lines = await check("--events.namespace", "shop,db")
    assert code == 1
    assert [line.split(":")[0] for line in lines[2:]] == ["ok    rights"] * 2 + ["FAIL  rights"] * 2
    assert "may not list events in namespace db: give our user a Role in namespace db" in lines[4]


async def test_refused_credentials(check: Check, server: ApiServer) -> None:
    """A token that the server does not take is told as that."""
    server.token = "another"
    code, lines = await check()
    assert code == 1
    assert lines[1] == "FAIL  credentials: the API server does not accept them (401)"


async def test_field_selector_is_tried(check: Check) -> None:
    """A selector that the server refuses is told in its words; one that works is not an issue."""
    code, _ = await check("--events.field-selector", "type=Warning")
    assert code == 0
    code, lines = await check("--events.field-selector", "message=x")
    assert code == 1
    assert lines[-1].startswith("FAIL  events.field-selector: ")
    assert "message" in lines[-1]


async def test_field_selector_is_tried_in_every_namespace(check: Check, server: ApiServer) -> None:
    """Each of them is listed as it will be."""
    flags = ("--events.namespace", "shop,db", "--events.field-selector", "type=Warning")
    code, _ = await check(*flags)
    assert code == 0
    lists = [r for r in server.requests if r.verb == "list"]
    assert [r.namespace for r in lists] == ["shop", "db"]
    assert {(r.query["fieldSelector"], r.query["limit"]) for r in lists} == {("type=Warning", "1")}


async def test_a_list_that_fails_is_told(check: Check, server: ApiServer) -> None:
    """Rights are not all: a list is tried, and what the server says of it is told."""
    server.on_list(Status(500))
    code, lines = await check()
    assert code == 1
    assert lines[-1] == (
        "FAIL  list: events in all namespaces: HTTP 500: scripted answer 500 InternalError"
    )


async def test_a_list_that_is_none_is_told(check: Check, server: ApiServer) -> None:
    """Something that answers everything with 200 is no API server."""
    server.on_list(Status(200, body=b"{}"))
    code, lines = await check("--events.namespace", "shop")
    assert code == 1
    assert lines[-1] == "FAIL  list: events in namespace shop: the answer is not a list"


async def test_a_server_in_trouble_is_told(check: Check, server: ApiServer) -> None:
    """A server that answers its version with 5xx is not well: there is no more to ask."""
    async with _answering(server, 503, b'{"message": "not yet"}'):
        code, lines = await check()
    assert code == 1
    assert lines[1:] == [f"FAIL  connection: {server.url} answers HTTP 503: not yet"]


@pytest.mark.parametrize(
    "body", [b'{"status": null}', b'{"status": [1]}', b"[]", b"null", b"<html>", b"[" * 5000]
)
async def test_an_answer_that_is_none_is_no_right(
    check: Check, server: ApiServer, body: bytes
) -> None:
    """Whatever stands where the answer about a right should be, it is not a yes."""
    async with _answering(server, 200, body):
        code, lines = await check()
    assert code == 1
    assert "FAIL  rights: no answer to whether we may list events in all namespaces" in lines


@contextlib.asynccontextmanager
async def _answering(server: ApiServer, status: int, body: bytes) -> AsyncIterator[None]:
    """In place of ``server`` one that answers everything with this."""
    await server.stop()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode() + body)
        await writer.drain()
        writer.close()

    port = int(server.url.rpartition(":")[2])
    async with await asyncio.start_server(answer, "127.0.0.1", port):
        yield


async def test_unreachable_server(check: Check, server: ApiServer) -> None:
    """Nobody listening is a failed connection, named with its address."""
    await server.stop()
    code, lines = await check()
    assert code == 1
    assert lines[-1].startswith("FAIL  connection: ")
    assert server.url.removeprefix("http://") in lines[-1]


async def test_server_that_is_none(check: Check, server: ApiServer) -> None:
    """Something that takes connections and hangs up is a failed connection, not a crash."""
    await server.stop()

    async def hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    port = int(server.url.rpartition(":")[2])
    other = await asyncio.start_server(hang_up, "127.0.0.1", port, family=socket.AF_INET)
    async with other:
        code, lines = await check()
    assert code == 1
    assert lines[-1].startswith("FAIL  connection: ")


async def test_rule_files_are_tried(check: Check, tmp_path: Path) -> None:
    """Each is ok with its number of rules; a wrong one is told, and the rest is tried as well."""
    mine, wrong = tmp_path / "mine.yaml", tmp_path / "wrong.yaml"
    mine.write_text("rules: [{id: a-rule, components: [x], reasons: [Y]}]", encoding="utf-8")
    wrong.write_text("rule: []", encoding="utf-8")
    code, lines = await check("--rules.file", str(mine))
    assert (code, lines[0]) == (0, f"ok    rules: {mine}, adds 1 rule")
    code, lines = await check("--rules.file", f"{mine},{wrong}")
    assert code == 1
    assert lines[0] == f"FAIL  rules: {wrong}: rule: no such key; did you mean rules?"
    assert lines[1].startswith("ok    configuration: ")
    assert lines[-1].startswith("ok    rights: ")


async def test_missing_kubeconfig(check: Check) -> None:
    """A kubeconfig that is not there is named."""
    check.kubeconfig.unlink()
    code, lines = await check()
    assert (code, lines) == (1, [f"FAIL  configuration: {check.kubeconfig}: no such file"])


@pytest.mark.parametrize("text", ["", "[]", "a: [", "clusters: 5", "\x00"])
async def test_broken_kubeconfig(check: Check, text: str) -> None:
    """A kubeconfig that cannot be used is a finding that names it, not a traceback."""
    check.kubeconfig.write_text(text, encoding="utf-8")
    code, lines = await check()
    assert code == 1
    assert lines[0].startswith(f"FAIL  configuration: {check.kubeconfig}: ")


async def test_unknown_context(check: Check) -> None:
    """A context that the kubeconfig does not have is named."""
    code, lines = await check("--context", "elsewhere")
    assert code == 1
    assert lines[0].startswith("FAIL  configuration: ")
    assert "elsewhere" in lines[0]
