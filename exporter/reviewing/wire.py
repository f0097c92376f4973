# SPDX-License-Identifier: Apache-2.0
"""TokenReview and SubjectAccessReview: what is sent, and what is read of what comes back."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from exporter.web.reviews import User

T = TypeVar("T")

TOKEN_GROUP, TOKEN_RESOURCE = "authentication.k8s.io", "tokenreviews"
ACCESS_GROUP, ACCESS_RESOURCE = "authorization.k8s.io", "subjectaccessreviews"
QUESTIONS = ((TOKEN_GROUP, TOKEN_RESOURCE), (ACCESS_GROUP, ACCESS_RESOURCE))
"""API group and resource of both: whoever asks creates them, and nothing is kept of them."""
TOKEN_PATH = f"/apis/{TOKEN_GROUP}/v1/{TOKEN_RESOURCE}"
ACCESS_PATH = f"/apis/{ACCESS_GROUP}/v1/{ACCESS_RESOURCE}"


class UnreadableError(ValueError):
    """An answer that is no review."""


class _User(msgspec.Struct):
    username: str = ""
    uid: str = ""
    groups: list[str] | None = None
    extra: dict[str, list[str]] | None = None


class _TokenStatus(msgspec.Struct):
    authenticated: bool = False
    user: _User | None = None


class _TokenReview(msgspec.Struct):
    status: _TokenStatus


class _AccessStatus(msgspec.Struct):
    allowed: bool
    denied: bool = False


class _AccessReview(msgspec.Struct):
    status: _AccessStatus


def token_review(token: str) -> bytes:
    """Asks whose it is, for the audiences of the API server."""
    return _review(TOKEN_GROUP, "TokenReview", {"token": token})


def access_review(user: User, path: str) -> bytes:
    """Asks whether the user may get the path, which is none of a resource."""
    spec: dict[str, object] = {
        "user": user.name,
        "nonResourceAttributes": {"path": path, "verb": "get"},
    }
    if user.uid:
        spec["uid"] = user.uid
    if user.groups:
        spec["groups"] = user.groups
    if user.extra:
        spec["extra"] = dict(user.extra)
    return _review(ACCESS_GROUP, "SubjectAccessReview", spec)


def read_token_review(body: bytes) -> User | None:
    """Whose the token is; None for nobody's. Raises ``UnreadableError``."""
    status = _decoded(body, _TokenReview).status
    if not status.authenticated:
        return None
    user = status.user
    if user is None or not user.username:
        raise UnreadableError("a TokenReview without a user")
    extra = tuple((key, tuple(values)) for key, values in sorted((user.extra or {}).items()))
    return User(user.username, user.uid, tuple(user.groups or ()), extra)


def read_access_review(body: bytes) -> bool:
    """Whether it is allowed. Raises ``UnreadableError``."""
    status = _decoded(body, _AccessReview).status
    return status.allowed and not status.denied


def _review(group: str, kind: str, spec: dict[str, object]) -> bytes:
    return msgspec.json.encode({"apiVersion": f"{group}/v1", "kind": kind, "spec": spec})


def _decoded(body: bytes, type_: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=type_)
    except (msgspec.MsgspecError, RecursionError):
        raise UnreadableError("no review came back") from None
