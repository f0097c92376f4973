# SPDX-License-Identifier: Apache-2.0
"""The log: one line for each change of state, in logfmt or JSON, on standard error."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime

_LEVELS = {"warning": "warn"}


class _Structured(logging.Formatter):
    """``logger.info("synced", extra={"fields": {...}})`` to one line."""

    def fields(self, record: logging.LogRecord) -> dict[str, object]:
        level = record.levelname.lower()
        stamp = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        fields: dict[str, object] = {
            "ts": stamp.replace("+00:00", "Z"),
            "level": _LEVELS.get(level, level),
            "msg": record.getMessage(),
        }
        fields.update(getattr(record, "fields", {}))
        if record.exc_info:
            fields["error"] = self.formatException(record.exc_info)
        return fields


class _Logfmt(_Structured):
    def format(self, record: logging.LogRecord) -> str:
        return " ".join(f"{k}={_logfmt_value(v)}" for k, v in self.fields(record).items())


class _Json(_Structured):
    def format(self, record: logging.LogRecord) -> str:
        return json.dumps(self.fields(record), default=str)


def _logfmt_value(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    text = str(value)
    if text and text.isprintable() and not any(c in text for c in ' "=\\'):
        return text
    return json.dumps(text, ensure_ascii=False)


def configure_logging(level: str, format_: str) -> None:
    """Send the log of this process to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json() if format_ == "json" else _Logfmt())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # Libraries speak at debug of every request, headers included: tokens never reach a log.
    for library in ("asyncio", "aiohttp", "kubernetes", "urllib3"):
        logging.getLogger(library).setLevel(max(logging.INFO, root.level))
