from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.unit.web.site import Site, serving


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    """A running server, telemetry at /metrics."""
    async with serving() as running:
        yield running
