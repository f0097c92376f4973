# SPDX-License-Identifier: Apache-2.0
"""The effective configuration: what the options come to."""

from __future__ import annotations

from dataclasses import dataclass

from exporter.config.timing import LeaseTiming

_TIMING = LeaseTiming()


@dataclass(frozen=True, slots=True)
class Config:
    """The effective configuration."""

    kubeconfig: str = ""
    context: str = ""
    listen_host: str = "0.0.0.0"  # noqa: S104 - a metrics port is scraped from outside its pod
    listen_port: int = 10360
    web_config_file: str = ""
    web_auth_kubernetes: bool = False
    telemetry_path: str = "/metrics"
    scraper_agents: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    field_selector: str = ""
    cluster_name: str = ""
    labels: tuple[tuple[str, str], ...] = ()
    rule_files: tuple[str, ...] = ()
    event_ttl: float = 3600.0
    """Seconds."""
    series_limit: int = 10_000
    series_ttl: float = 86_400.0
    """Seconds."""
    workload_labels: bool = False
    checkpoint_path: str = ""
    leader_election: bool = False
    leader_election_namespace: str = ""
    leader_election_name: str = "kube-event-metrics"
    lease_duration: float = _TIMING.lease_duration
    """Seconds, as the next two."""
    renew_deadline: float = _TIMING.renew_deadline
    retry_period: float = _TIMING.retry_period
    audit_webhook_host: str = ""
    audit_webhook_port: int = -1
    """Below 0 where there is no listener."""
    audit_webhook_config_file: str = ""
    audit_webhook_cert_file: str = ""
    audit_webhook_key_file: str = ""
    audit_webhook_client_ca_file: str = ""
    audit_webhook_token_file: str = ""
    audit_webhook_max_body: int = 64 * 1024 * 1024
    """Bytes."""
    audit_log_path: str = ""
    audit_only: bool = False
    audit_user_labels: bool = False
    log_level: str = "info"
    log_format: str = "logfmt"

    @property
    def carried_labels(self) -> tuple[tuple[str, str], ...]:
        """Names and values that every series about the cluster shows."""
        return (*self.cluster_labels, *self.labels)

    @property
    def cluster_labels(self) -> tuple[tuple[str, str], ...]:
        """Of these what every series shows: rules and boards join both by the cluster."""
        return (("cluster", self.cluster_name),) if self.cluster_name else ()

    @property
    def audit_webhook(self) -> bool:
        """Whether audit events come by webhook."""
        return self.audit_webhook_port >= 0

    @property
    def audited(self) -> bool:
        """Whether audit events come in at all."""
        return self.audit_webhook or bool(self.audit_log_path)

    @property
    def needs_cluster(self) -> bool:
        """Whether an API server is asked anything."""
        return not self.audit_only or self.web_auth_kubernetes

    @property
    def lease_timing(self) -> LeaseTiming:
        """Raises ``ValueError`` where the three do not go together."""
        return LeaseTiming(self.lease_duration, self.renew_deadline, self.retry_period)
