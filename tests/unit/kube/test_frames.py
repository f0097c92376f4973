from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.kube.frames import Frame, FrameReader, Status, Undecodable
from tests.unit.kube.conversation import Thing, added, end_mark, frame, page, status

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
_FIELDS = st.sampled_from(["type", "object", "metadata", "items", "code", "details", "reason"])
_SHAPED = st.dictionaries(_FIELDS, st.dictionaries(_FIELDS, JSON) | JSON)


@pytest.fixture
def reader() -> FrameReader[Thing]:
    return FrameReader(Thing)


def code_of(line: object) -> int | None:
    assert isinstance(line, Frame)
    assert isinstance(line.object, Status)
    return line.object.code


class TestFrame:
    @pytest.mark.parametrize("kind", ["ADDED", "MODIFIED", "DELETED"])
    def test_a_change_carries_its_object(self, reader: FrameReader[Thing], kind: str) -> None:
        """ADDED, MODIFIED and DELETED carry an object of the watched type."""
        read = reader.frame(frame(kind, "a", 7))
        assert isinstance(read, Frame)
        assert read.type == kind
        assert isinstance(read.object, Thing)
        assert read.object.resource_version == "7"

    def test_the_recorded_end_mark_ends_the_initial_events(
        self, reader: FrameReader[Thing]
    ) -> None:
        """The bookmark of a streamed list is told by its annotation."""
        read = reader.frame(status("events-end-mark-200"))
        assert isinstance(read, Frame)
        assert isinstance(read.object, Status)
        assert read.object.ends_initial_events
        assert read.object.resource_version == "9461"

    def test_a_periodic_bookmark_ends_nothing(self, reader: FrameReader[Thing]) -> None:
        """A bookmark without the annotation says only how far the watch is."""
        read = reader.frame(status("pods-bookmark-200"))
        assert isinstance(read, Frame)
        assert isinstance(read.object, Status)
        assert not read.object.ends_initial_events
        assert read.object.resource_version == "2873"

    @pytest.mark.parametrize("name", ["watch-too-old-200", "watch-too-old-1.20-200"])
    def test_the_recorded_410_line_is_expired(self, reader: FrameReader[Thing], name: str) -> None:
        """HTTP 200 and one ERROR line is how a watch on an old version is refused."""
        read = reader.frame(status(name))
        assert isinstance(read, Frame)
        assert isinstance(read.object, Status)
        assert read.type == "ERROR"
        assert read.object.expired

    def test_the_recorded_504_line_names_its_wait(self, reader: FrameReader[Thing]) -> None:
        """A streamed list from the future comes with the seconds to wait."""
        read = reader.frame(status("streamed-list-future-version-200"))
        assert code_of(read) == 504
        assert isinstance(read, Frame)
        assert isinstance(read.object, Status)
        assert read.object.details is not None
        assert read.object.details.retryAfterSeconds == 3

    @pytest.mark.parametrize("reason", ["Expired", "Gone"])
    def test_expired_has_two_names(self, reader: FrameReader[Thing], reason: str) -> None:
        """Servers up to 1.17 said Gone; a Status without a code is told by its reason."""
        line = json.dumps({"type": "ERROR", "object": {"reason": reason}}).encode()
        read = reader.frame(line)
        assert isinstance(read, Frame)
        assert isinstance(read.object, Status)
        assert read.object.expired

    @pytest.mark.parametrize(
        ("line", "cause"),
        [
            (b"<html>502 Bad Gateway</html>", Undecodable.SYNTAX),
            (b'{"type":"ADDED","object":{"metadata":', Undecodable.SYNTAX),
            (b'{"type":"ADDED","object":{"metadata":{"name":"\xff\xfe"}}}', Undecodable.SYNTAX),
            (b'{"type":"ADDED","object":{"x":' + b"[" * 100_000, Undecodable.SYNTAX),
            (b"[" * 100_000, Undecodable.SCHEMA),
            (b"{}", Undecodable.SCHEMA),
            (b"null", Undecodable.SCHEMA),
            (b'{"type":"ADDED","object":{"metadata":3}}', Undecodable.SCHEMA),
            (b'{"type":"ADDED","object":null}', Undecodable.SCHEMA),
            (b'{"type":"ERROR","object":{"code":"x"}}', Undecodable.SCHEMA),
            (b'{"type":"REMOVED","object":{"metadata":{}}}', Undecodable.UNKNOWN_TYPE),
        ],
    )
    def test_what_cannot_be_read_is_classed(
        self, reader: FrameReader[Thing], line: bytes, cause: Undecodable
    ) -> None:
        """A line that is no frame is a value with a cause, not an exception."""
        assert reader.frame(line) is cause

    @given(JSON | _SHAPED)
    def test_no_json_raises(self, value: Any) -> None:
        """Whatever JSON a line, a page or a body holds, reading it raises nothing."""
        reader, raw = FrameReader(Thing), json.dumps(value).encode()
        reader.frame(raw)
        reader.page(raw)
        reader.status(raw)
        reader.item(msgspec.Raw(raw))

    @given(st.binary(), st.sampled_from([added("a", 1), page("a"), end_mark(3)]), st.integers(0))
    def test_no_bytes_raise(self, junk: bytes, line: bytes, place: int) -> None:
        """Junk in any place of a line, a page or a body raises nothing."""
        reader, at = FrameReader(Thing), place % (len(line) + 1)
        for raw in (junk, line[:at] + junk + line[at:], line[:at] + junk):
            reader.frame(raw)
            reader.page(raw)
            reader.status(raw)


class TestPage:
    def test_null_items_are_none(self, reader: FrameReader[Thing]) -> None:
        """Go writes an empty list as null where nobody made one."""
        read = reader.page(b'{"metadata":{"resourceVersion":"5"},"items":null}')
        assert read is not None
        assert list(read.items or ()) == []
        assert read.resource_version == "5"

    def test_a_bad_item_does_not_take_its_page_along(self, reader: FrameReader[Thing]) -> None:
        """Each item is decoded by itself."""
        body = b'{"metadata":{"resourceVersion":"5"},"items":[{"metadata":7},{"metadata":{}}]}'
        read = reader.page(body)
        assert read is not None
        bad, good = (reader.item(raw) for raw in read.items or ())
        assert bad is Undecodable.SCHEMA
        assert isinstance(good, Thing)

    @pytest.mark.parametrize("body", [b"", b"<html/>", b"[]", b'{"items":{}}', b'"x"'])
    def test_what_is_no_page_is_none(self, reader: FrameReader[Thing], body: bytes) -> None:
        """A proxy's error page with status 200 is no list."""
        assert reader.page(body) is None


class TestStatus:
    @pytest.mark.parametrize("name", ["list-continue-expired-410", "list-too-old-410"])
    def test_the_recorded_410s_are_expired(self, reader: FrameReader[Thing], name: str) -> None:
        """A stale continue token and a stale version are both expired."""
        assert reader.status(status(name)).expired

    @pytest.mark.parametrize(
        "name", ["watch-bad-version-500", "list-future-version-504", "streamed-list-off-422"]
    )
    def test_other_refusals_are_not(self, reader: FrameReader[Thing], name: str) -> None:
        """No other recorded refusal is taken for a 410."""
        assert not reader.status(status(name)).expired

    @pytest.mark.parametrize("body", [b"", b"<html/>", b'{"code":"x"}'])
    def test_a_body_that_is_none_says_nothing(
        self, reader: FrameReader[Thing], body: bytes
    ) -> None:
        """The HTTP status then stands alone."""
        assert reader.status(body) == Status()


class TestBlocks:
    @given(
        st.lists(
            st.sampled_from(
                [
                    frame("ADDED", "a", 1),
                    frame("MODIFIED", "a", 2),
                    frame("DELETED", "a", 3),
                    status("events-end-mark-200"),
                    b'{"type":"ERROR","object":{"code":410}}',
                    b'{"type":"SURPRISE","object":{}}',
                    b'{"type":"ADDED","object":[]}',
                    b"junk",
                    b"\xff",
                    b"",
                ]
            )
        )
    )
    def test_a_block_is_read_as_its_lines_are(self, lines: list[bytes]) -> None:
        """Decoding many lines at once gives what decoding each gives; blank lines are nothing."""
        reader = FrameReader(Thing)
        block = b"".join(line + b"\n" for line in lines)
        single = [reader.frame(line) for line in lines if line]
        changes = reader.changes(block)
        assert list(reader.frames(block)) == single
        assert changes is None or list(changes) == single
        assert (changes is None) == any(
            isinstance(f, Undecodable) or isinstance(f.object, Status) for f in single
        )
