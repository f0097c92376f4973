from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.web.webhook.paths import MAX_REGIONS, OTHER_REGION, Regions, region_of


@pytest.mark.parametrize("path", ["/audit", "/audit/webhook", "/audit?timeout=30s"])
def test_a_path_without_a_region_names_none(path: str) -> None:
    assert region_of(path) == ""


@pytest.mark.parametrize("region", ["a", "eu-1", "EU_1.b", "1", "webhook", "a" * 63])
def test_a_region_is_what_stands_in_the_path(region: str) -> None:
    assert region_of(f"/audit/{region}/webhook?timeout=30s") == region


@pytest.mark.parametrize(
    "region",
    ["", "-a", "a-", ".", "..", "a b", "a%20b", "a%0ab", 'a"b', "a/b", "ä", "a\n", "a" * 64, "%61"],
)
def test_what_fits_no_label_is_no_region(region: str) -> None:
    assert region_of(f"/audit/{region}/webhook") is None


@pytest.mark.parametrize(
    "path", ["/", "", "*", "/audit/", "/audits", "/audit/webhook/", "/AUDIT", "//audit", "/audit#a"]
)
def test_other_paths_are_none_of_ours(path: str) -> None:
    assert region_of(path) is None


@given(st.text())
def test_no_text_makes_a_region_of_other_characters(text: str) -> None:
    region = region_of(f"/audit/{text}/webhook")
    assert region is None or (region.isascii() and len(region) < 64 and region.isprintable())


def test_regions_past_the_bound_are_other() -> None:
    """Those that were there first keep their names."""
    regions = Regions()
    names = [f"r{i}" for i in range(MAX_REGIONS)]
    assert [regions.name(name) for name in names] == names
    assert regions.name("late") == OTHER_REGION
    assert regions.name("r0") == "r0"
    assert regions.name("") == ""
