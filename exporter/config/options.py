# SPDX-License-Identifier: Apache-2.0
"""The options: each has one name, which is the flag, the file's key and the environment's.

``events.ttl`` is ``--events.ttl``, ``events: {ttl: ...}`` in the file and
``KUBE_EVENT_METRICS_EVENTS_TTL``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from exporter.config import parsers as read

ENVIRONMENT_PREFIX = "KUBE_EVENT_METRICS_"
FILE_VARIABLE = ENVIRONMENT_PREFIX + "CONFIG_FILE"


@dataclass(frozen=True, slots=True)
class Option:
    """One option. ``parse`` turns its text into ``Config`` fields, or raises ``ValueError``."""

    name: str
    default: str
    help: str
    parse: read.Parse
    repeatable: bool = False
    choices: tuple[str, ...] = field(default=())
    switch: bool = False
    """On the command line it stands alone, and means true."""

    @property
    def environment(self) -> str:
        """The environment variable's name."""
        return ENVIRONMENT_PREFIX + re.sub(r"[.-]", "_", self.name).upper()


OPTIONS: tuple[Option, ...] = (
    Option(
        "kubeconfig",
        "",
        "Path of a kubeconfig; without it $KUBECONFIG, ~/.kube/config, then the pod's own account.",
        read.text("kubeconfig"),
    ),
    Option(
        "context",
        "",
        "Context of the kubeconfig; without it the current one.",
        read.text("context"),
    ),
    Option(
        "web.listen-address",
        "0.0.0.0:10360",
        "Address to serve on, HOST:PORT; port 0 takes any free one.",
        read.listen_address("listen_host", "listen_port"),
    ),
    Option(
        "web.config.file",
        "",
        "File with TLS, passwords, response headers and a rate limit for that address, in the "
        "format of Prometheus' exporter-toolkit (docs/web-configuration.md); read anew when it or "
        "a file that it names changes.",
        read.text("web_config_file"),
    ),
    Option(
        "web.auth.kubernetes",
        "false",
        "Who asks for anything there but the probes needs a bearer token that the API server "
        "knows, and the right to get the path (docs/web-configuration.md). Needs the rights of "
        "deploy/rbac-web-auth.yaml.",
        read.switch("web_auth_kubernetes"),
        switch=True,
    ),
    Option("web.telemetry-path", "/metrics", "Path of the metrics.", read.path),
    Option(
        "web.scraper-agent",
        "",
        "Another scraper that sends no X-Prometheus-Scrape-Timeout-Seconds: its User-Agent up to "
        "the first slash; repeatable.",
        read.agents,
        repeatable=True,
    ),
    Option(
        "events.namespace",
        "",
        "Only the events of this namespace, watched or replayed; repeatable. "
        "To watch it needs a Role there, no ClusterRole.",
        read.namespaces,
        repeatable=True,
    ),
    Option(
        "events.field-selector",
        "",
        "Field selector for the API server, such as type=Warning.",
        read.text("field_selector"),
    ),
    Option(
        "events.ttl",
        "1h",
        "The API server's --event-ttl: events are remembered for twice as long after their end.",
        read.seconds("event_ttl"),
    ),
    Option(
        "cluster.name",
        "",
        "Name of the cluster, which every series shows as the label cluster; for a Prometheus that "
        "adds no such label itself.",
        read.text("cluster_name"),
    ),
    Option(
        "label",
        "",
        "Another label that every series about the cluster shows, and "
        "kube_event_metrics_build_info, NAME=VALUE; repeatable.",
        read.labels,
        repeatable=True,
    ),
    Option(
        "rules.file",
        "",
        "File with rules of your own, beside the built-in ones; repeatable. "
        "A rule with the id of an earlier one replaces it.",
        read.rule_files,
        repeatable=True,
    ),
    Option(
        "series.limit",
        "10000",
        "Most series of a metric family; what is beyond falls into one overflow series.",
        read.positive("series_limit"),
    ),
    Option(
        "series.ttl",
        "24h",
        "A series idle for this long ends; keep it longer than any rule's range.",
        read.seconds("series_ttl"),
    ),
    Option(
        "workload.labels",
        "false",
        "Add workload_kind and workload_name, the Deployment, CronJob or other owner of the "
        "object, to kube_events_total and to what rules feed with a namespace. Needs the rights of "
        "deploy/rbac-workloads.yaml, and makes more series.",
        read.switch("workload_labels"),
        switch=True,
    ),
    Option(
        "checkpoint.path",
        "",
        "File to remember in what was counted and shown, so that a restart loses and doubles "
        "nothing; without it each start begins from a new baseline. What there is of audit events "
        "is in a file beside it, whose name ends in .audit.",
        read.text("checkpoint_path"),
    ),
    Option(
        "leader-election",
        "false",
        "Run as one of several replicas of which one leads and shows the metrics of events, the "
        "others stand by. Needs the rights of deploy/rbac-leader-election.yaml.",
        read.switch("leader_election"),
        switch=True,
    ),
    Option(
        "leader-election.namespace",
        "",
        "Namespace of the Lease that the replicas share; without it the pod's own, else default.",
        read.name("leader_election_namespace", read.NAMESPACE, optional=True),
    ),
    Option(
        "leader-election.name",
        "kube-event-metrics",
        "Name of the Lease.",
        read.name("leader_election_name", read.OBJECT_NAME),
    ),
    Option(
        "leader-election.lease-duration",
        "15s",
        "A standby takes over when the Lease was not renewed for so long.",
        read.seconds("lease_duration"),
    ),
    Option(
        "leader-election.renew-deadline",
        "10s",
        "A leader that could not renew the Lease for so long leads no more. "
        "Shorter than the lease-duration.",
        read.seconds("renew_deadline"),
    ),
    Option(
        "leader-election.retry-period",
        "2s",
        "Time between two looks at the Lease. 1.2 of it are shorter than the renew-deadline.",
        read.seconds("retry_period"),
    ),
    Option(
        "audit.webhook.listen-address",
        "",
        "Address to receive audit events on, HOST:PORT, apart from that of the metrics; "
        "without it there is no such listener.",
        read.listen_address("audit_webhook_host", "audit_webhook_port", optional=True),
    ),
    Option(
        "audit.webhook.config-file",
        "",
        "File with TLS and passwords of that listener, in the format of --web.config.file, in "
        "place of the three options that follow; read anew when it, or a file it names, changes.",
        read.text("audit_webhook_config_file"),
    ),
    Option(
        "audit.webhook.tls-cert-file",
        "",
        "Certificate of that listener, PEM; read anew when it changes, as the other files are.",
        read.text("audit_webhook_cert_file"),
    ),
    Option(
        "audit.webhook.tls-key-file",
        "",
        "Private key of the certificate, PEM.",
        read.text("audit_webhook_key_file"),
    ),
    Option(
        "audit.webhook.tls-client-ca-file",
        "",
        "Who sends audit events needs a certificate of one of these authorities, PEM.",
        read.text("audit_webhook_client_ca_file"),
    ),
    Option(
        "audit.webhook.token-file",
        "",
        "Who sends audit events needs one of these bearer tokens, one a line.",
        read.text("audit_webhook_token_file"),
    ),
    Option(
        "audit.webhook.max-body-bytes",
        "64MiB",
        "Largest batch of audit events that is taken.",
        read.size("audit_webhook_max_body"),
    ),
    Option(
        "audit.log.path",
        "",
        "Audit log of an API server on this host, in its JSON format, to follow; rotated files "
        "beside it are read too. Mount the directory, not the file.",
        read.text("audit_log_path"),
    ),
    Option(
        "audit.only",
        "false",
        "Watch no events and need no API server: an exporter of audit events alone.",
        read.switch("audit_only"),
        switch=True,
    ),
    Option(
        "audit.user-labels",
        "false",
        "Add the label user, the name of who asks, to families of audit events (denials, requests "
        "that last, deprecated versions, what rules feed with a class of user), and show "
        "kube_audit_user_requests_total. Makes as many series more as there are people, robots and "
        "service accounts (nodes have an empty name), and puts names of people into Prometheus.",
        read.switch("audit_user_labels"),
        switch=True,
    ),
    Option(
        "log.level",
        "info",
        "Least severe level that is logged.",
        read.text("log_level"),
        choices=("debug", "info", "warning", "error"),
    ),
    Option(
        "log.format",
        "logfmt",
        "Format of the log.",
        read.text("log_format"),
        choices=("logfmt", "json"),
    ),
)
BY_NAME = {option.name: option for option in OPTIONS}
