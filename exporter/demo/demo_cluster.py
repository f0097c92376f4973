# SPDX-License-Identifier: Apache-2.0
"""The demo cluster as a whole: store, API server and story under one switch."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from exporter.demo.recorders import GroundTruth
from exporter.demo.server import ApiServer
from exporter.demo.store import EventStore
from exporter.demo.story import Cluster, Story

_LONGEST_NAP = 0.5  # seconds: the clock may be set while the story waits


class DemoCluster:
    """A cluster to look at: `start` it and point a client of Events at its `url`.

    `seed` decides what happens in it; `history` is how many seconds of story lie behind it when it
    starts; `liveliness` above 1 shortens the pauses between incidents; `ttl` is the events' in
    seconds; `token` the bearer token that the server asks for, None for none.
    """

    def __init__(
        self,
        *,
        seed: int = 1,
        history: float = 900.0,
        liveliness: float = 2.0,
        ttl: float = 3600.0,
        token: str | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._rng = rng = random.Random(seed)
        self.store = EventStore(
            ttl=ttl, uid=lambda: str(uuid.UUID(int=rng.getrandbits(128), version=4))
        )
        self.server = ApiServer(self.store, token=token)
        self._clock = clock
        self._history = history
        self._liveliness = liveliness
        self._cluster: Cluster | None = None
        self._playing: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """Where the API server listens, once started."""
        return self.server.url

    @property
    def truth(self) -> GroundTruth:
        """What has occurred so far; RuntimeError before the start."""
        if self._cluster is None:
            raise RuntimeError("the demo cluster has not been started")
        return self._cluster.truth

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Play the history, listen, and go on with the story: at first with all it has to show.

        OSError if the port is taken. RuntimeError on a second start: a story is played once.
        """
        if self._cluster is not None:
            raise RuntimeError("the demo cluster has been started before")
        now = self._clock()
        self._cluster = Cluster(self.store, self._rng, now - self._history)
        story = Story(self._cluster, liveliness=self._liveliness)
        story.advance(now)
        await self.server.start(host, port)
        story.review()
        self._playing = asyncio.create_task(self._play(story), name="demo-story")

    async def _play(self, story: Story) -> None:
        while True:
            rest = story.advance(self._clock())
            await asyncio.sleep(min(rest, _LONGEST_NAP))

    async def failed(self) -> None:
        """Wait until the story dies, which it should not, and raise what it died of.

        RuntimeError before the start. Returns once the cluster is stopped.
        """
        if self._playing is None:
            raise RuntimeError("the demo cluster has not been started")
        await asyncio.wait((self._playing,))
        if not self._playing.cancelled():
            self._playing.result()

    async def stop(self) -> None:
        """End the story and cut all connections; raises what had ended the story before."""
        try:
            if self._playing is not None:
                self._playing.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await self._playing
        finally:
            self._playing = None
            await self.server.stop()

    def write_kubeconfig(self, path: Path) -> None:
        """Write a kubeconfig whose only context is this cluster (OSError where that fails)."""
        self.server.kubeconfig(path)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.stop()
