"""The record: its times and what can be read from names and field paths."""

from __future__ import annotations

import pytest

from exporter.events.record import container_of, name_time, unix_seconds
from tests.unit.events.records import EPOCH, at, named_at, record


class TestUnixSeconds:
    @pytest.mark.parametrize(
        ("text", "seconds"),
        [
            pytest.param("2026-11-22T11:35:21Z", 1795347321.0, id="one-second"),
            pytest.param("2026-11-22T11:35:21.350204Z", 1795347321.350204, id="microseconds"),
            pytest.param("2026-11-22T11:35:21.350204511Z", 1795347321.350204, id="nanoseconds"),
            pytest.param("2026-11-22T12:35:21+01:00", 1795347321.0, id="another-zone"),
            pytest.param("2026-11-22T11:35:21", 1795347321.0, id="no-zone-is-utc"),
        ],
    )
    def test_reads_the_times_the_api_writes(self, text: str, seconds: float) -> None:
        """Every RFC 3339 form gives its Unix seconds."""
        assert unix_seconds(text) == pytest.approx(seconds, abs=1e-6)

    @pytest.mark.parametrize(
        "text", ["", "null", "yesterday", "2026-13-01T00:00:00Z", "9" * 500, "2026-11-22T25:00:00Z"]
    )
    def test_what_is_no_time_is_0(self, text: str) -> None:
        """Text that is no time gives 0.0 and no exception."""
        assert unix_seconds(text) == 0.0

    def test_gos_zero_time_is_no_time(self) -> None:
        """Nothing happened in the year 1: writers that leave a time out can write that."""
        assert unix_seconds("0001-01-01T00:00:00Z") == 0.0


class TestNameTime:
    def test_reads_client_gos_suffix(self) -> None:
        """The hex digits after the last dot are nanoseconds since 1970."""
        assert name_time("web-0.18ea5ae068f57856") == pytest.approx(1795347321.3502045)

    def test_object_names_may_hold_dots(self) -> None:
        """Only the part behind the last dot is a time."""
        assert name_time("node-1.example.com.18ea5ae068f57856") > 0

    @pytest.mark.parametrize(
        "name",
        [
            pytest.param("", id="empty"),
            pytest.param("web-0", id="no-suffix"),
            pytest.param("debugme.a1-series", id="own-suffix"),
            pytest.param("web.abc123", id="short-hex"),
            pytest.param("web.18ea5ae068f578560", id="17-digits"),
            pytest.param("web.18ea5ae068f5785g", id="no-hex"),
            pytest.param("6c1ab8a4-9d3c-4f0e-8d55-0a3f2a9d1c11", id="bare-uuid"),
        ],
    )
    def test_other_names_hold_no_time(self, name: str) -> None:
        """A name that client-go did not make from a time gives 0.0."""
        assert name_time(name) == 0.0


class TestOccurred:
    def test_a_single_occurrence_is_as_fine_as_its_name(self) -> None:
        """The name's nanoseconds are used where they agree with the one-second stamp."""
        single = record(name=named_at(5.25), last_time="2027-01-15T08:00:05Z")
        assert single.occurred() == pytest.approx(EPOCH + 5.25)

    def test_a_repeat_is_not_dated_by_its_name(self) -> None:
        """The name is the first occurrence's time: a repeat has the last time stamp."""
        repeat = record(name=named_at(5.25), count=2, last_time="2027-01-15T08:00:05Z")
        assert repeat.occurred() == EPOCH + 5

    def test_a_series_is_not_dated_by_its_name(self) -> None:
        """What has a series has occurred more than once."""
        series = record(name=named_at(5.25), count=0, series_count=2, last_time=at(5.5))
        assert series.occurred() == pytest.approx(EPOCH + 5.5)

    def test_a_name_far_from_the_stamp_is_no_time(self) -> None:
        """A suffix that only looks like a time is passed over."""
        assert record(name="web.18ea5ae068f57856").occurred() == EPOCH

    def test_no_time_at_all_is_0(self) -> None:
        """An event without any time gives 0.0."""
        assert record(last_time="", first_time="").occurred() == 0.0


class TestFirstOccurred:
    def test_the_name_is_finer_than_the_stamp(self) -> None:
        """The name tells which of two events of the same second came first."""
        first = record(name=named_at(5.75), first_time="2027-01-15T08:00:05Z", count=9)
        assert first.first_occurred() == pytest.approx(EPOCH + 5.75)

    def test_a_name_without_time_leaves_the_stamp(self) -> None:
        """FirstTimestamp speaks where the name does not."""
        assert record().first_occurred() == EPOCH

    def test_a_name_without_stamps_speaks_alone(self) -> None:
        """Where the object has no time, its name may have one."""
        bare = record(name=named_at(7), first_time="", last_time="")
        assert bare.first_occurred() == pytest.approx(EPOCH + 7)

    def test_a_hash_that_looks_like_a_time_does_not_hide_the_stamp(self) -> None:
        """Sixteen hex digits can be a writer's hash: then they do not agree with firstTimestamp."""
        assert record(name="web.f3c1a7d29b604e58").first_occurred() == EPOCH


@pytest.mark.parametrize(
    ("field_path", "container"),
    [
        ("spec.containers{app}", "app"),
        ("spec.initContainers{wait-for-db}", "wait-for-db"),
        ("spec.ephemeralContainers{debugger}", "debugger"),
        ("spec.containers[2]", ""),
        ("implicitly required container POD", ""),
        ("", ""),
    ],
)
def test_container_of(field_path: str, container: str) -> None:
    """A container's name stands between braces; a field path without them names none."""
    assert container_of(field_path) == container
