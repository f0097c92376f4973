"""A real Prometheus scrapes with a client certificate and a password, while both sides rotate."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import aiohttp
import pytest

from tests.envtest.process import eventually
from tests.integration.prometheus_server import Prometheus, program
from tests.integration.running_exporter import RunningExporter
from tests.unit.web.web_config import MUTUAL, WebConfig, basic, hashed

pytestmark = pytest.mark.prometheus

_SCRAPE = """\
global: {{scrape_interval: 1s}}
scrape_configs:
  - job_name: kube-event-metrics
    scheme: https
    static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
    tls_config: {{ca_file: {folder}/ca.crt, cert_file: {folder}/client.crt, key_file: {key}}}
    basic_auth: {{username: prometheus, password: {password}}}
"""


def scraping(config: WebConfig, port: int, password: str) -> str:
    """Prometheus' configuration, and the certificate in it."""
    own = config.authority.issue_cert("prometheus.monitoring.svc")
    (config.folder / "client.crt").write_bytes(b"".join(c.bytes() for c in own.cert_chain_pems))
    key = config.folder / "client.key"
    own.private_key_pem.write_to_path(key)
    return _SCRAPE.format(port=port, folder=config.folder, key=key, password=json.dumps(password))


def run(config: WebConfig) -> RunningExporter:
    return RunningExporter(
        config.folder,
        *("run", "--audit.only", "--web.listen-address", "127.0.0.1:0"),
        *("--audit.webhook.listen-address", "127.0.0.1:0"),
        *("--web.config.file", str(config.path)),
    )


async def test_prometheus_scrapes_with_certificate_and_password(tmp_path: Path) -> None:
    """And goes on while the exporter's certificate is exchanged. With a wrong password it sees
    nothing.
    """
    program("prometheus")
    users = f"basic_auth_users: {{prometheus: {hashed('pa: ss', 10)}}}\n"
    sans = "  client_allowed_sans: [prometheus.monitoring.svc]\n"
    config = WebConfig(tmp_path, MUTUAL + sans + users)
    for name in ("right", "wrong"):
        (tmp_path / name).mkdir()
    async with run(config) as exporter:
        port = int((await exporter.url()).rpartition(":")[2])
        right = Prometheus(0, tmp_path / "right", configuration=scraping(config, port, "pa: ss"))
        wrong = Prometheus(0, tmp_path / "wrong", configuration=scraping(config, port, "password"))
        try:
            await asyncio.to_thread(right.process.wait_for, right.answers, "answers", 30)
            await asyncio.to_thread(wrong.process.wait_for, wrong.answers, "answers", 30)
            await asyncio.to_thread(eventually, lambda: right.value("up") == 1.0, "right is up")
            await asyncio.to_thread(eventually, lambda: wrong.value("up") == 0.0, "wrong is not")
            config.renew()
            await exporter.logged("files have changed and were read anew")
            await asyncio.to_thread(
                eventually, lambda: len(right.raw("up")) >= 12, "some more scrapes"
            )
            ups = await asyncio.to_thread(right.raw, "up")
        finally:
            right.process.stop()
            wrong.process.stop()
    assert set(ups) == {1.0}
    assert "pa: ss" not in exporter.log
    assert "$2b$" not in exporter.log


async def test_the_exporter_says_where_it_serves(tmp_path: Path) -> None:
    """With https, and what it serves there needs what the file says; probes need TLS alone."""
    config = WebConfig(tmp_path, f"{MUTUAL}basic_auth_users: {{a: {hashed('b')}}}\n")
    connector = aiohttp.TCPConnector(ssl=config.client("prometheus"))
    async with run(config) as exporter, aiohttp.ClientSession(connector=connector) as client:
        url = (await exporter.logged(r"look at (https://127\.0\.0\.1:\d+)/"))[1]
        for path, headers, status in (
            ("/livez", {}, 200),
            ("/readyz", {}, 200),
            ("/metrics", {}, 401),
            ("/metrics", {"Authorization": basic("a", "b")}, 200),
        ):
            async with client.get(url + path, headers=headers) as response:
                assert (path, response.status) == (path, status)


async def test_a_wrong_file_ends_the_exporter(tmp_path: Path) -> None:
    """Before it serves anything; the log says which file and which key."""
    config = WebConfig(tmp_path, "tls_server_config: {cert_file: tls.crt, key: Hunter2}\n")
    async with run(config) as exporter:
        assert await exporter.ended() == 1
    told = f"--web.config.file: {config.path}: tls_server_config.key: no PEM private key"
    assert told in exporter.log
    assert "Hunter2" not in exporter.log
