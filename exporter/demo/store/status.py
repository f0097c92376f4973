# SPDX-License-Identifier: Apache-2.0
"""What a kube-apiserver says when it refuses: Status objects and the exception that carries one.

The texts are those a kube-apiserver 1.36.3 answered with when it was recorded; clients decide by
`code` and `reason`, people by `message`, so all three are kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

LIST_TOO_OLD = "The resourceVersion for the provided list is too old."
WATCH_TOO_OLD = "The resourceVersion for the provided watch is too old."
CONTINUE_TOO_OLD = (
    "The provided continue parameter is too old to display a consistent list result. You can start"
    " a new list without the continue parameter, or use the continue token in this response to"
    " retrieve the remainder of the results. Continuing with the provided token results in an"
    " inconsistent list - objects that were created, modified, or deleted between the time the"
    " first chunk was returned and now may show up in the list."
)


@dataclass(frozen=True, slots=True)
class Violation:
    """One option that ListOptions validation refused.

    `reason` is the machine word of the cause (FieldValueForbidden, FieldValueNotSupported).
    """

    field: str
    reason: str
    message: str

    def cause(self) -> dict[str, str]:
        """The entry of `details.causes`."""
        return {"reason": self.reason, "message": self.message, "field": self.field}


class ApiError(Exception):
    """A refusal that becomes a Status object, as a response body or inside a watch.

    `reason` may be empty: the real server leaves it out of its answer to a malformed watch version.
    `retry_after` is in seconds and becomes the Retry-After header.
    """

    def __init__(
        self,
        code: int,
        reason: str,
        message: str,
        *,
        details: dict[str, Any] | None = None,
        continue_token: str = "",
        retry_after: int | None = None,
    ) -> None:
        super().__init__(f"{code} {reason}: {message}")
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details
        self.continue_token = continue_token
        self.retry_after = retry_after

    def status(self) -> dict[str, Any]:
        """The Status object, its fields in the order of the real one."""
        metadata = {"continue": self.continue_token} if self.continue_token else {}
        status: dict[str, Any] = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": metadata,
            "status": "Failure",
            "message": self.message,
        }
        if self.reason:
            status["reason"] = self.reason
        if self.details:
            status["details"] = self.details
        status["code"] = self.code
        return status

    def body(self) -> bytes:
        """The response body, ended by a newline as the real serializer does."""
        return msgspec.json.encode(self.status()) + b"\n"

    def frame(self) -> bytes:
        """The ERROR line that says the same inside a watch."""
        return msgspec.json.encode({"type": "ERROR", "object": self.status()}) + b"\n"


def expired(message: str, continue_token: str = "") -> ApiError:
    """410: what was asked for lies before the last compaction."""
    return ApiError(410, "Expired", message, continue_token=continue_token)


def bad_request(message: str) -> ApiError:
    """400: the request cannot be understood."""
    return ApiError(400, "BadRequest", message)


def unauthorized() -> ApiError:
    """401: no token, or one that is not known."""
    return ApiError(401, "Unauthorized", "Unauthorized")


def forbidden(
    user: str, verb: str, namespace: str, resource: str = "events", group: str = ""
) -> ApiError:
    """403: `user` may not `verb` what it names in `namespace` (empty: in all of them)."""
    where = f'in the namespace "{namespace}"' if namespace else "at the cluster scope"
    qualified = f"{resource}.{group}" if group else resource
    return ApiError(
        403,
        "Forbidden",
        f'{qualified} is forbidden: User "{user}" cannot {verb} resource "{resource}"'
        f' in API group "{group}" {where}',
        details={"group": group, "kind": resource} if group else {"kind": resource},
    )


def future_version(asked: int, current: int, *, streamed: bool) -> ApiError:
    """504: a version the server has not reached; in a stream the details say when to retry."""
    cause = {"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}
    details: dict[str, Any] = {"causes": [cause]}
    if streamed:
        details["retryAfterSeconds"] = 3
    return ApiError(
        504,
        "Timeout",
        f"Timeout: Too large resource version: {asked}, current: {current}",
        details=details,
    )


def invalid_options(violations: list[Violation]) -> ApiError:
    """422: options that exclude each other, each named in the message and in the causes."""
    texts = [f"{v.field}: {v.message}" for v in violations]
    text = texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
    return ApiError(
        422,
        "Invalid",
        f'ListOptions.meta.k8s.io "" is invalid: {text}',
        details={
            "group": "meta.k8s.io",
            "kind": "ListOptions",
            "causes": [v.cause() for v in violations],
        },
    )
