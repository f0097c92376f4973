from __future__ import annotations

from pathlib import Path

import pytest

from exporter.config import load_config
from tests.docs_pages import EXAMPLE, PAGES


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_committed_page_is_current(path: Path) -> None:
    """What is committed is what the declarations say today; `make generated` tells how to mend."""
    assert path.read_text(encoding="utf-8") == PAGES[path]()


def test_example_file_can_be_used(tmp_path: Path) -> None:
    """The file that the documentation shows is taken as it stands."""
    file = tmp_path / "config.yaml"
    file.write_text(EXAMPLE, encoding="utf-8")
    config = load_config({}, {}, str(file))
    assert config.namespaces == ("shop", "payments")
    assert (config.event_ttl, config.series_limit, config.log_format) == (10_800, 20_000, "json")


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_tables_have_as_many_cells_in_each_row(path: Path) -> None:
    """No text of a declaration breaks its table: a cell's own bars are escaped."""
    tables = [block.splitlines() for block in PAGES[path]().split("\n\n") if block.startswith("| ")]
    assert tables
    for lines in tables:
        bars = {line.replace("\\|", "").count("|") for line in lines}
        assert len(bars) == 1
