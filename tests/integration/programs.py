# SPDX-License-Identifier: Apache-2.0
"""Programs that tests drive, and that not every machine has."""

from __future__ import annotations

import os
import shutil

import pytest


def needed(name: str, variable: str) -> str:
    """Its path; skips the test where it is absent, or fails it where this variable is 1."""
    path = shutil.which(name)
    if path is None:
        reason = f"{name} is not installed"
        if os.environ.get(variable) == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return path
