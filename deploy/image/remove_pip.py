"""Removes the pip of the Python that runs this, and what could bring it back."""

from __future__ import annotations

import importlib.util
import runpy
import shutil
import sys
from pathlib import Path

bundled = importlib.util.find_spec("ensurepip")
if bundled and bundled.origin:
    shutil.rmtree(Path(bundled.origin).parent)
if importlib.util.find_spec("pip"):
    sys.argv[1:] = ["uninstall", "--yes", "--break-system-packages", "pip"]
    runpy.run_module("pip", run_name="__main__")
