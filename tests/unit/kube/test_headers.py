from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.kube.headers import foreign_type, retry_after, server_time

NOW = 1_795_435_200.0  # Mon, 23 Nov 2026 12:00:00 GMT, on our clock
NOON = "Mon, 23 Nov 2026 12:00:00 GMT"
# A year that no timestamp can hold, an offset that no clock has, and things that are no date.
BAD_DATES = [
    "",
    "soon",
    "Mon, 01 Jan 0001 00:00:00 +2359",
    "Fri, 31 Dec 9999 23:59:59 -2359",
    "Mon, 23 Nov 2026 12:00:00 +99999999999999",
    "Mon, 23 Nov 99999999999 12:00:00 GMT",
    "Mon, 99 Nov 2026 99:99:99 GMT",
]


class TestServerTime:
    def test_it_is_the_date_header(self) -> None:
        """Whole seconds of the server's clock."""
        assert server_time({"Date": NOON}) == NOW

    def test_a_date_without_a_known_zone_is_in_utc(self) -> None:
        """It must not depend on where we run."""
        assert server_time({"Date": "Mon, 23 Nov 2026 12:00:00 -0000"}) == NOW

    @pytest.mark.parametrize("text", BAD_DATES[:2] + BAD_DATES[4:])
    def test_one_that_cannot_be_read_says_nothing(self, text: str) -> None:
        """A hostile header is no exception."""
        assert server_time({"Date": text}) is None

    @given(st.sampled_from(BAD_DATES) | st.text())
    def test_no_text_raises(self, text: str) -> None:
        """Whatever stands in the headers, there is an answer."""
        found = server_time({"Date": text})
        assert found is None or isinstance(found, float)
        wait = retry_after({"Retry-After": text, "Date": text}, NOW)
        assert wait is None or wait >= 0.0


class TestRetryAfter:
    @pytest.mark.parametrize(("text", "seconds"), [("7", 7.0), (" 7 ", 7.0), ("-3", 0.0)])
    def test_seconds_are_taken(self, text: str, seconds: float) -> None:
        """The commonest form; it never lies in the past."""
        assert retry_after({"Retry-After": text}, NOW) == seconds

    def test_a_date_is_held_against_the_servers_clock(self) -> None:
        """Ours may be wrong by hours."""
        headers = {"Retry-After": "Mon, 23 Nov 2026 12:00:40 GMT", "Date": NOON}
        assert retry_after(headers, NOW + 7200) == 40.0

    def test_a_date_is_held_against_our_clock_where_the_server_tells_none(self) -> None:
        """Then there is no other."""
        headers = {"Retry-After": "Mon, 23 Nov 2026 12:00:40 GMT"}
        assert retry_after(headers, NOW) == 40.0
        assert retry_after(headers, NOW + 60) == 0.0

    @pytest.mark.parametrize("text", ["", "soon", "nan", "inf", BAD_DATES[-1]])
    def test_anything_else_names_no_time(self, text: str) -> None:
        """Then the back-off decides."""
        assert retry_after({"Retry-After": text}, NOW) is None


class TestForeignType:
    @pytest.mark.parametrize(
        "text",
        ["application/json", "application/json;stream=watch", "Application/JSON", "a/b+json"],
    )
    def test_json_is_not_foreign(self, text: str) -> None:
        """In every way that API servers spell it."""
        assert foreign_type({"Content-Type": text}) == ""

    def test_none_at_all_is_not_foreign(self) -> None:
        """The body will tell."""
        assert foreign_type({}) == ""

    def test_a_captive_portals_page_is(self) -> None:
        """It is named without its parameters."""
        assert foreign_type({"Content-Type": "text/html; charset=utf-8"}) == "text/html"
