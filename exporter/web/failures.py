# SPDX-License-Identifier: Apache-2.0
"""What aiohttp logs of requests: our own failures, and nothing of what strangers send."""

from __future__ import annotations

import logging

from aiohttp.http_exceptions import HttpProcessingError


def _is_ours(record: logging.LogRecord) -> bool:
    # aiohttp quotes a line of what is no HTTP, as an error and with a traceback: that line can be
    # a token or a password with a character too many, and can be sent for ever.
    error = record.exc_info[1] if record.exc_info else None
    return record.levelno >= logging.ERROR and not isinstance(error, HttpProcessingError)


logger = logging.getLogger("exporter.web")
"""For aiohttp's servers."""
logger.addFilter(_is_ours)
