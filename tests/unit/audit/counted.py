"""Audit records that are counted, looked at as a page."""

from __future__ import annotations

from typing import Any

from exporter.audit import AuditReader, Identities
from exporter.metrics.births import Births, Scrapers
from exporter.metrics.page import Page
from exporter.metrics.text import Format
from exporter.pipeline import AuditCounting
from exporter.rules.audit.rulebook import AuditRules
from tests.unit.audit.events import FORBID, failure, line
from tests.unit.metrics.house import samples

STRANGER: dict[str, Any] = {
    "stage": "ResponseStarted",
    "user": {},
    "annotations": None,
    "responseStatus": failure(401),
}
ANONYMOUS: dict[str, Any] = {
    "user": {"username": "system:anonymous", "groups": ["system:unauthenticated"]},
    "annotations": FORBID,
    "responseStatus": failure(403),
}


def on(resource: str, namespace: str = "shop", **more: str) -> dict[str, Any]:
    return {"objectRef": {"resource": resource, "namespace": namespace, **more}}


class Counted:
    """Records go in by their lines; each has an id of its own unless it says one."""

    def __init__(
        self,
        *,
        series_limit: int = 1_000,
        rules: AuditRules | None = None,
        user_labels: bool = False,
    ) -> None:
        self.births = Births(lambda: 0.0)
        self.identities = Identities(("log",), limit=1_000)
        self.counting = AuditCounting(
            self.births,
            self.identities,
            series_limit=series_limit,
            rules=rules or AuditRules(),
            user_labels=user_labels,
        )
        self._number = 0

    def tell(self, **fields: Any) -> Counted:
        self._number += 1
        for record in AuditReader().lines(line(**{"auditID": str(self._number), **fields})):
            self.counting.reached(record, "log")
        return self

    def page(self, format_: Format = Format.TEXT) -> str:
        page = Page(self.counting.families(), self.births, Scrapers(self.births, lambda: 0.0))
        return b"".join(page.render(format_)[0]).decode()

    def found(self, family: str) -> dict[str, float]:
        """Samples above 0 of one family, by their labels."""
        return {
            name.removeprefix(family): value
            for name, value in samples(self.page()).items()
            if name.startswith(family + "{") and value
        }


def labels(**values: str) -> str:
    return "{" + ",".join(f'{name}="{value}"' for name, value in values.items()) + "}"


def request(**others: str) -> str:
    values = {
        "verb": "create",
        "group": "",
        "resource": "pods",
        "subresource": "",
        "code": "201",
        "user_class": "user",
    }
    return labels(**{**values, **others})
