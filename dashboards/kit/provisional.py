# SPDX-License-Identifier: Apache-2.0
"""PROVISIONAL: the family that the built-in rules for audit events are going to declare.

Delete this file, and the lines that say PROVISIONAL, once those rules are here:
``grep -rn PROVISIONAL dashboards tests`` finds them all. (That of tests/integration/test_queries.py
stays until an exporter there reads audit events.)
"""

from __future__ import annotations

from exporter.metrics.declaration import Declaration, MetricType

SENSITIVE = Declaration(
    "kube_audit_sensitive_operations_total",
    MetricType.COUNTER,
    "Requests that were let through and that somebody should know of, by what they did.",
    ("operation", "user_class", "namespace"),
)
OPERATIONS = (
    "exec",
    "attach",
    "port_forward",
    "pod_proxy",
    "node_proxy",
    "ephemeral_container",
    "secret_read",
    "secret_list_all",
    "token_request",
    "rbac_change",
    "cluster_admin_binding",
    "role_escalation",
    "system_role_change",
    "impersonation",
    "privileged_impersonation",
    "csr_approval",
    "admission_config_change",
    "namespace_deletion",
    "node_deletion",
    "volume_deletion",
    "volume_claim_deletion",
    "crd_deletion",
    "api_service_deletion",
    "privileged_pod",
    "host_path_pod",
    "host_namespace_pod",
    "kube_system_change",
    "events_deletion",
    "anonymous_access",
)
