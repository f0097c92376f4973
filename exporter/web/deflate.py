# SPDX-License-Identifier: Apache-2.0
"""Gzip by the fastest deflate that is installed: isal, zlib-ng, else Python's own zlib."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable
from functools import partial
from importlib import import_module
from typing import Protocol

# With a header and a check sum of gzip (zlib.h, deflateInit2).
_WINDOW = 31
# Of all three the one at which a page costs least, and it still shrinks to a sixth or less: zlib's
# default takes four times as long for a fifth less.
_LEVEL = 1
MODULES = ("isal.isal_zlib", "zlib_ng.zlib_ng", "zlib")
"""The fastest first."""


class Packer(Protocol):
    """What zlib.compressobj makes."""

    def compress(self, data: bytes, /) -> bytes:
        """What can be sent of it already."""

    def flush(self) -> bytes:
        """The rest."""


def packer(modules: Iterable[str] = MODULES) -> tuple[str, Callable[[], Packer]]:
    """The first of the modules that is installed, and what begins a page with it."""
    for name in modules:
        try:
            make = import_module(name).compressobj
        except ImportError:
            continue
        return name, partial(make, _LEVEL, zlib.DEFLATED, _WINDOW)
    raise ImportError(f"none of {', '.join(modules)} is installed")


_, _BEGIN = packer()


def compressed(blocks: Iterable[bytes]) -> list[bytes]:
    """The blocks as one gzip stream. All three let go of the interpreter meanwhile."""
    page = _BEGIN()
    return [*map(page.compress, blocks), page.flush()]
