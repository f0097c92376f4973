# SPDX-License-Identifier: Apache-2.0
"""How often the matcher comes to a place in a pattern, at most, whatever the text is.

It comes there by many ways: from each start of the search, and with each number of rounds of the
repeats before. What bounds them is how the ways end: at one position of the text, or at any
position of a *run*, a part of the text that is made of some set of characters and goes on for as
long as it is. A repeat adds a way for each position of a run of its characters, and for each way
that led into that run. What follows it and is none of its characters takes them away again: from
one way into the run only the run's end is left.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from exporter.rules.patterns.growth import Growth, least
from exporter.rules.patterns.pieces import ALL, LINE_END, UNBOUNDED, WORD, Piece

NONE = 0
"""The empty set, whose runs are single positions."""


@dataclass(frozen=True, slots=True)
class Arrivals:
    """The ways that come to a place in a pattern."""

    ending: Mapping[int, Growth]
    """How many end in one run, by the run's set of characters; in the whole text for ``ALL``."""
    repeats: tuple[_Behind, ...] = ()
    """What a character may take away: the last repeat, and those that directly precede it."""
    distance: int = 1
    """The positions at which they end lie this far from one another at the least."""

    @property
    def at_one(self) -> Growth:
        """How many end at one position."""
        return self.ending[NONE]

    @property
    def all(self) -> Growth:
        """How many there are."""
        return self.ending[ALL]


@dataclass(frozen=True, slots=True)
class _Behind:
    """A repeat that was passed: it may have ended at any position of a run, as far as we know."""

    before: Arrivals
    taken: int
    """What its runs are made of."""
    since: int = 0
    """Characters after it, each of which it could have taken too."""
    others: int = 0
    """So many of these can be something else: each can be where the run ends."""


def searched(length: int, sets: Iterable[int]) -> Arrivals:
    """The starts of a search in a text, one at each position; ``sets`` are those of all runs."""
    start = Growth(length, (0.0, 1.0))
    one = Growth(length, (1.0,))
    return Arrivals({ALL: start, **dict.fromkeys(sets, start), NONE: one})


def one_way(length: int, sets: Iterable[int]) -> Arrivals:
    """A single one."""
    one = Growth(length, (1.0,))
    return Arrivals(dict.fromkeys((NONE, ALL, *sets), one))


def together(ways: Sequence[Arrivals]) -> Arrivals:
    """All of them as one."""
    first, *others = ways
    if not others:
        return first
    ending = dict(first.ending)
    for other in others:
        for run, number in other.ending.items():
            ending[run] += number
    return Arrivals(ending)


def at_the_start(ways: Arrivals) -> Arrivals:
    """Those that are at the start of the text."""
    return Arrivals(dict.fromkeys(ways.ending, ways.at_one))


def at_a_place(ways: Arrivals, written: str) -> Arrivals:
    """Those at a place between characters, an end or the edge of a word."""
    ending = dict(ways.ending)
    for run, number in ways.ending.items():
        # In a run of word characters, or of others, words begin and end at its ends only.
        if written == "\\b" and not (run & WORD and run & ~WORD):
            ending[run] = least(number, ways.at_one.times(2))
        elif written == "^" and not run & LINE_END:
            ending[run] = least(number, ways.at_one)
    return replace(ways, ending=ending)


def after_rounds(ways: Arrivals, loop: Piece, taken: int, most: int) -> Arrivals:
    """Ways that go no or more rounds of a repeat of these characters.

    From one of ``ways`` no more than one may go to a position. ``most`` is of characters, at the
    most in all rounds.
    """
    at_one = ways.ending[taken]
    if most < UNBOUNDED:
        at_one = least(at_one, ways.at_one.times(most // ways.distance + 1))
        whole = least(ways.all.times(most + 1), at_one.summed(loop))
    else:
        whole = at_one.summed(loop)
    ending = {
        run: whole if run & taken else least(whole, at_one + number)
        for run, number in ways.ending.items()
    }
    behind = [_Behind(ways, taken)]
    for before in ways.repeats:
        if before.since or before.taken & taken:
            break
        behind.append(before)
    return Arrivals({**ending, NONE: at_one}, tuple(behind))


def ending_in(ways: Arrivals, sets: Sequence[int], others: Arrivals) -> Arrivals:
    """Those of the ways through a repeat whose rounds end in these characters.

    But for ``others``, the ways that lead into it.
    """
    after = Arrivals(ways.ending)
    for taken in sets:
        after = after_character(after, taken)
    ending = {
        run: least(number, after.ending[run] + others.ending[run])
        for run, number in ways.ending.items()
    }
    return replace(ways, ending=ending)


def after_character(ways: Arrivals, taken: int) -> Arrivals:
    """Those of the ways that go on over a character of this set."""
    ending = {run: _behind(ways, run, (taken,)) for run in ways.ending}
    if not ways.repeats:
        return Arrivals(ending, (), ways.distance)
    last, *earlier = ways.repeats
    if last.taken & taken:
        others = last.others + bool(taken & ~last.taken)
        gone = replace(last, since=last.since + 1, others=others)
        return Arrivals(ending, (gone,), ways.distance)
    limits = [ways.all]
    for before in () if last.since else earlier:
        if before.taken & taken:
            break
        limits.append(before.before.all)
    left = {
        run: least(number, _at_its_end(last, run, taken), *limits) for run, number in ending.items()
    }
    return Arrivals(left, (), ways.distance)


def _at_its_end(last: _Behind, run: int, taken: int) -> Growth:
    """How many are left of the ways through a repeat after a character that it does not take."""
    before, into = last.before.ending, last.before.ending[last.taken]
    if run == NONE:
        return into
    ends = last.others + 1
    if run == ALL:
        return before[ALL].times(ends)
    if last.since:
        return before[run].times(ends) + into.times(ends + last.since)
    found = into.times(bool(taken & ~run))
    if run & taken:
        found += before[run]
        if last.taken & ~run:
            found += into
    return found


def after_word(ways: Arrivals, sets: Sequence[int]) -> tuple[Arrivals, Growth]:
    """The ways over several characters, and how many characters are tried on them."""
    distance, overlap = _shape(sets)
    at_one, to_go = ways.at_one, list(sets)
    tried = Growth(at_one.length, (0.0,))
    while ways.repeats and to_go:
        tried += ways.all
        ways = after_character(ways, to_go.pop(0))
    if to_go:
        tried += ways.all.times(len(to_go))
        ending = {run: _behind(ways, run, to_go) for run in ways.ending}
        ways = Arrivals(ending, (), ways.distance)
    limit = at_one.every(distance)
    ending = {
        run: least(number, limit.made_by(number.loops)) for run, number in ways.ending.items()
    }
    after = Arrivals({**ending, NONE: ways.at_one}, ways.repeats, max(ways.distance, distance))
    return after, least(tried, at_one.every(1).times(overlap).made_by(tried.loops))


def _behind(ways: Arrivals, run: int, sets: Sequence[int]) -> Growth:
    """How many end in one run after these characters, the repeats before them not looked at."""
    found, before_it = ways.ending[run], 0
    for taken in reversed(sets):  # the run begins in them, or before them
        before_it += bool(taken & ~run)
        if not taken & run:
            return ways.at_one.times(before_it)
    return found + ways.at_one.times(before_it) if before_it else found


def _shape(sets: Sequence[int]) -> tuple[int, int]:
    """How far apart two finds of a word are at the least, and how many tries of it can be under
    way at one position at the most: ``ababc`` can begin anew 2 characters on.
    """
    long = len(sets)
    begins, distance = [0] * (long + 1), long
    for shift in range(1, long):
        alike = 0
        while shift + alike < long and sets[shift + alike] & sets[alike]:
            alike += 1
        if shift + alike == long:
            distance = min(distance, shift)
        begins[shift + 1] += 1
        begins[min(shift + alike, long - 1) + 1] -= 1
    under_way = most = 0
    for begun in begins[:long]:
        under_way += begun
        most = max(most, under_way)
    return distance, most + min(long, 2)
