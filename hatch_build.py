# SPDX-License-Identifier: Apache-2.0
"""The compiled wheel: the modules that every event and every line passes through, as C.

Asked for with ``HATCH_BUILD_HOOKS_ENABLE=1``; without it the wheel is pure Python, which does
the same and needs no compiler. mypyc works on a copy: beside the sources of a checkout an
extension module would hide them, and go on hiding them when they have changed.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from shutil import copytree, ignore_patterns
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

# Types were checked, strictly, by `make type`; here they are only read.
_SETUP = """
from mypyc.build import mypycify
from setuptools import setup
options = ["--config-file=", "--ignore-missing-imports"]
modules = mypycify([*options, *{modules!r}], opt_level="3", debug_level="0", group_name="exporter")
setup(name="compiled", packages=[], py_modules=[], ext_modules=modules)
"""


class CompiledBuildHook(BuildHookInterface[BuilderConfig]):
    """Compiles the ``modules`` of its table in pyproject.toml into the wheel."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile, and tell hatchling what came of it."""
        if version == "editable":
            return  # there the sources are what runs
        self._work = TemporaryDirectory(prefix="kube-event-metrics-")
        work = Path(self._work.name)
        copytree(Path(self.root, "exporter"), work / "exporter", ignore=ignore_patterns("*.so"))
        (work / "setup.py").write_text(_SETUP.format(modules=self.config["modules"]))
        command = [sys.executable, "setup.py", "--quiet", "build_ext", "--inplace"]
        done = subprocess.run(  # noqa: S603 - our own script
            command, cwd=work, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
        )
        if done.returncode:
            raise RuntimeError(f"mypyc failed:\n{done.stdout.decode(errors='replace')}")
        built = [*work.glob("*.so"), *work.glob("exporter/**/*.so")]
        build_data["force_include"] |= {str(so): str(so.relative_to(work)) for so in built}
        build_data["pure_python"] = False
        build_data["infer_tag"] = True

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002
        """The wheel is written: the copy can go."""
        if hasattr(self, "_work"):
            self._work.cleanup()
