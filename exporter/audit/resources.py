# SPDX-License-Identifier: Apache-2.0
"""Verbs, and classes of resources: closed sets, since a client can put any text into its URL."""

from __future__ import annotations

from enum import StrEnum

OTHER = "other"
_RESOURCE_VERBS = frozenset(
    {"get", "list", "watch", "create", "update", "patch", "delete", "deletecollection", "proxy"}
)
# Of requests for no resource, such as /version: the method in lower case, and a client can
# invent one.
_METHODS = frozenset({"get", "head", "post", "put", "patch", "delete", "options"})
VERBS = _RESOURCE_VERBS | _METHODS
"""All that are told apart; any other is ``other``."""
WRITES = frozenset({"create", "update", "patch", "delete", "deletecollection"})
LONG_RUNNING_VERBS = frozenset({"watch", "proxy"})
LONG_RUNNING_SUBRESOURCES = frozenset({"attach", "exec", "log", "portforward", "proxy"})
"""As kube-apiserver has it (BasicLongRunningRequestCheck): such a request lasts as long as its
client likes."""


class ResourceClass(StrEnum):
    """What a request is about, in so few classes that a histogram of each can be kept."""

    PODS = "pods"
    NODES = "nodes"
    EVENTS = "events"
    LEASES = "leases"
    CONFIGURATION = "configuration"
    """ConfigMaps and Secrets."""
    WORKLOADS = "workloads"
    """The groups apps, batch and autoscaling; replication controllers and pod templates."""
    NETWORKING = "networking"
    STORAGE = "storage"
    ACCESS = "access"
    """Roles, service accounts, certificates, reviews of tokens and of access."""
    BUILT_IN = "built_in"
    """The rest of what Kubernetes itself has."""
    CUSTOM = "custom"
    """Groups that Kubernetes does not have."""
    NONE = "none"
    """No resource: /version, /openapi, discovery."""


_CORE = {
    "pods": ResourceClass.PODS,
    "bindings": ResourceClass.PODS,
    "nodes": ResourceClass.NODES,
    "events": ResourceClass.EVENTS,
    "configmaps": ResourceClass.CONFIGURATION,
    "secrets": ResourceClass.CONFIGURATION,
    "replicationcontrollers": ResourceClass.WORKLOADS,
    "podtemplates": ResourceClass.WORKLOADS,
    "services": ResourceClass.NETWORKING,
    "endpoints": ResourceClass.NETWORKING,
    "persistentvolumes": ResourceClass.STORAGE,
    "persistentvolumeclaims": ResourceClass.STORAGE,
    "serviceaccounts": ResourceClass.ACCESS,
}
# The groups of k8s.io/api, of CustomResourceDefinitions and of APIServices.
_GROUPS = {
    "apps": ResourceClass.WORKLOADS,
    "batch": ResourceClass.WORKLOADS,
    "autoscaling": ResourceClass.WORKLOADS,
    "events.k8s.io": ResourceClass.EVENTS,
    "coordination.k8s.io": ResourceClass.LEASES,
    "networking.k8s.io": ResourceClass.NETWORKING,
    "discovery.k8s.io": ResourceClass.NETWORKING,
    "storage.k8s.io": ResourceClass.STORAGE,
    "rbac.authorization.k8s.io": ResourceClass.ACCESS,
    "authentication.k8s.io": ResourceClass.ACCESS,
    "authorization.k8s.io": ResourceClass.ACCESS,
    "certificates.k8s.io": ResourceClass.ACCESS,
    **dict.fromkeys(
        (
            "admissionregistration.k8s.io",
            "apiextensions.k8s.io",
            "apiregistration.k8s.io",
            "extensions",
            "flowcontrol.apiserver.k8s.io",
            "imagepolicy.k8s.io",
            "internal.apiserver.k8s.io",
            "node.k8s.io",
            "policy",
            "resource.k8s.io",
            "scheduling.k8s.io",
            "settings.k8s.io",
            "storagemigration.k8s.io",
        ),
        ResourceClass.BUILT_IN,
    ),
}


def resource_class(group: str, resource: str) -> ResourceClass:
    """The class of a resource; its subresources are of the same."""
    if not resource:
        return ResourceClass.NONE
    if not group:
        return _CORE.get(resource, ResourceClass.BUILT_IN)
    return _GROUPS.get(group, ResourceClass.CUSTOM)
