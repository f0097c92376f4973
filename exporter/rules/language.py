# SPDX-License-Identifier: Apache-2.0
"""The format of a rule file, as types: an unknown or misspelt key is an error.

An expression, wherever a label or value is written, is one of

    $name            a field of the event, or a named group of the rule's message pattern
    function($name)  one of the closed set in ``functions``
    anything else    itself
"""

from __future__ import annotations

import msgspec


class FamilySpec(msgspec.Struct, forbid_unknown_fields=True):
    """A metric family that rules feed."""

    type: str
    """``counter`` or ``histogram``: what happened is counted or measured, never set."""
    help: str
    labels: list[str]
    buckets: list[float] = []


class CauseSpec(msgspec.Struct, forbid_unknown_fields=True):
    """One row of a cause table: the first whose pattern is found in the text names the cause."""

    cause: str
    pattern: str


class LifecycleSpec(msgspec.Struct, forbid_unknown_fields=True):
    """A pair of events: ``key`` (expressions) tells one pair from another."""

    key: list[str]
    max_age_seconds: float


class SampleSpec(msgspec.Struct, forbid_unknown_fields=True):
    """What a matching event adds: to a counter, or to a histogram where ``value`` is given.

    ``value: $elapsed`` is the time since the lifecycle that the rule closes was opened.
    """

    family: str
    labels: dict[str, str]
    value: str = ""


class RuleSpec(msgspec.Struct, forbid_unknown_fields=True):
    """One rule. Among rules of the same (component, kind, reason) the first that matches wins."""

    id: str
    reasons: list[str]
    components: list[str]
    kinds: list[str] = msgspec.field(default_factory=lambda: ["Pod"])
    message: str = ""
    opens: str = ""
    closes: str = ""
    samples: list[SampleSpec] = []


class RuleFile(msgspec.Struct, forbid_unknown_fields=True):
    """A whole file."""

    families: dict[str, FamilySpec] = {}
    causes: dict[str, list[CauseSpec]] = {}
    lifecycles: dict[str, LifecycleSpec] = {}
    rules: list[RuleSpec] = []
