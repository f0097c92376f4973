# SPDX-License-Identifier: Apache-2.0
"""What expressions of audit rules can read of a request."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import attrgetter

from exporter.audit.record import AuditRecord
from exporter.audit.users import STRANGERS, UserClass
from exporter.rules.audit.selectors import Selector
from exporter.rules.expressions import Fields

_ENDLESS_NAME = "the name of the object travels as the exemplar"
_ENDLESS_USER = "the user travels as the exemplar; --audit.user-labels adds such a label"
_ENDLESS_TEXT = "a cause table makes one of few values of it"
# Bad credentials, or an unreadable time-out before anybody looked at them.
_UNAUTHENTICATED_CODES = (400, 401)
TEXTS: Mapping[str, Callable[[AuditRecord], str]] = {
    name: attrgetter(name)
    for name in ("namespace", "name", "user", "impersonated_user", "source", "user_agent", "uri")
}
"""Of which there is one."""
SEVERAL: Mapping[str, Callable[[AuditRecord], Iterable[str]]] = {
    "user_group": attrgetter("user_groups"),
    "impersonated_group": attrgetter("impersonated_groups"),
    "annotation": attrgetter("annotation_keys"),
}
"""Of which there can be several."""
FIELDS = Fields(
    readers={
        **{name: attrgetter(name) for name in ("verb", "group", "resource", "subresource")},
        "code": lambda record: str(record.code),
        "user_class": lambda record: str(record.counted_class),
        **TEXTS,
    },
    endless={
        "name": _ENDLESS_NAME,
        "user": _ENDLESS_USER,
        "impersonated_user": _ENDLESS_TEXT,
        "source": _ENDLESS_TEXT,
        "user_agent": _ENDLESS_TEXT,
        "uri": _ENDLESS_TEXT,
    },
    of_groups="one of its patterns",
)


def known_classes(selector: Selector) -> Sequence[str]:
    """The values that ``$user_class`` can have in a rule for these requests."""
    real = [word for word in selector.classes.written if word != UserClass.IMPERSONATED]
    acting = UserClass.IMPERSONATED in selector.classes or bool(set(real) - STRANGERS)
    if not any(code in selector.codes for code in _UNAUTHENTICATED_CODES):
        real = [word for word in real if word != UserClass.UNAUTHENTICATED]
    return (*real, *([str(UserClass.IMPERSONATED)] if acting else []))
