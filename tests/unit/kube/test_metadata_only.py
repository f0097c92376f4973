from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from exporter.kube import watcher as watcher_module
from exporter.kube.connection import Cluster, ClusterChoice
from exporter.kube.request import Phase, accepted_type
from exporter.kube.watcher import Watcher
from tests.unit.kube.conversation import Conversation, added, page
from tests.unit.kube.kubeconfigs import kubeconfig

_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"
_ONE = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json"


class _Enough(Exception):  # noqa: N818 - no error: the test has seen what it wants
    """Ends the watcher at its first wait."""


@contextlib.asynccontextmanager
async def _server(talk: Conversation, heads: list[str]) -> AsyncIterator[str]:
    """A list, then a watch that ends when its one frame was read; writes down Accept headers."""

    async def give(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        heads.extend(ln[8:] for ln in head.splitlines() if ln.startswith("Accept: "))
        watch = bool(talk.consumer.lists)
        body = added("b", 101) + b"\n" if watch else page("a")
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + body)
        await writer.drain()
        while watch and not talk.consumer.changes:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0)
        writer.close()

    server = await asyncio.start_server(give, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def _accepted(
    folder: Path, *, metadata_only: bool = False, gathering: bool = True
) -> list[str]:
    """The Accept headers of a list and a watch."""
    talk = Conversation(streaming=False)
    heads: list[str] = []

    async def stop(seconds: float) -> None:
        raise _Enough

    async with _server(talk, heads) as url:
        cluster = Cluster(ClusterChoice(str(kubeconfig(folder / "k", server=url))), {})
        watcher = Watcher(
            cluster,
            "/x",
            talk.protocol,
            talk.telemetry,
            sleep=stop,
            metadata_only=metadata_only,
            gathering=gathering,
        )
        with pytest.raises(_Enough):
            await watcher.run()
        await cluster.close()
    return heads


def test_whole_objects_unless_asked_otherwise() -> None:
    """Plain JSON, whatever is asked."""
    assert {accepted_type(p, metadata_only=False) for p in Phase} == {"application/json"}


def test_a_streamed_list_is_of_single_objects() -> None:
    """It is a watch, so its frames hold no list."""
    assert accepted_type(Phase.STREAM, metadata_only=True) == _ONE


async def test_metadata_is_asked_for_in_list_and_watch(tmp_path: Path) -> None:
    """Each by its own type; plain JSON after it, for servers that know nothing else."""
    assert await _accepted(tmp_path, metadata_only=True) == [_LIST, _ONE]


async def test_a_watcher_of_whole_objects_asks_for_json(tmp_path: Path) -> None:
    """Nothing of it changes for the events."""
    assert set(await _accepted(tmp_path)) == {"application/json"}


@pytest.mark.parametrize("gathering", [True, False])
async def test_reads_are_gathered_unless_asked_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gathering: bool
) -> None:
    """What others wait for is read at once."""
    gathered: list[socket.socket] = []
    monkeypatch.setattr(watcher_module, "gather", gathered.append)
    await _accepted(tmp_path, gathering=gathering)
    assert bool(gathered) is gathering
