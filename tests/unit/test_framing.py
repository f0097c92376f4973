from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from exporter.framing import MAX_LINE_BYTES, LineSplitter

LIMIT = 8
_BYTES = st.lists(st.sampled_from([b"\n", b"a", b"{}", b"\xc3", b"\xa4", b"\r", b"123456789"])).map(
    b"".join
)


def split(data: bytes, cuts: list[int], limit: int) -> tuple[list[bytes], int, bool]:
    """The lines, the overlong ones and whether a line is pending, of data fed in pieces."""
    splitter = LineSplitter(limit)
    lines: list[bytes] = []
    places = [0, *sorted(c % (len(data) + 1) for c in cuts), len(data)]
    for start, end in pairwise(places):
        lines += splitter.feed(data[start:end]).split(b"\n")[:-1]
    return lines, splitter.overlong, splitter.pending


class TestLineSplitter:
    @given(data=_BYTES, cuts=st.lists(st.integers(0, 10_000)))
    def test_the_cuts_do_not_matter(self, data: bytes, cuts: list[int]) -> None:
        """Any way of cutting the same bytes gives the same lines and drops the same ones."""
        assert split(data, cuts, LIMIT) == split(data, [], LIMIT)

    @given(data=_BYTES, cuts=st.lists(st.integers(0, 10_000)))
    def test_nothing_is_lost(self, data: bytes, cuts: list[int]) -> None:
        """All lines of allowed size come out, unchanged and in order; all others are counted."""
        *whole, rest = data.split(b"\n")
        lines, overlong, pending = split(data, cuts, LIMIT)
        assert lines == [line for line in whole if len(line) <= LIMIT]
        assert overlong == sum(len(line) > LIMIT for line in whole)
        assert pending == bool(rest)

    def test_every_single_byte_can_be_a_piece_of_its_own(self) -> None:
        """Also the bytes of one character."""
        text = "pär\nü\n".encode()
        lines, _, pending = split(text, list(range(len(text))), LIMIT)
        assert lines == ["pär".encode(), "ü".encode()]
        assert not pending

    def test_an_object_of_etcds_maximum_passes(self) -> None:
        """1.5 MiB is the most etcd takes by default; the line around it passes in small pieces."""
        line = b"x" * (1_572_864 + 1000)
        lines, overlong, _ = split(line + b"\n", list(range(0, len(line), 65_536)), MAX_LINE_BYTES)
        assert lines == [line]
        assert overlong == 0

    def test_an_endless_line_is_not_held(self) -> None:
        """What is over the limit is let go of before its line break comes."""
        splitter = LineSplitter(LIMIT)
        for _ in range(1000):
            splitter.feed(b"abcd")
        assert sum(map(len, splitter._parts)) <= LIMIT
        assert splitter.pending
        assert splitter.feed(b"\nok\n") == b"ok\n"
        assert splitter.overlong == 1
