# SPDX-License-Identifier: Apache-2.0
"""The responses of the demo's API server that are not lists or watches, and headers of all."""

from __future__ import annotations

import gzip
import uuid
from collections.abc import Iterable
from typing import Any

import msgspec
from aiohttp import web

from exporter.demo.store.status import ApiError

# The real server compresses above this size, at the lowest level.
_GZIP_FROM = 128 * 1024
_GZIP_LEVEL = 1

VERSION = {
    "major": "1",
    "minor": "36",
    "emulationMajor": "1",
    "emulationMinor": "36",
    "minCompatibilityMajor": "1",
    "minCompatibilityMinor": "35",
    "gitVersion": "v1.36.3",
    "gitCommit": "",
    "gitTreeState": "clean",
    "buildDate": "1970-01-01T00:00:00Z",
    "goVersion": "go1.26.8",
    "compiler": "gc",
    "platform": "linux/amd64",
}


def headers(**more: str) -> dict[str, str]:
    """The headers of every answer; Date is added by the HTTP server."""
    fixed = {
        "Audit-Id": str(uuid.uuid4()),
        "Cache-Control": "no-cache, private",
        "Content-Type": "application/json",
    }
    return fixed | more


def json_response(content: Any, status: int = 200) -> web.Response:
    """A whole object."""
    return web.Response(status=status, body=msgspec.json.encode(content) + b"\n", headers=headers())


def error_response(error: ApiError, body: bytes | None = None) -> web.Response:
    """A refusal; `body` in place of its Status object."""
    response = web.Response(
        status=error.code,
        body=error.body() if body is None else body,
        headers=headers(),
    )
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


class ResourceAttributes(msgspec.Struct):
    """What an access review asks about; empty strings stand for all."""

    verb: str = ""
    resource: str = ""
    namespace: str = ""
    group: str = ""


class ReviewSpec(msgspec.Struct, rename="camel"):
    """The question of an access review; without attributes it is about nothing here."""

    resource_attributes: ResourceAttributes = msgspec.field(default_factory=ResourceAttributes)


class AccessReview(msgspec.Struct):
    """A SelfSubjectAccessReview as far as it is read."""

    spec: ReviewSpec = msgspec.field(default_factory=ReviewSpec)


def access_review(review: AccessReview, *, allowed: bool) -> web.Response:
    """The answer to a SelfSubjectAccessReview: the review itself, with a status."""
    answer = {
        "kind": "SelfSubjectAccessReview",
        "apiVersion": "authorization.k8s.io/v1",
        "metadata": {},
        "spec": review.spec,
        "status": {"allowed": allowed},
    }
    return json_response(answer, status=201)


def compressed(request: web.Request, pieces: Iterable[bytes]) -> tuple[bytes, dict[str, str]]:
    """A body and its headers, gzipped where the client takes that and it is large enough."""
    body = b"".join(pieces)
    if len(body) < _GZIP_FROM or "gzip" not in request.headers.get("Accept-Encoding", ""):
        return body, headers()
    packed = gzip.compress(body, compresslevel=_GZIP_LEVEL, mtime=0)
    return packed, headers(**{"Content-Encoding": "gzip", "Vary": "Accept-Encoding"})


def kubeconfig(url: str, token: str | None) -> str:
    """A kubeconfig with one context, `demo`, that points at `url`."""
    user = msgspec.json.encode({"token": token} if token else {}).decode()  # JSON is YAML
    return (
        "apiVersion: v1\n"
        "kind: Config\n"
        "current-context: demo\n"
        "clusters:\n"
        f'- name: demo\n  cluster: {{"server": "{url}"}}\n'
        "users:\n"
        f"- name: demo\n  user: {user}\n"
        "contexts:\n"
        '- name: demo\n  context: {"cluster": "demo", "user": "demo"}\n'
    )
