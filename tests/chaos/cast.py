"""What the writers say, and what that means: each message beside what it must be counted as.

The meanings are written by hand, so that they are a second opinion on the catalogue's rules.
"""

from __future__ import annotations

NODES = ("node-1", "node-2", "node-3")
REGISTRIES = (
    "docker.io",
    "ghcr.io",
    "quay.io",
    "registry.example:5000",
    "eu.images.example",
    "cache.local:443",
)

DURATIONS: tuple[tuple[str, float], ...] = (
    ("85ms", 0.085),
    ("100ms", 0.1),
    ("480.5ms", 0.4805),
    ("1.234567891s", 1.234567891),
    ("2.5s", 2.5),
    ("29.999s", 29.999),
    ("1m2.5s", 62.5),
    ("12m0s", 720.0),
    ("31m3.2s", 1863.2),
)
"""How long a pull took: as a kubelet spells it, and in seconds."""

PULL_ERRORS: tuple[tuple[str, str], ...] = (
    ("rpc error: code = NotFound desc = failed to resolve reference: not found", "not_found"),
    ("pull access denied: authorization failed: no basic auth credentials", "unauthorized"),
    ("failed to do request: dial tcp: lookup images on 10.0.0.10:53: no such host", "dns"),
    ("unexpected status from HEAD request: 429 Too Many Requests", "rate_limited"),
    ("unexpected status from HEAD request: 500 Internal Server Error", "server_error"),
    ("failed to do request: dial tcp 10.0.0.7:443: connect: connection refused", "connection"),
    ("failed to do request: dial tcp 10.0.0.7:443: i/o timeout", "timeout"),
    ("tls: failed to verify certificate: x509: certificate signed by unknown authority", "tls"),
    ("write /var/lib/containerd/layer: no space left on device", "disk"),
    ("the runtime is out of sorts", "other"),
)
"""Why a pull failed, and its cause."""

CREATE_ERRORS: tuple[tuple[str, str], ...] = (
    ('pods "web" is forbidden: exceeded quota: compute, limited: cpu=4', "quota"),
    (
        'pods "web" is forbidden: violates PodSecurity "restricted:latest": host port',
        "pod_security",
    ),
    ('admission webhook "policy.example" denied the request: not today', "admission_webhook"),
    (
        'Internal error occurred: failed calling webhook "policy.example": no endpoints',
        "webhook_error",
    ),
    (
        'pods "web" is forbidden: error looking up service account shop/runner: not found',
        "service_account",
    ),
)
"""Why a pod could not be created, and its cause."""

UNSCHEDULABLE = "0/5 nodes are available: 5 Insufficient cpu."
