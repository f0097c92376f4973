# SPDX-License-Identifier: Apache-2.0
"""Makes the requests for reviews."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import aiohttp

from exporter.kube.connection import Cluster, ConnectionConfigError
from exporter.kube.refusals import refusal
from exporter.reviewing.wire import (
    ACCESS_PATH,
    TOKEN_PATH,
    UnreadableError,
    access_review,
    read_access_review,
    read_token_review,
    token_review,
)
from exporter.web.reviews import UnansweredError, User

# Each; an API server answers within milliseconds.
_ANSWER_SECONDS = 5.0
# Of an answer: a user with thousands of groups has some 100 kB of them.
_MAX_ANSWER_BYTES = 256 * 1024
# Strangers can have us ask all the time, and a plug-in for credentials can cost seconds.
_RENEWAL_SECONDS = 10.0


class ApiReviewer:
    """Asks ``cluster``, which is loaded as it is needed. ``clock`` gives monotonic seconds.

    Our own credentials, once they are refused, are read anew before the next question.
    """

    def __init__(self, cluster: Cluster, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._cluster = cluster
        self._clock = clock
        self._refused = False
        self._renewed = float("-inf")

    async def who(self, token: str) -> User | None:
        """Whose the token is, None for nobody's; raises ``UnansweredError``."""
        body = await self._post(TOKEN_PATH, token_review(token))
        try:
            return read_token_review(body)
        except UnreadableError as error:
            raise UnansweredError(f"{self._cluster.url}{TOKEN_PATH}: {error}") from None

    async def may(self, user: User, path: str) -> bool:
        """Whether the user may get the path; raises ``UnansweredError``."""
        body = await self._post(ACCESS_PATH, access_review(user, path))
        try:
            return read_access_review(body)
        except UnreadableError as error:
            raise UnansweredError(f"{self._cluster.url}{ACCESS_PATH}: {error}") from None

    async def _post(self, path: str, body: bytes) -> bytes:
        try:
            await self._load()
            async with asyncio.timeout(_ANSWER_SECONDS):
                status, answer = await self._exchange(path, body)
        except ConnectionConfigError as error:
            raise UnansweredError(str(error)) from error
        except TimeoutError:
            problem = f"no answer in {_ANSWER_SECONDS:g} s"
        except (aiohttp.ClientError, OSError) as error:
            problem = str(error) or type(error).__name__
        else:
            self._refused = status == 401
            if status in (200, 201):
                return answer
            _, problem = refusal(status, answer)
        raise UnansweredError(f"{self._cluster.url}{path}: {problem}")

    async def _load(self) -> None:
        now = self._clock()
        renew = self._refused and now - self._renewed >= _RENEWAL_SECONDS
        if renew:
            self._renewed = now
        await self._cluster.load(refused=renew)

    async def _exchange(self, path: str, body: bytes) -> tuple[int, bytes]:
        async with self._cluster.request("POST", path, body) as response:
            answer = bytearray()
            while data := await response.content.readany():
                answer += data
                if len(answer) > _MAX_ANSWER_BYTES:
                    raise aiohttp.ClientPayloadError(f"more than {_MAX_ANSWER_BYTES} bytes")
            return response.status, bytes(answer)
