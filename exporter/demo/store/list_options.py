# SPDX-License-Identifier: Apache-2.0
"""The query of a LIST or WATCH, parsed and validated as a kube-apiserver does.

Which combination is refused, with which code and words, was recorded from kube-apiserver 1.36.3,
with the WatchList feature gate on and off.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from exporter.demo.store.field_selector import EVERYTHING, FieldSelector
from exporter.demo.store.status import ApiError, Violation, bad_request, invalid_options

_MATCH = "resourceVersionMatch"
_SEND = "sendInitialEvents"


def _forbidden(field: str, text: str) -> Violation:
    return Violation(field, "FieldValueForbidden", f"Forbidden: {text}")


def _unsupported(value: str, supported: str) -> Violation:
    text = f'Unsupported value: "{value}": supported values: {supported}'
    return Violation(_MATCH, "FieldValueNotSupported", text)


_MATCH_AND_CONTINUE = _forbidden(_MATCH, f"{_MATCH} is forbidden when continue is provided")


@dataclass(frozen=True, slots=True)
class ListOptions:
    """One LIST or WATCH as its client meant it.

    `resource_version` is None where none was given. `send_initial_events` is None likewise, which
    is not the same as false. `timeout` is in seconds, 0 where the server may choose.
    """

    watch: bool = False
    limit: int = 0
    continue_token: str = ""
    resource_version: int | None = None
    match: str = ""
    send_initial_events: bool | None = None
    bookmarks: bool = False
    timeout: float = 0.0
    selector: FieldSelector = EVERYTHING

    @classmethod
    def parse(cls, query: Mapping[str, str], *, watch_list: bool) -> Self:
        """Parse a query; ApiError 400, 422 or 500 where the real server refuses.

        `watch_list` is the feature gate of streamed initial events.
        """
        watch = _boolean(query.get("watch"))
        send = query.get(_SEND)
        match = query.get(_MATCH, "")
        given = query.get("resourceVersion", "")
        token = query.get("continue", "")
        send_initial_events = None if send is None else _boolean(send)
        violations = (
            _watch_violations(match, token, send=send is not None, watch_list=watch_list)
            if watch
            else _list_violations(match, given, token, send=send is not None)
        )
        if violations:
            raise invalid_options(violations)
        if token and given and given != "0":
            raise bad_request("specifying resource version is not allowed when using continue")
        return cls(
            watch=watch,
            limit=_integer(query, "limit"),
            continue_token=token,
            resource_version=_version(given),
            match=match,
            send_initial_events=send_initial_events,
            bookmarks=_boolean(query.get("allowWatchBookmarks")),
            timeout=float(_integer(query, "timeoutSeconds")),
            selector=FieldSelector.parse(query.get("fieldSelector", "")),
        )


def _boolean(text: str | None) -> bool:
    """Any value but these two is true: the API's own rule."""
    return text not in (None, "", "false", "0")


def _integer(query: Mapping[str, str], name: str) -> int:
    text = query.get(name, "")
    if not text:
        return 0
    try:
        return int(text)
    except ValueError:
        raise bad_request(
            f'unable to convert {name}: strconv.ParseInt: parsing "{text}": invalid syntax'
        ) from None


def _version(text: str) -> int | None:
    if not text:
        return None
    if not text.isascii() or not text.isdigit():
        raise ApiError(
            500,
            "",
            f'resourceVersion: Invalid value: "{text}":'
            f' strconv.ParseUint: parsing "{text}": invalid syntax',
        )
    return int(text)


def _list_violations(match: str, given: str, token: str, *, send: bool) -> list[Violation]:
    checks = (
        (
            match and not given,
            _forbidden(_MATCH, f"{_MATCH} is forbidden unless resourceVersion is provided"),
        ),
        (match and token, _MATCH_AND_CONTINUE),
        (
            match not in ("", "Exact", "NotOlderThan"),
            _unsupported(match, '"Exact", "NotOlderThan", ""'),
        ),
        (
            match == "Exact" and given == "0",
            _forbidden(_MATCH, f'{_MATCH} "exact" is forbidden for resourceVersion "0"'),
        ),
        (send, _forbidden(_SEND, f"{_SEND} is forbidden for list")),
    )
    return [violation for refused, violation in checks if refused]


def _watch_violations(match: str, token: str, *, send: bool, watch_list: bool) -> list[Violation]:
    checks = (
        (
            send and match != "NotOlderThan",
            _forbidden(_MATCH, f"{_SEND} requires setting {_MATCH} to NotOlderThan"),
        ),
        (
            send and not watch_list,
            _forbidden(
                _SEND,
                f"{_SEND} is forbidden for watch unless the WatchList feature gate is enabled",
            ),
        ),
        (
            match and not send,
            _forbidden(_MATCH, f"{_MATCH} is forbidden for watch unless {_SEND} is provided"),
        ),
        (match not in ("", "NotOlderThan"), _unsupported(match, '"NotOlderThan"')),
        (match and token, _MATCH_AND_CONTINUE),
    )
    return [violation for refused, violation in checks if refused]
