# SPDX-License-Identifier: Apache-2.0
"""The format of ``audit_rules``, as types: an unknown or misspelt key is an error."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from exporter.audit.resources import OTHER, VERBS, WRITES
from exporter.audit.users import UserClass

GROUPS_OF_VERBS = {"read": frozenset({"get", "list", "watch"}), "write": WRITES}
"""Words for several verbs."""
VERB_WORDS = (*GROUPS_OF_VERBS, *sorted(VERBS), OTHER)
CLASS_WORDS = tuple(str(each) for each in UserClass)
FAILURE = 400

Names = Annotated[list[str], Meta(min_length=1)]


class CountSpec(msgspec.Struct, forbid_unknown_fields=True):
    """What a matching request adds: 1 to a counter."""

    family: Annotated[str, Meta(description="A family of this file or of another one.")]
    labels: Annotated[dict[str, str], Meta(description="An expression for each of its labels.")]


class BodySpec(msgspec.Struct, forbid_unknown_fields=True):
    """Something that stands in the request's body."""

    paths: Annotated[
        Names,
        Meta(
            description="Keys with points between them, `[]` for every element of a list; one of "
            "the paths is enough.",
            examples=[["spec.containers[].securityContext.privileged"]],
        ),
    ]
    values: Annotated[
        list[str | bool | int],
        Meta(description="One of these stands there, such as `true` or `cluster-admin`."),
    ] = []
    pattern: Annotated[
        str,
        Meta(description="Or this pattern is found in a text that stands there."),
    ] = ""


class AuditConditions(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Which requests are meant: all that is written here holds for them."""

    verbs: Annotated[
        list[Annotated[str, Meta(extra_json_schema={"enum": list(VERB_WORDS)})]],
        Meta(
            description="As the API has them; `write` is create, update, patch, delete and "
            "deletecollection, `read` is get, list and watch.",
            examples=[["write"]],
        ),
    ] = []
    api_groups: Annotated[
        list[str],
        Meta(description="Groups of the API; '' is the core group. One * at an end is anything."),
    ] = []
    resources: Annotated[
        list[str],
        Meta(
            description="As in an audit policy: `pods`, `pods/exec`, `pods/*` for all its "
            "subresources, `*/status` for that of all, `*` for any; '' for requests without one.",
            examples=[["pods", "pods/exec"]],
        ),
    ] = []
    user_classes: Annotated[
        list[Annotated[str, Meta(extra_json_schema={"enum": list(CLASS_WORDS)})]],
        Meta(
            description="Of who really asks. `impersonated` is whoever acts as somebody else, "
            "whatever the class.",
            examples=[["user", "service_account"]],
        ),
    ] = []
    codes: Annotated[
        list[str | int],
        Meta(
            description="HTTP codes such as 403, classes such as 5xx, `ok` for all below 400, "
            "`failed` for the rest.",
            examples=[["ok"], [403]],
        ),
    ] = []
    namespace: Annotated[
        str, Meta(description="A pattern (RE2 syntax) that is found in the namespace.")
    ] = ""
    name: Annotated[str, Meta(description="A pattern, of the object's name.")] = ""
    user: Annotated[str, Meta(description="A pattern, of the name of who really asks.")] = ""
    user_group: Annotated[str, Meta(description="A pattern, of one of the user's groups.")] = ""
    impersonated_user: Annotated[
        str, Meta(description="A pattern, of the name that is acted under.")
    ] = ""
    impersonated_group: Annotated[
        str, Meta(description="A pattern, of one of the groups that are acted under.")
    ] = ""
    source: Annotated[
        str,
        Meta(
            description="A pattern, of the address that the API server spoke to. Those before it, "
            "which a client can make up, are not looked at."
        ),
    ] = ""
    user_agent: Annotated[
        str, Meta(description="A pattern, of what the client says it is: a hint, no proof.")
    ] = ""
    uri: Annotated[str, Meta(description="A pattern, of path and query.")] = ""
    annotation: Annotated[
        str,
        Meta(description="A pattern, of the key of one of the annotations but the authorizer's."),
    ] = ""
    body: Annotated[
        list[BodySpec],
        Meta(
            description="What stands in the request's body. Holds only where the audit policy's "
            "level is Request or RequestResponse."
        ),
    ] = []


class AuditRuleSpec(AuditConditions, kw_only=True):
    """Which requests, and what they add. The first rule of a file that matches wins there."""

    id: Annotated[
        str,
        Meta(
            pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$",
            description="Unique. A rule of a user's file replaces the built-in one of its id.",
        ),
    ]
    stage: Annotated[
        Literal["over", "started"],
        Meta(
            description="When it counts. `started` is for what lasts as long as its client likes "
            "(watch, exec, attach, portforward, log, proxy): when it was let in."
        ),
    ] = "over"
    codes: Annotated[
        list[str | int],
        Meta(
            description="As in the conditions; here `ok` if left out: what was refused did nothing."
        ),
    ] = msgspec.field(default_factory=lambda: ["ok"])
    dry_run: Annotated[bool, Meta(description="For requests with `dryRun=All`, and only them.")] = (
        False
    )
    exceptions: Annotated[
        list[AuditConditions],
        Meta(description="Requests that are not meant after all; each has conditions as above."),
    ] = msgspec.field(name="except", default_factory=list)
    samples: list[CountSpec] = []
