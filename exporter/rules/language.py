# SPDX-License-Identifier: Apache-2.0
"""The format of a rule file, as types: an unknown or misspelt key is an error.

What is written here is also the JSON Schema that editors understand, and the reference in
``docs/rules.md``: both are generated.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from exporter.rules.audit.language import AuditRuleSpec, CountSpec

Names = Annotated[list[str], Meta(min_length=1)]


class FamilySpec(msgspec.Struct, forbid_unknown_fields=True):
    """A metric family that rules feed."""

    type: Annotated[
        Literal["counter", "histogram"],
        Meta(description="What happened is counted or measured; no rule sets a gauge."),
    ]
    help: Annotated[str, Meta(description="One sentence, with its full stop.")]
    labels: Annotated[list[str], Meta(description="Label names, in the order they are shown.")]
    buckets: Annotated[
        list[float],
        Meta(description="Upper bounds of a histogram in base units, rising, without +Inf."),
    ] = []
    stability: Annotated[
        Literal["ALPHA", "STABLE"], Meta(description="What dashboards and alerts may rely on.")
    ] = "ALPHA"
    unbounded: Annotated[
        list[str],
        Meta(
            description="Labels that may be $name, $uid or $message: each object makes a series "
            "of its own."
        ),
    ] = []


class CauseSpec(msgspec.Struct, forbid_unknown_fields=True):
    """One row of a cause table: a text in which the pattern is found has this cause."""

    cause: Annotated[
        str,
        Meta(
            pattern=r"^[a-z0-9]+(_[a-z0-9]+)*$",
            description="Lower case, words joined by underscores.",
        ),
    ]
    pattern: Annotated[str, Meta(description="Found anywhere in the text, unless it is anchored.")]


class EachCause(msgspec.Struct, forbid_unknown_fields=True):
    """A cause table of which every row counts that is found, not only the first."""

    each: Annotated[Literal[True], Meta(description="Every row that is found names a cause.")]
    rows: list[CauseSpec]


class LifecycleSpec(msgspec.Struct, forbid_unknown_fields=True):
    """A pair of events, the second of which says how long something took."""

    key: Annotated[
        Names, Meta(description="Expressions that tell one pair from another, such as $uid.")
    ]
    max_age: Annotated[
        str,
        Meta(
            description="Go duration; a pair of which nothing is heard for longer is abandoned.",
            examples=["1h"],
        ),
    ]
    repeat: Annotated[
        Literal["first", "newest"],
        Meta(
            description="Which of several openings counts. With `first` a pair also begins at "
            "its event's first occurrence, with `newest` at the latest."
        ),
    ] = "first"
    prime: Annotated[
        bool,
        Meta(
            description="Whether the first list can begin pairs. Not so where an opening in it "
            "need not be the first one: the others may have expired."
        ),
    ] = True


class SampleSpec(CountSpec):
    """What a matching event adds: 1 to a counter, or ``value`` to a histogram."""

    value: Annotated[
        str,
        Meta(
            description="For histograms: duration($x), quantity($x), or $elapsed, the seconds "
            "since the opening, in a rule that closes."
        ),
    ] = ""


class RuleSpec(msgspec.Struct, forbid_unknown_fields=True):
    """Which events, and what they add. The first rule of a file that matches wins there."""

    id: Annotated[
        str,
        Meta(
            pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$",
            description="Unique. A rule of a user's file replaces the built-in one of its id.",
        ),
    ]
    components: Annotated[
        Names,
        Meta(description="The reporting components; one * at an end stands for anything."),
    ]
    reasons: Annotated[
        Names, Meta(description="The events' reasons; one * at an end stands for anything.")
    ]
    kinds: Annotated[Names, Meta(description="Kinds of the involved object; * is any.")] = (
        msgspec.field(default_factory=lambda: ["Pod"])
    )
    types: Annotated[
        list[str],
        Meta(
            description="The events' types: `Normal`, `Warning` or what else a controller writes, "
            "one * at an end stands for anything; any if left out.",
            examples=[["Warning"]],
        ),
    ] = []
    message: Annotated[
        str,
        Meta(
            description="A pattern (RE2 syntax) that is found in the message, without the prefix "
            "of merged events; its named groups can be used in expressions."
        ),
    ] = ""
    opens: Annotated[str, Meta(description="The lifecycle that such an event opens.")] = ""
    closes: Annotated[str, Meta(description="The lifecycle that such an event closes.")] = ""
    outcome: Annotated[
        str, Meta(description="How a closing ended it: a constant, `closed` if left out.")
    ] = ""
    optional: Annotated[
        bool, Meta(description="A closing without an opening is normal here, not unmatched.")
    ] = False
    samples: list[SampleSpec] = []


class RuleFile(msgspec.Struct, forbid_unknown_fields=True):
    """A file of rules for kube-event-metrics."""

    families: dict[str, FamilySpec] = {}
    causes: Annotated[
        dict[str, list[CauseSpec] | EachCause],
        Meta(description="Tables that turn a text into a cause; `other` where no row is found."),
    ] = {}
    lifecycles: dict[str, LifecycleSpec] = {}
    rules: list[RuleSpec] = []
    audit_rules: list[AuditRuleSpec] = []
