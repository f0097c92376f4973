"""Parts of docs/notifications.md: alerts/alertmanager.yml as tables, and a text as it is sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from deploy.demo import settings
from tests.docs.markdown import codes, table

_WAITS = ("group_wait", "group_interval", "repeat_interval")
_MESSAGE = settings.ROOT / "tests" / "notifications" / "golden" / "firing_several.txt"


def parts() -> dict[str, str]:
    """By name."""
    shipped = settings.load(settings.ALERTMANAGER)
    return {
        "routes": table(
            ("receiver", "gets", "grouped by", "first after", "news after", "again after"),
            _routes(shipped["route"], {}, ()),
        ),
        "inhibition": table(
            ("while this fires", "this is silent", "that has the same"),
            (
                (
                    _matchers(rule["source_matchers"]),
                    _matchers(rule["target_matchers"]),
                    codes(rule["equal"]),
                )
                for rule in shipped["inhibit_rules"]
            ),
        ),
        "message": f"```text\n{_MESSAGE.read_text('utf-8')}```",
    }


def _routes(
    route: Mapping[str, Any], above: Mapping[str, Any], matchers: tuple[str, ...]
) -> Iterator[tuple[str, ...]]:
    """Of the routes that are no default: all but the root."""
    whole = {**above, **route}
    matchers = (*matchers, *route.get("matchers", ()))
    if above:
        gets = _matchers(matchers) if matchers else "what no other route took"
        waits = (whole[wait] for wait in _WAITS)
        yield codes([route["receiver"]]), gets, codes(whole["group_by"]), *waits
    for below in route.get("routes", ()):
        yield from _routes(below, {k: v for k, v in whole.items() if k != "matchers"}, matchers)


def _matchers(matchers: tuple[str, ...] | list[str]) -> str:
    """Alerts by their names, where that is all; else as they are written."""
    alone = len(matchers) == 1 and matchers[0].startswith("alertname")
    return codes(matchers[0].split('"')[1].split("|") if alone else matchers)
