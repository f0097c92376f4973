# SPDX-License-Identifier: Apache-2.0
"""Why a request is not taken: what the client is told, what is counted, what is said of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from aiohttp import web

from exporter.notes import Note
from exporter.web.seldom import Seldom
from exporter.web.terms.passwords import CHALLENGE

# client-go waits so long and sends the batch again, within the same of its tries.
_RETRY_SECONDS = 5


class Refusal(StrEnum):
    """A batch that was not taken, by cause: a closed set, it is a label value."""

    TOO_LARGE = "too_large"
    NOT_EVENT_LIST = "not_event_list"
    UNAUTHORIZED = "unauthorized"
    OVERLOADED = "overloaded"
    SLOW = "slow"
    NOT_SAVED = "not_saved"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a client is told that is not served: one line, what is wrong and what to do."""

    status: int
    text: str
    cause: Refusal | None = None
    """None: no API server that is set up for us sends such a thing, so it is no batch."""
    keep: bool = False
    """Whether the connection may go on; not while a body is on the way, nor with strangers."""
    headers: Mapping[str, str] = field(default_factory=dict)


class RefusedError(Exception):
    """The request is not taken."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.text)
        self.answer = answer


class Refusals:
    """Counts what is refused, says it now and then, and makes the response."""

    def __init__(self, note: Note) -> None:
        self.counts: dict[Refusal, int] = dict.fromkeys(Refusal, 0)
        self._note = note
        self._seldom = Seldom()

    def response(self, request: web.BaseRequest, answer: Answer) -> web.Response:
        """What the client gets."""
        cause = answer.cause
        if cause:
            self.counts[cause] += 1
        if times := self._seldom.due(cause or answer.status):
            fields = {"from": request.remote or "", "status": answer.status, "times": times}
            self._note("warning", f"audit webhook: {answer.text}", fields)
        response = web.Response(
            text=answer.text + "\n", status=answer.status, headers=answer.headers
        )
        if not answer.keep:
            response.force_close()
        return response


NO_SUCH_PATH = Answer(
    404,
    "no such path: post to /audit, /audit/webhook or /audit/REGION/webhook, where REGION is up to "
    "63 letters, digits, '.', '_' and '-', with a letter or digit at both ends",
)
NO_SUCH_METHOD = Answer(405, "only POST is served here", headers={"Allow": "POST"})
UNAUTHORIZED = Answer(
    401,
    "no valid bearer token: put one of the token file's into the webhook's kubeconfig, whose "
    "server must be an https URL, and restart the API server",
    Refusal.UNAUTHORIZED,
    headers={"WWW-Authenticate": "Bearer"},
)
NO_PASSWORD = Answer(
    401,
    "no valid user and password: put those of --audit.webhook.config-file into the webhook's "
    "kubeconfig, whose server must be an https URL, and restart the API server",
    Refusal.UNAUTHORIZED,
    headers={"WWW-Authenticate": CHALLENGE},
)
ENCODED = Answer(415, "compressed bodies are not taken: send it without Content-Encoding")
DAMAGED = Answer(400, "the body cannot be read: it is not framed as its headers say")
NOT_EVENT_LIST = Answer(
    400,
    "the body is no EventList of audit.k8s.io/v1: set --audit-webhook-version=audit.k8s.io/v1",
    Refusal.NOT_EVENT_LIST,
    keep=True,
)
NOT_SAVED = Answer(
    503,
    "the batch could not be saved: send it again, and see the exporter's log",
    Refusal.NOT_SAVED,
    keep=True,
    headers={"Retry-After": str(_RETRY_SECONDS)},
)
OVERLOADED = Answer(
    503,
    "too many batches at once: send it again later",
    Refusal.OVERLOADED,
    headers={"Retry-After": str(_RETRY_SECONDS)},
)
FAILED = Answer(500, "the exporter failed at this batch: see its log, and report it", keep=True)


def too_large(limit: int) -> Answer:
    """The batch is lost: the API server gives up after five tries."""
    return Answer(
        413,
        f"the body is larger than {limit} bytes, and this batch is lost: raise "
        "--audit.webhook.max-body-bytes, or have the API server truncate "
        "(--audit-webhook-truncate-enabled)",
        Refusal.TOO_LARGE,
    )


def too_slow(seconds: float) -> Answer:
    """The API server gives up after 30 s itself."""
    return Answer(408, f"the body was not whole within {seconds:g} s", Refusal.SLOW)
