# SPDX-License-Identifier: Apache-2.0
"""Notes: how a room that knows no log has something said in it."""

from __future__ import annotations

from collections.abc import Callable

Note = Callable[[str, str, dict[str, object]], None]
"""Takes (level, message, fields): one call for each change of state, never one an event."""
