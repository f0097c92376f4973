"""What the compiled wheel is to hold is what runs, where it is asked for (.ci/compiled)."""

from __future__ import annotations

import importlib
import os
import tomllib
from pathlib import Path

import pytest

from exporter.version import COMPILED

ROOT = Path(__file__).resolve().parents[2]
_PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
_HOOK = _PYPROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["hooks"]["custom"]
MODULES = [path.removesuffix(".py").replace("/", ".") for path in _HOOK["modules"]]


@pytest.mark.skipif("REQUIRE_COMPILED" not in os.environ, reason="`make compiled` asks for it")
@pytest.mark.parametrize("name", MODULES)
def test_what_is_imported_is_compiled(name: str) -> None:
    """The sources of the checkout would pass every other test as well."""
    assert str(importlib.import_module(name).__file__).endswith(".so")


def test_all_modules_are_compiled_or_none() -> None:
    """`--version` speaks for all of them."""
    kinds = {str(importlib.import_module(name).__file__).endswith(".so") for name in MODULES}
    assert kinds == {COMPILED}


def test_the_checkout_has_no_extension_modules() -> None:
    """They would hide the sources beside them, changed or not."""
    assert [*(ROOT / "exporter").rglob("*.so")] == []
