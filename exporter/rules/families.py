# SPDX-License-Identifier: Apache-2.0
"""Families that rules feed: those of events, and those of audit events, told by their names."""

from __future__ import annotations

AUDIT_PREFIX = "kube_audit_"


def is_of_audit(family: str) -> bool:
    """Whether audit rules feed a family of this name, and no others."""
    return family.startswith(AUDIT_PREFIX)
