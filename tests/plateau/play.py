"""The play: three exporters watch one town for days, on a clock that runs as fast as they can.

``steady`` is never killed. ``killed`` is, by SIGKILL and more often than anything is forgotten, and
goes on from its checkpoint. ``standby`` keeps a journal of what ``steady`` has not yet shown. Each
is cut off now and then for longer than the API server's history, and lists anew.
"""

from __future__ import annotations

import gc
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.plateau.figures import Figures
from tests.plateau.orders import Begin, HandedOver, Minute, Scraped
from tests.plateau.subject import Subject
from tests.plateau.town import Town
from tests.plateau.watcher import Timer, Watcher

_START = 1_795_392_000.0  # 2026-11-23T00:00:00Z
_HOUR = 3600.0
_FAILED_SCRAPES = 37  # each of so many fails
_SERVER_SECONDS = 12 * _HOUR  # so long a Prometheus has its address


@dataclass(frozen=True, slots=True)
class Setting:
    """How long it is played, and how large the town is; times are in seconds but for the hours."""

    hours: int
    warm_up: int
    """Hours: as long as the longest pair may be open, and longer than anything else lives."""
    previews: int
    """Namespaces at a time that come and go."""
    haste: int
    """Everything lives for one part in so many of its time."""
    step: float
    scrape: float
    """A pair of Prometheus servers take turns."""
    sample: float
    lives: tuple[float, ...]
    """Of who is killed, in turns: each is shorter than ended events are remembered."""
    unevenness: float = 1.0
    """What a figure of the town may rise by is so many times its tolerance: of few things each is
    a larger part."""
    seed: int = 1

    @property
    def event_ttl(self) -> float:
        """An hour, or less in haste."""
        return 1 * _HOUR / self.haste

    @property
    def series_ttl(self) -> float:
        """Of series that nothing happens to."""
        return 6 * _HOUR / self.haste


FULL = Setting(
    hours=48,
    warm_up=24,
    previews=50,
    haste=1,
    step=5.0,
    scrape=30.0,
    sample=600.0,
    lives=(1.5 * _HOUR, 0.5 * _HOUR, 1.75 * _HOUR, 1.0 * _HOUR, 1.25 * _HOUR),
)
SHORT = Setting(
    hours=8,
    warm_up=5,
    previews=4,
    haste=6,
    step=15.0,
    scrape=60.0,
    sample=300.0,
    lives=(0.9 * _HOUR, 0.7 * _HOUR, 0.95 * _HOUR),
    unevenness=2.0,
)


@dataclass(frozen=True, slots=True)
class Sample:
    """One exporter at one moment."""

    hour: float
    exporter: str
    figures: Figures


@dataclass(frozen=True, slots=True)
class Played:
    """What was seen."""

    setting: Setting
    samples: Sequence[Sample]
    crashes: Mapping[str, Sequence[float]]
    """Hours, by exporter."""
    shown: int = 0
    """Occurrences that the town showed after the first list."""
    counted: int = 0
    """Of those, by the exporter that was never killed."""


def play(setting: Setting, directory: Path) -> Played:
    """Play it; the checkpoints are in ``directory``."""
    ttl = setting.event_ttl
    town = Town(seed=setting.seed, began=_START - ttl, previews=setting.previews, ttl=ttl)
    # The town is millions of small objects without cycles: to look for them takes most of the time.
    gc.disable()
    try:
        with ExitStack() as stack:
            return _Play(setting, directory, town, stack).run()
    finally:
        gc.enable()


class _Play:
    def __init__(self, setting: Setting, directory: Path, town: Town, stack: ExitStack) -> None:
        self._setting = setting
        self._directory = directory
        self._town = town
        self._stack = stack
        self._now = _START
        self._steady = self._watcher("steady", 2.5, checkpoint=True)
        self._killed = self._watcher("killed", 3.0, checkpoint=True, lives=setting.lives)
        self._standby = self._watcher("standby", 3.5, checkpoint=False)
        self._watchers = (self._steady, self._killed, self._standby)
        self._samples: list[Sample] = []
        self._scrapes = 0
        self._connections = 0

    def run(self) -> Played:
        setting, town = self._setting, self._town
        town.settle(_START)
        before = town.truth.visible.total()
        for watcher in self._watchers:
            watcher.advance(_START, b"")
        minute, scrape = Timer(_START, 60.0), Timer(_START, setting.scrape)
        sample = Timer(_START, setting.sample)
        for tick in range(1, int(setting.hours * _HOUR / setting.step) + 1):
            self._now = now = _START + tick * setting.step
            lines = town.advance(now)
            for watcher in self._watchers:
                watcher.advance(now, lines)
            if minute.due(now):
                for watcher in self._watchers:
                    watcher.subject.tell(Minute(now))
            if sample.due(now):
                self._sample()
            if scrape.due(now):
                self._scrape()
        final = self._steady.subject.measure(self._now)
        return Played(
            setting,
            self._samples,
            {w.subject.name: [self._hour(at) for at in w.crashes] for w in self._watchers},
            shown=town.truth.visible.total() - before,
            counted=final.counted if final else 0,
        )

    def _watcher(
        self, name: str, cut_off: float, *, checkpoint: bool, lives: tuple[float, ...] = ()
    ) -> Watcher:
        setting = self._setting
        path = str(self._directory / f"{name}.db") if checkpoint else ""
        return Watcher(
            self._stack.enter_context(Subject(name)),
            self._town,
            lambda now: Begin(now, setting.event_ttl, setting.series_ttl, setting.haste, path),
            now=_START,
            cut_off=Timer(_START, cut_off * _HOUR),
            dies=Timer(_START, *lives) if lives else None,
        )

    def _sample(self) -> None:
        for watcher in self._watchers:
            figures = watcher.subject.measure(self._now)
            if figures is not None:
                name = watcher.subject.name
                self._samples.append(Sample(self._hour(self._now), name, figures))

    def _scrape(self) -> None:
        """One of two servers asks, and sometimes a person."""
        self._scrapes += 1
        server = self._scrapes % 2
        sent = self._scrapes % _FAILED_SCRAPES > 0
        if not sent:
            self._connections += 2
        tenant = int((self._now - _START) / _SERVER_SECONDS)
        order = Scraped(
            self._now,
            f"10.0.{tenant}.{server} Prometheus",
            self._connections + server,
            openmetrics=server == 0,
            sent=sent,
        )
        version = self._steady.version
        for leader in (self._steady, self._killed):
            leader.subject.tell(order)
            if not sent:
                leader.subject.tell(Scraped(self._now, "", 0, openmetrics=False, sent=True))
        if sent:
            self._standby.subject.tell(HandedOver(self._now, version))

    @staticmethod
    def _hour(now: float) -> float:
        return round((now - _START) / _HOUR, 2)
