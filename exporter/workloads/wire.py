# SPDX-License-Identifier: Apache-2.0
"""How the API server spells the metadata of an object; the only file that knows the names.

``meta.k8s.io/v1 PartialObjectMetadata`` is what it sends where nothing more is asked for; the
same fields stand in the whole object, which is read too where a server or a proxy sends it.
"""

from __future__ import annotations

import msgspec


class OwnerReference(msgspec.Struct, gc=False):
    """One of an object's owners. ``controller`` is true of one at most: the API sees to it."""

    apiVersion: str | None = None
    kind: str | None = None
    name: str | None = None
    controller: bool | None = None


class Metadata(msgspec.Struct, gc=False):
    """Every field may be absent or null. The order is the order on the wire."""

    name: str | None = None
    namespace: str | None = None
    resourceVersion: str | None = None
    ownerReferences: list[OwnerReference] | None = None


class MetadataObject(msgspec.Struct, gc=False):
    """An object of any kind, of which nothing but metadata is read."""

    metadata: Metadata | None = None

    @property
    def resource_version(self) -> str:
        """``metadata.resourceVersion``, or ``""``."""
        return (self.metadata and self.metadata.resourceVersion) or ""


def controller_of(metadata: Metadata) -> OwnerReference | None:
    """The owner that manages the object; None where nobody does."""
    for reference in metadata.ownerReferences or ():
        if reference.controller:
            return reference
    return None
