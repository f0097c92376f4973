from __future__ import annotations

import pytest

from exporter.web.server import Health
from tests.unit.web.site import Site, serving


async def test_alive_whatever_the_cluster_does(site: Site) -> None:
    """/livez is 200 also while we are not ready: a restart would mend nothing."""
    site.health = Health(ready=False, reason="the first list is not done")
    response, text = await site.get("/livez")
    assert (response.status, text) == (200, "ok\n")


async def test_ready(site: Site) -> None:
    """/readyz is 200 when we are."""
    response, text = await site.get("/readyz")
    assert (response.status, text) == (200, "ok\n")


async def test_not_ready_says_why(site: Site) -> None:
    """/readyz is 503 with the reason until we are, and is asked anew each time."""
    site.health = Health(ready=False, reason="the first list is not done")
    response, text = await site.get("/readyz")
    assert (response.status, text) == (503, "the first list is not done\n")
    site.health = Health(ready=True, reason="ok")
    assert (await site.get("/readyz"))[0].status == 200


async def test_metrics_are_served_while_not_ready(site: Site) -> None:
    """Self-metrics are what tells why we are not ready, so they are there."""
    site.health = Health(ready=False, reason="the first list is not done")
    assert (await site.get("/metrics"))[0].status == 200


async def test_taken_port_is_an_error() -> None:
    """A second server on one address fails at its start, with the system's words."""
    second = Site()
    async with serving() as first:
        with pytest.raises(OSError, match="in use"):
            await second.server.start("127.0.0.1", first.port)
    await second.server.stop()
    await second.client.close()
