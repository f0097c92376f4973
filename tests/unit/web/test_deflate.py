"""Gzip, whichever library makes it."""

from __future__ import annotations

import gzip

import pytest

from exporter.web import deflate

BLOCKS = [b"kube_events_total 1\n" * 50_000, b"", b"# EOF\n"]


@pytest.mark.parametrize("module", deflate.MODULES)
def test_every_library_makes_the_same_page(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What gzip reads of it is the page, and it is far smaller."""
    name, begin = deflate.packer([module])
    monkeypatch.setattr(deflate, "_BEGIN", begin)
    packed = b"".join(deflate.compressed(BLOCKS))
    assert name == module
    assert gzip.decompress(packed) == b"".join(BLOCKS)
    assert len(packed) < len(BLOCKS[0]) / 50


def test_the_fastest_that_is_installed_is_taken() -> None:
    """The order is that of the list; what is absent is passed over."""
    assert deflate.packer(["no_such_module", *deflate.MODULES])[0] == "isal.isal_zlib"
    assert deflate.packer(["no_such_module", "zlib"])[0] == "zlib"
    with pytest.raises(ImportError, match="no_such_module"):
        deflate.packer(["no_such_module"])
