"""What runs here in the test's own event loop runs in both that the exporter can have."""

from __future__ import annotations

from tests.integration.loops import pytest_asyncio_loop_factories

__all__ = ["pytest_asyncio_loop_factories"]
