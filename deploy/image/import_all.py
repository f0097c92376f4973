"""Imports whatever the installed exporter imports, now or later, so that its byte code is kept.

The official images of Python have none of the standard library: without this each start would
compile it anew, for the file system is read-only then. It also fails where something is missing
that is only wanted later.
"""

from __future__ import annotations

import ast
import sys
from importlib import import_module
from pathlib import Path

import exporter

sys.dont_write_bytecode = False  # whatever the base says
wanted: set[str] = set()
for package in exporter.__path__:
    for path in Path(package).rglob("*.py"):
        parts = path.relative_to(Path(package).parent).with_suffix("").parts
        wanted.add(".".join(parts).removesuffix(".__init__"))
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Import):
                wanted |= {each.name for each in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                wanted.add(node.module)
for name in sorted(wanted):
    import_module(name)
