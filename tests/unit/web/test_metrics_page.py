from __future__ import annotations

import gzip

from exporter.metrics.text import Format
from tests.unit.web.site import THING, Site, serving
from tests.unit.web.test_negotiation import PROMETHEUS_2_42, PROMETHEUS_3


async def test_person_gets_text(site: Site) -> None:
    """The Accept: */* of curl is answered in text 0.0.4 with its whole content type."""
    response, text = await site.get("/metrics", {"Accept": "*/*"})
    assert response.status == 200
    assert response.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert text.startswith("# HELP kube_things_total ")
    assert "EOF" not in text


async def test_prometheus_gets_openmetrics(site: Site) -> None:
    """Prometheus 2 and 3 are answered in OpenMetrics 1.0, with exemplars and the end mark."""
    site.things.at(("a",)).inc(1, "web-0")
    for accept in (PROMETHEUS_2_42, PROMETHEUS_3):
        response, text = await site.get("/metrics", {"Accept": accept})
        assert response.headers["Content-Type"] == (
            "application/openmetrics-text; version=1.0.0; charset=utf-8"
        )
        assert '# {pod="web-0"} 1\n' in text
        assert text.endswith("\n# EOF\n")


async def test_caches_are_told_what_the_answer_depends_on(site: Site) -> None:
    """A cache between us must not serve one client's format or encoding to another."""
    response, _ = await site.get("/metrics")
    assert response.headers["Vary"] == "Accept, Accept-Encoding"


async def raw(site: Site, accept_encoding: str) -> tuple[str | None, bytes]:
    """The content encoding and the bytes as they came."""
    headers = {"Accept-Encoding": accept_encoding}
    async with site.client.get(
        site.url + "/metrics", headers=headers, auto_decompress=False
    ) as response:
        body = await response.read()
        assert int(response.headers["Content-Length"]) == len(body)
        return response.headers.get("Content-Encoding"), body


async def test_page_is_zipped_for_who_takes_it() -> None:
    """With gzip the bytes are fewer and the page is the same, small or large."""
    for size in (0, 20_000):
        async with serving(foreign=lambda _f, size=size: b"# filler\n" * size) as site:  # type: ignore[misc]
            encoding, plain = await raw(site, "identity")
            assert encoding is None
            encoding, zipped = await raw(site, "gzip")
            assert encoding == "gzip"
            assert gzip.decompress(zipped) == plain
            assert not size or len(zipped) < len(plain) / 10


async def test_telemetry_path_can_be_changed() -> None:
    """The metrics are where the option says, and not where they would be without it."""
    async with serving(telemetry_path="/internal/events") as site:
        site.things.at(("a",)).inc(1)
        response, text = await site.get("/internal/events")
        assert response.status == 200
        assert f"{THING} 1" in text
        assert (await site.get("/metrics"))[0].status == 404


async def test_telemetry_path_can_be_the_root() -> None:
    """With the metrics at / there is no landing page, and nothing else changes."""
    async with serving(telemetry_path="/") as site:
        response, _ = await site.get("/")
        assert response.headers["Content-Type"] == Format.TEXT.value
        assert (await site.get("/livez"))[0].status == 200


async def test_unknown_path_is_not_found(site: Site) -> None:
    """What we do not have is a 404."""
    for path in ("/nothing", "/metrics/", "/livez/x", "/..%2fetc/passwd"):
        assert (await site.get(path))[0].status == 404


async def test_nothing_can_be_written(site: Site) -> None:
    """Every method but GET and HEAD is a 405 on every path."""
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        for path in ("/metrics", "/livez", "/readyz", "/"):
            response, _ = await site.get(path, method=method)
            assert response.status == 405
            assert response.headers["Allow"] == "GET,HEAD"


async def test_browsers_do_not_guess_types(site: Site) -> None:
    """Every answer, errors included, says that its content type is meant."""
    for path in ("/metrics", "/livez", "/readyz", "/", "/nothing"):
        response, _ = await site.get(path)
        assert response.headers["X-Content-Type-Options"] == "nosniff"


async def test_versions_are_not_told(site: Site) -> None:
    """No answer says which server of which version gives it."""
    for path in ("/metrics", "/livez", "/readyz", "/", "/nothing"):
        response, _ = await site.get(path)
        assert "Server" not in response.headers
