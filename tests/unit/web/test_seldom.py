from __future__ import annotations

from exporter.web.seldom import Seldom


def test_what_repeats_is_said_at_once_and_then_with_how_often_it_was() -> None:
    now = 100.0
    seldom = Seldom(30.0, clock=lambda: now)
    assert [seldom.due("a") for _ in range(3)] == [1, 0, 0]
    now += 30.0
    assert [seldom.due("a") for _ in range(3)] == [3, 0, 0]


def test_one_subject_does_not_silence_another() -> None:
    seldom = Seldom(clock=lambda: 0.0)
    assert seldom.due("a") == 1
    assert seldom.due("b") == 1
    assert seldom.due("a") == 0
