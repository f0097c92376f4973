"""Access to ``reasons.yaml``: what components are known to write as events."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import msgspec
import yaml

_FILE = Path(__file__).parent / "reasons.yaml"
# One that the template stands for: rules see it filled.
_FILLED = {
    "cert-manager-<controller>": "cert-manager-certificates-issuing",
    "external-resizer <driver>": "external-resizer ebs.csi.example.org",
    "csi-snapshotter <driver>": "csi-snapshotter ebs.csi.example.org",
    "<provisioner>_<pod>_<uuid>": (
        "ebs.csi.example.org_ebs-csi-controller-0_6f0c2f0e-3c4c-4a57-9d0e-1f3c1d5e8b11"
    ),
    "<any leader electing component>": "default-scheduler",
}
_ANY_KIND = "ConfigMap"


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What some components write about some kinds, for one reason."""

    reason: str
    type: str
    kinds: list[str]
    components: list[str]
    category: str
    subcategory: str = ""
    messages: list[str] = []

    @property
    def types(self) -> list[str]:
        """Normal, Warning or both."""
        return self.type.split("|")


class Known(NamedTuple):
    """One of the combinations of an entry; template and wildcard filled with an example."""

    type: str
    component: str
    kind: str
    reason: str


@cache
def entries() -> tuple[Entry, ...]:
    """All of them, in the order of their reasons."""
    data = yaml.safe_load(_FILE.read_text("utf-8"))
    return tuple(msgspec.convert(data, list[Entry]))


def example(component: str) -> str:
    """A component as an event would have it."""
    return _FILLED.get(component, component)


def combinations(entry: Entry) -> Iterator[Known]:
    """What events of an entry can be."""
    for type_ in entry.types:
        for component in entry.components:
            for kind in entry.kinds:
                yield Known(
                    type_, example(component), _ANY_KIND if kind == "*" else kind, entry.reason
                )
