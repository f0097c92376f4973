# SPDX-License-Identifier: Apache-2.0
"""Which Lease the replicas of one exporter share."""

from __future__ import annotations

from pathlib import Path

from exporter.config import Config
from exporter.election.lease import LeasePlace
from exporter.kube.connection import SERVICE_ACCOUNT

_FALLBACK = "default"


def lease_place(config: Config, service_account: Path = SERVICE_ACCOUNT) -> LeasePlace:
    """The Lease of the configuration, in the pod's own namespace where none is named."""
    namespace = config.leader_election_namespace or _own_namespace(service_account)
    return LeasePlace(namespace, config.leader_election_name)


def _own_namespace(service_account: Path) -> str:
    try:
        return (service_account / "namespace").read_text("utf-8").strip() or _FALLBACK
    except (OSError, UnicodeDecodeError):
        return _FALLBACK
