"""Lifecycles: pairs of different keys never meet, and none of them is lost."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from exporter.rules.lifecycles import Lifecycle
from tests.unit.metrics.house import Clock

MAX_AGE = 100.0
KEYS = ("a", "b", "c", "d", "e")


@dataclass(frozen=True)
class Step:
    """Something happens to a key, so many seconds after the step before."""

    verb: str
    key: str
    at: float
    """On the event's clock, which knows nothing of ours."""
    pause: float


steps = st.lists(
    st.builds(
        Step,
        st.sampled_from(("open", "close", "close optionally", "prime")),
        st.sampled_from(KEYS),
        st.integers(0, 300).map(float),
        st.sampled_from((0.0, 1.0, 30.0, 99.0, 100.0)),
    ),
    max_size=60,
)
watched = steps.map(lambda these: [step for step in these if step.verb != "prime"])


def play(lifecycle: Lifecycle, clock: Clock, step: Step) -> float | None:
    """What a step measures."""
    clock.advance(step.pause)
    if step.verb == "open":
        lifecycle.open((step.key,), step.at)
    elif step.verb == "prime":
        lifecycle.prime((step.key,), step.at)
    else:
        optional = step.verb == "close optionally"
        return lifecycle.close((step.key,), step.at, "closed", optional=optional)
    return None


def durations(these: list[Step], key: str, *, newest: bool) -> list[float | None]:
    """What the steps of one key measure, played with all of ``these``."""
    clock = Clock()
    lifecycle = Lifecycle(MAX_AGE, clock, newest=newest)
    measured = [(step, play(lifecycle, clock, step)) for step in these]
    return [found for step, found in measured if step.key == key]


def alone(these: list[Step], key: str) -> list[Step]:
    """The steps of one key, at the same moments."""
    kept: list[Step] = []
    pause = 0.0
    for step in these:
        pause += step.pause
        if step.key == key:
            kept.append(Step(step.verb, key, step.at, pause))
            pause = 0.0
    return kept


@given(steps, st.booleans())
def test_keys_in_any_order_measure_what_each_measures_alone(
    these: list[Step], newest: bool
) -> None:
    """Whatever happens to other keys in between."""
    for key in KEYS:
        together = durations(these, key, newest=newest)
        assert together == durations(alone(these, key), key, newest=newest)


@given(watched, st.booleans(), st.integers(1, 4))
def test_nothing_leaks(these: list[Step], newest: bool, max_open: int) -> None:
    """A pair that began is open, ended or abandoned, and so many are open at the most."""
    clock = Clock()
    lifecycle = Lifecycle(MAX_AGE, clock, newest=newest, max_open=max_open)
    for step in these:
        play(lifecycle, clock, step)
        kept = len(lifecycle._open)
        assert kept <= max_open
        assert lifecycle.opened == kept + sum(lifecycle.closed.values()) + lifecycle.abandoned
    clock.advance(MAX_AGE)
    assert len(lifecycle) == 0
    assert lifecycle.opened == sum(lifecycle.closed.values()) + lifecycle.abandoned


@given(steps, st.booleans(), st.integers(1, 4))
def test_no_closing_is_measured_that_lies_the_maximum_age_after_the_last_opening(
    these: list[Step], newest: bool, max_open: int
) -> None:
    """Whatever the stamps say, primed or seen; and no duration is negative."""
    clock = Clock()
    lifecycle = Lifecycle(MAX_AGE, clock, newest=newest, max_open=max_open)
    told: dict[str, float] = {}
    for step in these:
        found = play(lifecycle, clock, step)
        if found is not None:
            assert found >= 0
            assert step.at - told[step.key] < MAX_AGE
        if step.verb in ("open", "prime"):
            told[step.key] = max(step.at, told.get(step.key, 0.0))


@dataclass
class Model:
    """The table of the module's docstring, without any bookkeeping for speed."""

    newest: bool
    max_open: int
    pairs: list[tuple[str, float, float, float]] = field(default_factory=list)
    """Key, beginning and latest opening on the event's clock, the latter on ours; the one that
    was told last stands last."""
    opened: int = 0
    repeated: int = 0
    closed: int = 0
    unmatched: int = 0
    skewed: int = 0
    abandoned: int = 0

    def play(self, step: Step, now: float) -> float | None:
        young = [pair for pair in self.pairs if now - pair[3] < MAX_AGE]
        self.abandoned += len(self.pairs) - len(young)
        self.pairs = young
        known = next((pair for pair in self.pairs if pair[0] == step.key), None)
        if step.verb == "open":
            self.open(step, known, now)
        elif step.verb == "prime":
            if step.at and known is None and len(self.pairs) < self.max_open:
                self.pairs.append((step.key, step.at, step.at, now))
        elif known is None or step.at - known[2] >= MAX_AGE:
            self.unmatched += step.verb == "close"
            if known:
                self.pairs.remove(known)
                self.abandoned += 1
        else:
            self.pairs.remove(known)
            self.closed += 1
            if step.at:
                self.skewed += step.at < known[1]
                return max(step.at - known[1], 0.0)
        return None

    def open(self, step: Step, known: tuple[str, float, float, float] | None, now: float) -> None:
        if not step.at:
            return
        self.repeated += known is not None
        self.opened += known is None
        began, told = step.at, step.at
        if known:
            self.pairs.remove(known)
            began = step.at if self.newest else known[1]
            told = max(step.at, known[2])
        self.pairs.append((step.key, began, told, now))
        if len(self.pairs) > self.max_open:
            self.pairs.pop(0)
            self.abandoned += 1


@given(steps, st.booleans(), st.integers(1, 4))
def test_it_does_what_a_simple_model_does(these: list[Step], newest: bool, max_open: int) -> None:
    """Every duration and every count, though what is too old is thrown out in passing only."""
    clock = Clock()
    lifecycle = Lifecycle(MAX_AGE, clock, newest=newest, max_open=max_open)
    model = Model(newest, max_open)
    for step in these:
        found = play(lifecycle, clock, step)
        assert found == model.play(step, clock.now)
    assert len(lifecycle) == len(model.pairs)
    assert (lifecycle.opened, lifecycle.repeated) == (model.opened, model.repeated)
    assert sum(lifecycle.closed.values()) == model.closed
    assert (lifecycle.unmatched, lifecycle.skewed) == (model.unmatched, model.skewed)
    assert lifecycle.abandoned == model.abandoned
