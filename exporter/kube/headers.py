# SPDX-License-Identifier: Apache-2.0
"""What the headers of an answer say: its time, when to ask again, whether it is the API's.

They come from whoever answers, a proxy or a captive portal too: nothing in them raises.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime


def server_time(headers: Mapping[str, str]) -> float | None:
    """The server's clock, Unix seconds, whole; None where it says nothing that can be read."""
    return _http_date(headers.get("Date", ""))


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds to wait, None where none are named; ``now`` is Unix seconds on our clock.

    The header holds seconds or a date (RFC 9110, 10.2.3); a date is the server's, so it is
    held against the server's clock where the answer tells it.
    """
    text = headers.get("Retry-After", "")
    try:
        seconds = float(text)
    except ValueError:
        when = _http_date(text)
        if when is None:
            return None
        sent = server_time(headers)
        seconds = when - (now if sent is None else sent)
    return max(seconds, 0.0) if math.isfinite(seconds) else None


def foreign_type(headers: Mapping[str, str]) -> str:
    """The media type of an answer that is no JSON, ``""`` for JSON and where none is named."""
    media_type = headers.get("Content-Type", "").partition(";")[0].strip().lower()
    return "" if media_type.endswith("json") else media_type


def _http_date(text: str) -> float | None:
    try:
        date = parsedate_to_datetime(text)
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError, TypeError):
        return None
