# SPDX-License-Identifier: Apache-2.0
"""What an HTTP status says that is no answer."""

from __future__ import annotations

import msgspec

from exporter.kube.telemetry import Failure


class _Status(msgspec.Struct):
    """A refusal's body as far as it is read."""

    message: str = ""


def refusal(code: int, body: bytes) -> tuple[Failure, str]:
    """The class of an HTTP status that is no answer, and the server's own words."""
    try:
        said = msgspec.json.decode(body, type=_Status).message
    except (msgspec.MsgspecError, RecursionError):
        said = ""
    detail = f"HTTP {code} {said}".strip()
    match code:
        case 401:
            return Failure.UNAUTHORIZED, detail
        case 403:
            return Failure.FORBIDDEN, detail
        case 429:
            return Failure.THROTTLED, detail
        case _ if code >= 500:
            return Failure.SERVER_ERROR, detail
        case _ if code >= 400:
            return Failure.REJECTED, detail
        case _:
            return Failure.UNREADABLE, detail
