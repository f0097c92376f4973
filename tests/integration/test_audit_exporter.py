"""The exporter as a process that takes audit events: by webhook, by log, and across its ends."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Mapping
from pathlib import Path

import aiohttp
import pytest

from tests.integration.running_exporter import START_SECONDS, RunningExporter
from tests.unit.audit.events import body, event, line
from tests.unit.metrics.house import samples

_LISTENING = r'msg="receiving audit events" .*address=(\S+)'
_SCRAPER = {"X-Prometheus-Scrape-Timeout-Seconds": "10"}


def run(folder: Path, *flags: str) -> RunningExporter:
    """One that watches no cluster."""
    known = ("--audit.only", "--web.listen-address", "127.0.0.1:0")
    return RunningExporter(folder, "run", *known, *flags)


def webhook(folder: Path, *flags: str) -> RunningExporter:
    return run(folder, "--audit.webhook.listen-address", "127.0.0.1:0", *flags)


async def sent(exporter: RunningExporter, *ids: str, path: str = "/audit/webhook") -> int:
    """A batch of requests with these ids; the status that it is answered with."""
    address = (await exporter.logged(_LISTENING))[1]
    batch = body(*(event(auditID=each) for each in ids))
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"http://{address}{path}", data=batch) as response,
    ):
        return response.status


async def page(exporter: RunningExporter) -> Mapping[str, float]:
    """The samples that a person is shown."""
    return samples((await exporter.get("/metrics"))[1])


async def scraped(exporter: RunningExporter, times: int) -> list[float]:
    """The requests on so many pages of one scraper, which keeps its connection."""
    url, found = await exporter.url(), []
    async with aiohttp.ClientSession(headers=_SCRAPER) as session:
        for _ in range(times):
            async with session.get(f"{url}/metrics") as response:
                found.append(requests(samples(await response.text())))
    return found


async def ended(exporter: RunningExporter, by: signal.Signals) -> None:
    exporter.tell(by)
    await exporter.ended()


def requests(found: Mapping[str, float]) -> float:
    return sum(value for name, value in found.items() if name.startswith("kube_audit_requests_"))


async def counted(exporter: RunningExporter, number: int) -> None:
    """Return once so many requests are."""

    async def so() -> bool:
        return requests(await page(exporter)) == number

    async with asyncio.timeout(START_SECONDS):
        while not await so():  # noqa: ASYNC110 - it is another process
            await asyncio.sleep(0.02)


async def test_a_batch_is_counted_when_it_is_answered(tmp_path: Path) -> None:
    """Once, however often it is sent, whatever its path; with the region where there is one."""
    async with webhook(tmp_path) as exporter:
        await exporter.ready()
        assert await sent(exporter, "a", "b") == 200
        assert await sent(exporter, "a", "b", "c", path="/audit/eu-1/webhook") == 200
        assert await sent(exporter, "c", path="/audit") == 200
        found = await page(exporter)
        assert requests(found) == 3
        assert found['kube_event_metrics_audit_records_total{source="webhook"}'] == 6
        assert found['kube_event_metrics_audit_duplicates_total{source="webhook"}'] == 3
        received = "kube_audit_last_received_timestamp_seconds"
        assert found[f'{received}{{region="eu-1",source="webhook"}}'] > 0
        assert not any(name.startswith("kube_events_total") for name in found)


async def test_what_was_answered_survives_a_kill(tmp_path: Path) -> None:
    """Also if nobody has scraped it; and a batch that is sent again then is known."""
    keeps = ("--checkpoint.path", str(tmp_path / "c.db"))
    async with webhook(tmp_path, *keeps) as exporter:
        assert await sent(exporter, "a", "b") == 200
        await ended(exporter, signal.SIGKILL)
    async with webhook(tmp_path, *keeps) as exporter:
        assert requests(await page(exporter)) == 2
        assert await sent(exporter, "b", "c") == 200
        assert requests(await page(exporter)) == 3


async def test_what_a_scraper_was_shown_is_not_shown_again(tmp_path: Path) -> None:
    """The next process begins at what it was not shown."""
    keeps = ("--checkpoint.path", str(tmp_path / "c.db"))
    async with webhook(tmp_path, *keeps) as exporter:
        assert await sent(exporter, "a", "b") == 200
        assert await scraped(exporter, 2) == [0, 2]
        assert await sent(exporter, "c") == 200
        await ended(exporter, signal.SIGKILL)
    async with webhook(tmp_path, *keeps) as exporter:
        assert requests(await page(exporter)) == 1


async def test_a_log_is_followed_from_its_end_and_on_from_there(tmp_path: Path) -> None:
    """What was in it before the first start is nobody's; what comes while nobody is there is
    counted by the next process.
    """
    log = tmp_path / "audit.log"
    log.write_bytes(line(auditID="old"))
    flags = ("--audit.log.path", str(log), "--checkpoint.path", str(tmp_path / "c.db"))
    async with run(tmp_path, *flags) as exporter:
        await exporter.logged("audit log is read")
        with log.open("ab") as file:
            file.write(line(auditID="a") + line(auditID="b"))
        await counted(exporter, 2)
        assert await scraped(exporter, 2) == [0, 2]
        await ended(exporter, signal.SIGTERM)
    with log.open("ab") as file:
        file.write(line(auditID="c"))
    async with run(tmp_path, *flags) as exporter:
        await counted(exporter, 1)


async def test_another_log_is_followed_from_its_end(tmp_path: Path) -> None:
    """Its lines are not what was missed of the first, and what was, somebody is told."""
    keeps = ("--checkpoint.path", str(tmp_path / "c.db"))
    for name in ("first.log", "second.log"):
        log = tmp_path / name
        log.write_bytes(line(auditID="old"))
        async with run(tmp_path, "--audit.log.path", str(log), *keeps) as exporter:
            await exporter.logged("audit log is read")
            assert "lines may be lost" not in exporter.log
            assert ("the checkpoint is of" in exporter.log) == (name == "second.log")
            with log.open("ab") as file:
                file.write(line(auditID=name))
            await counted(exporter, 1)
            assert await scraped(exporter, 2) == [0, 1]
            await ended(exporter, signal.SIGTERM)


async def test_log_and_webhook_of_one_server_count_once(tmp_path: Path) -> None:
    """Whichever comes first."""
    log = tmp_path / "audit.log"
    log.touch()
    async with webhook(tmp_path, "--audit.log.path", str(log)) as exporter:
        await exporter.logged("audit log is read")
        assert await sent(exporter, "a") == 200
        with log.open("ab") as file:
            file.write(line(auditID="a") + line(auditID="b"))
        await counted(exporter, 2)
        assert await sent(exporter, "b") == 200
        assert requests(await page(exporter)) == 2


async def test_what_is_no_list_of_events_is_refused(tmp_path: Path) -> None:
    """With 400, which the API server counts as an error."""
    async with webhook(tmp_path) as exporter:
        address = (await exporter.logged(_LISTENING))[1]
        async with aiohttp.ClientSession() as session:
            for junk in (b"", b"{", b"[]", json.dumps({"items": 1}).encode()):
                async with session.post(f"http://{address}/audit", data=junk) as response:
                    assert response.status == 400, junk
        refused = "kube_event_metrics_audit_webhook_refused_total"
        assert (await page(exporter))[f'{refused}{{cause="not_event_list"}}'] == 4


async def test_a_cluster_has_a_name(tmp_path: Path) -> None:
    """On every sample; other labels are on what is told of the cluster, and on what runs."""
    async with webhook(tmp_path, "--cluster.name", "eu-1", "--label", "team=shop") as exporter:
        assert await sent(exporter, "a") == 200
        found = await page(exporter)
        assert [name for name in found if 'cluster="eu-1"' not in name] == []
        about = ("kube_audit_", "kube_event_metrics_build_info")
        labelled = [name for name in found if 'cluster="eu-1",team="shop"' in name]
        assert labelled == [name for name in found if name.startswith(about)]


async def test_a_label_that_is_there_already_is_refused(tmp_path: Path) -> None:
    """At once: a page with a label twice is none."""
    async with webhook(tmp_path, "--label", "verb=x") as exporter:
        assert await exporter.ended() == 2
        assert "verb is a label of kube_audit_requests_total already" in exporter.log


async def test_the_landing_page_tells_of_audit_events(tmp_path: Path) -> None:
    """Where they come from, and nothing of events that are not watched."""
    async with webhook(tmp_path) as exporter:
        assert await sent(exporter, "a") == 200
        _, html = await exporter.get("/")
        assert "Audit events from" in html
        assert "Events remembered" not in html


@pytest.mark.parametrize("option", ["tls-cert-file", "token-file"])
async def test_a_file_that_cannot_be_used_ends_it_at_once(tmp_path: Path, option: str) -> None:
    """With the option and the file in the message."""
    missing = str(tmp_path / "missing")
    flags = [f"--audit.webhook.{option}", missing]
    if option == "tls-cert-file":
        flags += ["--audit.webhook.tls-key-file", missing]
    async with webhook(tmp_path, *flags) as exporter:
        assert await exporter.ended() == 1
        assert f"--audit.webhook.{option}: {missing}: No such file" in exporter.log
