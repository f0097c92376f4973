# SPDX-License-Identifier: Apache-2.0
"""Classes of users: a closed set, since names of users are no labels."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class UserClass(StrEnum):
    """Who asks, as far as the API server has proved it."""

    NODE = "node"
    """A kubelet."""
    SERVICE_ACCOUNT = "service_account"
    """A service account, but for those of kube-system."""
    SYSTEM = "system"
    """A component of the cluster: the names that Kubernetes keeps for itself, and the service
    accounts of kube-system, under which the same controllers run in most clusters."""
    ANONYMOUS = "anonymous"
    """Nobody in particular, where the API server lets such requests in."""
    UNAUTHENTICATED = "unauthenticated"
    """Refused, or failed, before it was known who asks: bad or no credentials."""
    USER = "user"
    """Everybody else: people and robots."""
    IMPERSONATED = "impersonated"
    """Of requests as they are counted, never of a user: somebody acts as somebody else."""


STRANGERS = frozenset({UserClass.ANONYMOUS, UserClass.UNAUTHENTICATED})
"""Of whom nothing was proved: anybody who reaches the API server."""
_SYSTEM = "system:"
_NODE = "system:node:"
# Within a text the quotes would be escaped.
_NODES = b'"system:nodes"'
_ACCOUNT = "system:serviceaccount:"
_SYSTEM_ACCOUNT = "system:serviceaccount:kube-system:"


def user_class(name: str, groups: msgspec.Raw) -> UserClass:
    """The class of a user, by the name and the groups that authentication gave, a JSON list."""
    if not name.startswith(_SYSTEM):
        return UserClass.USER if name else UserClass.UNAUTHENTICATED
    if name.startswith(_ACCOUNT):
        system = name.startswith(_SYSTEM_ACCOUNT)
        return UserClass.SYSTEM if system else UserClass.SERVICE_ACCOUNT
    # As the Node authorizer has it: the name alone, without the group, has no rights of a node.
    if name.startswith(_NODE):
        return UserClass.NODE if _NODES in bytes(groups) else UserClass.USER
    return UserClass.ANONYMOUS if name == "system:anonymous" else UserClass.SYSTEM
