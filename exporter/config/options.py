# SPDX-License-Identifier: Apache-2.0
"""The options: each has one name, which is the flag, the file's key and the environment's.

``events.ttl`` is ``--events.ttl``, ``events: {ttl: ...}`` in the file and
``KUBE_EVENT_METRICS_EVENTS_TTL``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from exporter.config.timing import LeaseTiming

ENVIRONMENT_PREFIX = "KUBE_EVENT_METRICS_"
FILE_VARIABLE = ENVIRONMENT_PREFIX + "CONFIG_FILE"
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+\Z")
_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
# What is longer is a slip of the keyboard, and could be too much for the arithmetic of time.
_MAX_DAYS = 3650
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
# RFC 1123 label: what a namespace's name may be.
_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\Z")
_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
# RFC 1123 subdomain: what a Lease's name may be.
_OBJECT_NAME = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(\.{_LABEL})*\Z")
_TIMING = LeaseTiming()


@dataclass(frozen=True, slots=True)
class Config:
    """The effective configuration."""

    kubeconfig: str = ""
    context: str = ""
    listen_host: str = "0.0.0.0"  # noqa: S104 - a metrics port is scraped from outside its pod
    listen_port: int = 10360
    telemetry_path: str = "/metrics"
    scraper_agents: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    field_selector: str = ""
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
    audit_user_labels: bool = False
    log_level: str = "info"
    log_format: str = "logfmt"

    @property
    def lease_timing(self) -> LeaseTiming:
        """Raises ``ValueError`` where the three do not go together."""
        return LeaseTiming(self.lease_duration, self.renew_deadline, self.retry_period)


@dataclass(frozen=True, slots=True)
class Option:
    """One option. ``parse`` turns its text into ``Config`` fields, or raises ``ValueError``."""

    name: str
    default: str
    help: str
    parse: Callable[[str], dict[str, object]]
    repeatable: bool = False
    choices: tuple[str, ...] = field(default=())
    switch: bool = False
    """On the command line it stands alone, and means true."""

    @property
    def environment(self) -> str:
        """The environment variable's name."""
        return ENVIRONMENT_PREFIX + re.sub(r"[.-]", "_", self.name).upper()


def _text(target: str) -> Callable[[str], dict[str, object]]:
    return lambda value: {target: value}


def _seconds(target: str) -> Callable[[str], dict[str, object]]:
    def parse(value: str) -> dict[str, object]:
        if not _DURATION.match(value):
            raise ValueError("is a duration such as 90s, 15m, 1h30m or 2d")
        seconds = sum(float(n) * _SECONDS[unit] for n, unit in _DURATION_PART.findall(value))
        if seconds <= 0:
            raise ValueError("must be more than 0")
        if seconds > _MAX_DAYS * _SECONDS["d"]:
            raise ValueError(f"must be at most {_MAX_DAYS}d")
        return {target: seconds}

    return parse


def _listen_address(value: str) -> dict[str, object]:
    host, colon, port = value.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    # ::1:80 could be an address and a port, or an address alone
    unclear = ":" in host and not bracketed
    if not colon or not port.isdecimal() or int(port) > 65_535 or unclear:
        raise ValueError("is HOST:PORT, such as 0.0.0.0:10360 or [::]:10360")
    return {"listen_host": host.strip("[]"), "listen_port": int(port)}


def _path(value: str) -> dict[str, object]:
    if not re.match(r"/[\w./-]*\Z", value):
        raise ValueError("is a path such as /metrics")
    if value in ("/livez", "/readyz"):
        raise ValueError("is taken by a health check")
    return {"telemetry_path": value}


def _namespaces(value: str) -> dict[str, object]:
    names = tuple(dict.fromkeys(n.strip() for n in value.split(",") if n.strip()))
    for name in names:
        if not _NAMESPACE.match(name):
            raise ValueError(f"{name!r} is no namespace")
    return {"namespaces": names}


def _agents(value: str) -> dict[str, object]:
    products = tuple(dict.fromkeys(p.strip() for p in value.split(",") if p.strip()))
    for product in products:
        if "/" in product:
            raise ValueError(f"{product!r} has a slash: it is what stands before the first one")
    return {"scraper_agents": products}


def _name(
    target: str, pattern: re.Pattern[str], *, optional: bool = False
) -> Callable[[str], dict[str, object]]:
    def parse(value: str) -> dict[str, object]:
        if not pattern.match(value) and not (optional and not value):
            raise ValueError("can be no name")
        return {target: value}

    return parse


def _rule_files(value: str) -> dict[str, object]:
    return {"rule_files": tuple(dict.fromkeys(p.strip() for p in value.split(",") if p.strip()))}


def _positive(target: str) -> Callable[[str], dict[str, object]]:
    def parse(value: str) -> dict[str, object]:
        if not value.isdecimal() or not 0 < int(value) <= 10_000_000:
            raise ValueError("is a whole number from 1 to 10000000")
        return {target: int(value)}

    return parse


def _switch(target: str) -> Callable[[str], dict[str, object]]:
    def parse(value: str) -> dict[str, object]:
        if value.lower() not in ("true", "false"):
            raise ValueError("is true or false")
        return {target: value.lower() == "true"}

    return parse


OPTIONS: tuple[Option, ...] = (
    Option(
        "kubeconfig",
        "",
        "Path of a kubeconfig; without it $KUBECONFIG, ~/.kube/config, then the pod's own account.",
        _text("kubeconfig"),
    ),
    Option(
        "context", "", "Context of the kubeconfig; without it the current one.", _text("context")
    ),
    Option(
        "web.listen-address",
        "0.0.0.0:10360",
        "Address to serve on, HOST:PORT; port 0 takes any free one.",
        _listen_address,
    ),
    Option("web.telemetry-path", "/metrics", "Path of the metrics.", _path),
    Option(
        "web.scraper-agent",
        "",
        "Another scraper that sends no X-Prometheus-Scrape-Timeout-Seconds: its User-Agent up to "
        "the first slash; repeatable.",
        _agents,
        repeatable=True,
    ),
    Option(
        "events.namespace",
        "",
        "Only the events of this namespace, watched or replayed; repeatable. "
        "To watch it needs a Role there, no ClusterRole.",
        _namespaces,
        repeatable=True,
    ),
    Option(
        "events.field-selector",
        "",
        "Field selector for the API server, such as type=Warning.",
        _text("field_selector"),
    ),
    Option(
        "events.ttl",
        "1h",
        "The API server's --event-ttl: events are remembered for twice as long after their end.",
        _seconds("event_ttl"),
    ),
    Option(
        "rules.file",
        "",
        "File with rules of your own, beside the built-in ones; repeatable. "
        "A rule with the id of an earlier one replaces it.",
        _rule_files,
        repeatable=True,
    ),
    Option(
        "series.limit",
        "10000",
        "Most series of a metric family; what is beyond falls into one overflow series.",
        _positive("series_limit"),
    ),
    Option(
        "series.ttl",
        "24h",
        "A series idle for this long ends; keep it longer than any rule's range.",
        _seconds("series_ttl"),
    ),
    Option(
        "workload.labels",
        "false",
        "Add workload_kind and workload_name, the Deployment, CronJob or other owner of the "
        "object, to kube_events_total and to what rules feed with a namespace. Needs the rights of "
        "deploy/rbac-workloads.yaml, and makes more series.",
        _switch("workload_labels"),
        switch=True,
    ),
    Option(
        "checkpoint.path",
        "",
        "File to remember in what was counted and shown, so that a restart loses and doubles "
        "nothing; without it each start begins from a new baseline.",
        _text("checkpoint_path"),
    ),
    Option(
        "leader-election",
        "false",
        "Run as one of several replicas of which one leads and shows the metrics of events, the "
        "others stand by. Needs the rights of deploy/rbac-leader-election.yaml.",
        _switch("leader_election"),
        switch=True,
    ),
    Option(
        "leader-election.namespace",
        "",
        "Namespace of the Lease that the replicas share; without it the pod's own, else default.",
        _name("leader_election_namespace", _NAMESPACE, optional=True),
    ),
    Option(
        "leader-election.name",
        "kube-event-metrics",
        "Name of the Lease.",
        _name("leader_election_name", _OBJECT_NAME),
    ),
    Option(
        "leader-election.lease-duration",
        "15s",
        "A standby takes over when the Lease was not renewed for so long.",
        _seconds("lease_duration"),
    ),
    Option(
        "leader-election.renew-deadline",
        "10s",
        "A leader that could not renew the Lease for so long leads no more. "
        "Shorter than the lease-duration.",
        _seconds("renew_deadline"),
    ),
    Option(
        "leader-election.retry-period",
        "2s",
        "Time between two looks at the Lease. 1.2 of it are shorter than the renew-deadline.",
        _seconds("retry_period"),
    ),
    Option(
        "audit.user-labels",
        "false",
        "Add the label user, the name of who asks, to families of audit events (denials, requests "
        "that last, deprecated versions, what rules feed with a class of user), and show "
        "kube_audit_user_requests_total. Makes as many series more as there are people, robots and "
        "service accounts (nodes have an empty name), and puts names of people into Prometheus.",
        _switch("audit_user_labels"),
        switch=True,
    ),
    Option(
        "log.level",
        "info",
        "Least severe level that is logged.",
        _text("log_level"),
        choices=("debug", "info", "warning", "error"),
    ),
    Option(
        "log.format",
        "logfmt",
        "Format of the log.",
        _text("log_format"),
        choices=("logfmt", "json"),
    ),
)
BY_NAME = {option.name: option for option in OPTIONS}
