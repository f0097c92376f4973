# SPDX-License-Identifier: Apache-2.0
"""What links between boards name; bookmarks of other people do too, so they never change."""

from __future__ import annotations

OVERVIEW = "kube-events-overview"
NAMESPACE = "kube-events-namespace"
PODS = "kube-events-pods"
NODES = "kube-events-nodes"
VOLUMES = "kube-events-volumes"
LIFECYCLES = "kube-events-lifecycles"
EXPORTER = "kube-events-exporter"
AUDIT = "kube-events-audit"
AUDIT_SECURITY = "kube-events-audit-security"
