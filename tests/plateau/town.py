"""The town: a busy cluster on a simulated clock, written by the demo's story and recorders.

The story brings what a quiet cluster has. Beside it namespaces, pods, controllers and nodes come
and go under ever new names.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

from exporter.demo.recorders import GroundTruth
from exporter.demo.store import EventStore
from exporter.demo.store.list_options import ListOptions
from exporter.demo.store.pages import TAIL, Page, Scope, change_frames, list_page
from exporter.demo.story import Cluster, Story
from exporter.demo.story.stage import Scene, Stage
from exporter.kube.request import PAGE_SIZE
from tests.plateau.others import operators, reminder, spot_node
from tests.plateau.pods import job, preview
from tests.plateau.unfinished import unfinished

_EVERYTHING = Scope()
# A namespace lives for some seventy minutes and has a new pod in each.
_PREVIEW_SECONDS = 4200.0
# What follows has lives of hours: as many in a small town, or there were too few to judge.
_JOB_EVERY = 40.0
_UNFINISHED_EVERY = 30.0
_REMINDER_EVERY = 900.0
_SPOT_NODE_EVERY = 600.0


class Town:
    """``previews``: so many namespaces at a time; ``ttl`` of the events, seconds."""

    def __init__(self, *, seed: int, began: float, previews: int, ttl: float) -> None:
        rng = random.Random(seed)
        self._store = EventStore(ttl=ttl, uid=lambda: _uid(rng))
        self._cluster = Cluster(self._store, rng, began)
        self._story = Story(self._cluster, liveliness=1.0)
        stage = self._story._stage  # one stage: all scenes in the order of time
        self._position = self._store.position()
        for seconds, scene in (
            (_PREVIEW_SECONDS / previews, preview),
            (_JOB_EVERY, job),
            (_UNFINISHED_EVERY, unfinished),
            (_REMINDER_EVERY, lambda stage: reminder(stage, ttl)),
            (_SPOT_NODE_EVERY, spot_node),
        ):
            stage.play(_again_and_again(stage, seconds, scene))
        stage.play(operators(stage))

    @property
    def truth(self) -> GroundTruth:
        """What has occurred, as the town knows."""
        return self._cluster.truth

    @property
    def version(self) -> int:
        """The store's resourceVersion."""
        return self._store.revision

    def settle(self, now: float) -> None:
        """All that happens until ``now``, which nobody watches."""
        self._story.advance(now)
        self._position = self._store.position()

    def advance(self, now: float) -> bytes:
        """All that happens until ``now``, as the lines that a watch shows."""
        self._story.advance(now)
        end = self._store.position()
        changes = self._store.changes(self._position, end - self._position)
        self._position = end
        return b"".join(change_frames(changes, _EVERYTHING))

    def pages(self) -> Iterator[bytes]:
        """The pages of a list of what there is now."""
        token = ""
        while True:
            page = list_page(self._store, "", ListOptions(limit=PAGE_SIZE, continue_token=token))
            yield _body(page)
            token = page.continue_token
            if not token:
                return


def _body(page: Page) -> bytes:
    return b"".join((page.head(), *page.pieces(), TAIL))


def _again_and_again(stage: Stage, seconds: float, scene: Callable[[Stage], Scene]) -> Scene:
    """Begin it every so many seconds, beside those that still play."""
    while True:
        yield stage.between(0.8 * seconds, 1.2 * seconds)
        stage.play(scene(stage))


def _uid(rng: random.Random) -> str:
    digits = f"{rng.getrandbits(128):032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
