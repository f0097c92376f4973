"""A Lease on an API server that is a dictionary: who writes it, and what is answered.

As kube-apiserver: one version for each write, 409 for who writes over another version than
there is, 404 where there is none.
"""

from __future__ import annotations

import itertools
import json
from typing import Any

from exporter.election.lease import PROGRESS
from exporter.election.request import Request, Verb

WALL = 1_795_347_600.0  # 2026-11-22 11:40:00 UTC


class LeaseServer:
    """One Lease, which may not be there."""

    def __init__(self) -> None:
        self._versions = itertools.count(1)
        self.document: dict[str, Any] | None = None

    @property
    def spec(self) -> dict[str, Any]:
        """Of the Lease, which is there."""
        assert self.document is not None
        spec: dict[str, Any] = self.document["spec"]
        return spec

    @property
    def holder(self) -> str:
        """``""`` for nobody."""
        return str(self.spec.get("holderIdentity", "")) if self.document else ""

    @property
    def payload(self) -> str:
        """What was published."""
        if self.document is None:
            return ""
        return str((self.document["metadata"].get("annotations") or {}).get(PROGRESS, ""))

    def answer(self, request: Request) -> tuple[int, bytes]:
        """Status and body, after what was asked was done."""
        if request.verb is Verb.GET:
            return self._shown(200) if self.document else _status(404)
        sent = json.loads(request.body)
        if request.verb is Verb.CREATE:
            if self.document is not None:
                return _status(409)
            sent["metadata"]["uid"] = f"uid-{next(self._versions)}"
            return self._stored(sent, 201)
        if self.document is None:
            return _status(404)
        metadata = self.document["metadata"]
        if sent["metadata"].get("resourceVersion") != metadata["resourceVersion"]:
            return _status(409)
        return self._stored(sent, 200)

    def touch(self, **spec: Any) -> None:
        """Somebody else edits it."""
        assert self.document is not None
        self._stored({**self.document, "spec": {**self.document["spec"], **spec}}, 200)

    def delete(self) -> None:
        """Somebody deletes it."""
        self.document = None

    def _stored(self, document: dict[str, Any], status: int) -> tuple[int, bytes]:
        version = str(next(self._versions))
        metadata = {**document["metadata"], "resourceVersion": version}
        self.document = {**document, "metadata": metadata}
        return self._shown(status)

    def _shown(self, status: int) -> tuple[int, bytes]:
        return status, json.dumps(self.document).encode()


def _status(code: int) -> tuple[int, bytes]:
    return code, json.dumps({"kind": "Status", "message": f"it is {code}"}).encode()
