"""The pages under docs/ of which a part, or all, is made from declarations: it cannot drift.

Prose is written in the page itself; what stands between the comments ``made by tests/docs``
and ``end`` is made anew. `PAGES` maps each file to the function that makes its text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from tests.docs import alerts, configuration, language, metrics, notifications, reasons
from tests.docs.markdown import DOCS, filled


def _page(path: Path, parts: Callable[[], Mapping[str, str]]) -> str:
    return filled(path.read_text("utf-8"), parts())


_PARTS = {
    DOCS / "alerts.md": alerts.parts,
    DOCS / "configuration.md": configuration.parts,
    DOCS / "metrics.md": metrics.parts,
    DOCS / "notifications.md": notifications.parts,
    DOCS / "reasons.md": reasons.parts,
    DOCS / "rules.md": language.parts,
}
PAGES: dict[Path, Callable[[], str]] = {
    **{path: partial(_page, path, parts) for path, parts in _PARTS.items()},
    DOCS / "rules.schema.json": language.schema,
}
