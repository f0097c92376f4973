"""Programs for what is packaged."""

from __future__ import annotations

import os

import pytest

from tests.envtest.charted import Helm, find_helm


@pytest.fixture(scope="session")
def helm(tmp_path_factory: pytest.TempPathFactory) -> Helm:
    """It knows no cluster."""
    return Helm(find_helm(os.environ), tmp_path_factory.mktemp("helm"))
