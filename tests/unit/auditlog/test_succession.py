"""Which file of a log follows which."""

from __future__ import annotations

import json

import pytest

from exporter.auditlog.succession import (
    Backup,
    Family,
    Succession,
    first_stamp,
    in_order,
    later_than,
)

A, B, C = (
    Backup(
        f"2026-11-22T{hour}:00:00.000", f"audit-2026-11-22T{hour}-00-00.000.log", compressed=False
    )
    for hour in (10, 11, 12)
)


def at(time: str) -> str:
    return f"2026-11-22T{time}"


def names(path: str, *listing: str) -> list[str]:
    return [backup.name for backup in Family(path).backups(listing)]


def test_backups_are_known_by_their_names() -> None:
    first, second = "audit-2026-11-22T13-08-47.739.log", "audit-2026-11-22T13-08-47.740.log.gz"
    others = (
        "audit.log",
        "audit.log.1",
        "audit-2026.log",
        "audit-2026-11-22T13-08-47.739.log.gz.tmp",
        "audit-2026-13-22T13-08-47.739.log",
        "xaudit-2026-11-22T13-08-47.739.log",
        "audit-2026-11-22T13-08-47.739xlog",
        "audit-x-2026-11-22T13-08-47.739.log",
    )
    assert names("audit.log", *others, second, first) == [first, second]


@pytest.mark.parametrize(
    ("path", "backup"),
    [
        ("audit", "audit-2026-11-22T13-08-47.739"),
        ("kube.audit.json", "kube.audit-2026-11-22T13-08-47.739.json"),
    ],
)
def test_any_name_can_have_backups(path: str, backup: str) -> None:
    assert names(path, backup, f"{backup}.gz.gz", path) == [backup]


@pytest.mark.parametrize("turn", [1, -1])
def test_a_compressed_file_beside_its_plain_one_is_unfinished(turn: int) -> None:
    plain = "audit-2026-11-22T13-08-47.739.log"
    assert names("audit.log", *[plain, f"{plain}.gz"][::turn]) == [plain]
    (packed,) = Family("audit.log").backups([f"{plain}.gz"])
    assert packed.compressed
    assert packed.rotated == at("13:08:47.739")


def test_where_the_clock_went_on_names_are_in_order() -> None:
    """Though some began with a request that had ended before others of the file before it."""
    stamps = {A.rotated: at("09:00:00.1"), B.rotated: at("10:00:00"), C.rotated: ""}
    assert in_order([A, B, C], stamps) == [A, B, C]
    jittery = {
        A.rotated: at("09:59:59.99"),
        B.rotated: at("09:59:59.98"),
        C.rotated: at("11:00:00"),
    }
    assert in_order([A, B, C], jittery) == [A, B, C]


def test_where_a_clock_was_set_back_a_file_follows_where_the_other_ends() -> None:
    """C was rotated at 12, and A began; then the clock went back to 9:30. Neither by name nor by
    beginning were they in order.
    """
    stamps = {C.rotated: at("08:00:00"), A.rotated: at("11:59:59.999"), B.rotated: at("10:00:00")}
    assert in_order([A, B, C], stamps, at("11:00:00")) == [C, A, B]
    assert in_order([A, B, C], stamps) == [C, A, B]


def test_one_alone_is_in_order_whatever_it_says() -> None:
    assert in_order([A], {A.rotated: at("23:00:00")}, at("01:00:00")) == [A]
    assert in_order([], {}) == []


def test_later_is_what_began_later() -> None:
    stamps = {A.rotated: at("09:00:00"), B.rotated: at("10:00:00"), C.rotated: ""}
    assert later_than(at("09:00:00"), [A, B, C], stamps) == [B, C]
    assert later_than(at("11:30:00"), [A, B, C], stamps) == [C]
    assert later_than("", [A, B, C], stamps) == [A, B, C]


def test_what_is_to_come_is_what_was_not_passed() -> None:
    succession = Succession()
    succession.passed(B.rotated)
    assert succession.later([A, B, C]) == [A, C]
    assert succession.listed([A, B, C]) == 0
    assert succession.expecting
    succession.passed(A.rotated)
    assert succession.listed([B]) == 1, "C is gone unread"
    assert not succession.expecting
    succession.to_come(B.rotated)
    assert succession.later([B]) == [B]


LATER = "2026-11-22T11:35:18Z"


def lines(*stamps: object) -> bytes:
    return b"".join(json.dumps({"stageTimestamp": s}).encode() + b"\n" for s in stamps)


@pytest.mark.parametrize(
    ("data", "stamp"),
    [
        (
            lines("2026-11-22T11:35:18.742136Z", "2026-11-23T00:00:00Z"),
            "2026-11-22T11:35:18.742136",
        ),
        (b"junk\n\n\0\0" + lines("2026-11-22T11:35:18Z"), "2026-11-22T11:35:18"),
        (lines("2026-99-22T11:35:18Z", 5, "yesterday", None), ""),
        (b"[" * 100_000, ""),
        (b"", ""),
        (
            b'{"requestObject":{"stageTimestamp":"1999-01-01T00:00:00Z"}}\n' + lines(LATER),
            LATER[:-1],
        ),
    ],
)
def test_the_first_stage_time_is_that_of_an_event(data: bytes, stamp: str) -> None:
    """And not one that a client wrote into the body of its request."""
    assert first_stamp(data) == stamp


def test_a_whole_second_is_before_its_fractions() -> None:
    assert first_stamp(lines("2026-11-22T11:35:18Z")) < first_stamp(lines("2026-11-22T11:35:18.1Z"))
