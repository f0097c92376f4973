"""Failed image pulls: the cause that the runtime's error tells."""

from __future__ import annotations

import pytest

from exporter.rules.rulebook import AGGREGATED
from tests.unit.rules.catalogue.pod_events import (
    CREATION_FAILURES,
    counted,
    recorded,
    recorded_causes,
)
from tests.unit.rules.observing import PULL_FAILURES, PULLS

_IMAGE = "quay.io/team/app:v1"
_LABELS = ("shop", "quay.io")


class TestErrors:
    @pytest.mark.parametrize("prefix", ["", AGGREGATED], ids=["single", "aggregated"])
    @pytest.mark.parametrize(
        ("error", "cause"),
        [
            pytest.param("pull QPS exceeded", "rate_limited", id="kubelets-own-limit"),
            pytest.param(
                "failed to pull and unpack image: failed to resolve image: unexpected status from "
                "HEAD request to http://127.0.0.1:5015/v2/team/app/manifests/v1: "
                "429 Too Many Requests",
                "rate_limited",
                id="429",
            ),
            pytest.param(
                "toomanyrequests: You have reached your pull rate limit.",
                "rate_limited",
                id="docker-hub",
            ),
            pytest.param(
                "failed to do request: Head https://registry.invalid/v2/: dial tcp: lookup "
                "registry.invalid on 10.0.0.10:53: no such host",
                "dns",
                id="unknown-host",
            ),
            pytest.param(
                "dial tcp: lookup quay.io: Temporary failure in name resolution",
                "dns",
                id="dns-down",
            ),
            pytest.param(
                "dial tcp: lookup quay.io on 10.0.0.10:53: read udp 10.0.0.1:4242->10.0.0.10:53: "
                "i/o timeout",
                "dns",
                id="dns-timeout",
            ),
            pytest.param(
                "Get https://quay.io/v2/: x509: certificate signed by unknown authority",
                "tls",
                id="unknown-authority",
            ),
            pytest.param("remote error: tls: handshake failure", "tls", id="handshake-failure"),
            pytest.param(
                "tls: failed to verify certificate: x509: certificate has expired",
                "tls",
                id="expired",
            ),
            pytest.param(
                "http: server gave HTTP response to HTTPS client", "tls", id="plain-registry"
            ),
            pytest.param("dial tcp 10.0.0.1:443: i/o timeout", "timeout", id="io-timeout"),
            pytest.param(
                "rpc error: code = DeadlineExceeded desc = context deadline exceeded",
                "timeout",
                id="deadline",
            ),
            pytest.param("net/http: TLS handshake timeout", "timeout", id="handshake"),
            pytest.param(
                "net/http: request canceled (Client.Timeout exceeded while awaiting headers)",
                "timeout",
                id="client-timeout",
            ),
            pytest.param(
                "failed to resolve image: pull access denied, repository does not exist or may "
                "require authorization: authorization failed: no basic auth credentials",
                "unauthorized",
                id="401-recorded",
            ),
            pytest.param(
                "unexpected status from HEAD request to http://127.0.0.1:5012/v2/team/app/"
                "manifests/v1: 403 Forbidden",
                "unauthorized",
                id="403-recorded",
            ),
            pytest.param(
                "failed to authorize: failed to fetch oauth token: unexpected status: "
                "401 Unauthorized",
                "unauthorized",
                id="token",
            ),
            pytest.param(
                "initializing source docker://quay.io/team/app:v1: reading manifest v1 in "
                "quay.io/team/app: errors:\ndenied: requested access to the resource is denied\n"
                "unauthorized: authentication required\n",
                "unauthorized",
                id="cri-o-list",
            ),
            pytest.param(
                "rpc error: code = Unknown desc = reading manifest v1 in quay.io/team/app: "
                "requested access to the resource is denied",
                "unauthorized",
                id="cri-o-denied",
            ),
            pytest.param(
                "rpc error: code = Unknown desc = Error reading manifest v1 in quay.io/team/app: "
                "errors:\nunauthorized",
                "unauthorized",
                id="cri-o-word",
            ),
            pytest.param(
                "unable to retrieve auth token: invalid username/password: authentication required",
                "unauthorized",
                id="cri-o-token",
            ),
            pytest.param(
                "write /var/lib/containerd/x: no space left on device", "disk", id="disk-full"
            ),
            pytest.param(
                "failed to extract layer sha256:1: write /var/lib/containerd/x: read-only file "
                "system",
                "disk",
                id="disk-read-only",
            ),
            pytest.param(
                "failed to do request: Head http://127.0.0.1:5999/v2/: dial tcp 127.0.0.1:5999: "
                "connect: connection refused",
                "connection",
                id="refused",
            ),
            pytest.param("read tcp: connection reset by peer", "connection", id="reset"),
            pytest.param("httpReadSeeker: failed open: unexpected EOF", "connection", id="eof"),
            pytest.param(
                "dial tcp 10.0.0.1:443: connect: no route to host", "connection", id="route"
            ),
            pytest.param(
                "unexpected status from HEAD request to http://127.0.0.1:5014/v2/team/app/"
                "manifests/v1: 500 Internal Server Error",
                "server_error",
                id="500-recorded",
            ),
            pytest.param(
                "received unexpected HTTP status: 503 Service Unavailable", "server_error", id="503"
            ),
            pytest.param(
                "rpc error: code = NotFound desc = failed to pull and unpack image: failed to "
                "resolve image: 127.0.0.1:5000/team/does-not-exist:v1: not found",
                "not_found",
                id="404-recorded",
            ),
            pytest.param(
                "failed to resolve image: unauthorized: access to the requested resource is not "
                "authorized",
                "unauthorized",
                id="quay",
            ),
            pytest.param(
                "Error response from daemon: pull access denied for team/app, repository does not "
                "exist or may require 'docker login': denied: requested access to the resource is "
                "denied",
                "unauthorized",
                id="docker",
            ),
            pytest.param(
                "no matching manifest for linux/arm64 in the manifest list entries",
                "not_found",
                id="other-platform",
            ),
            pytest.param("failed to copy: context canceled", "timeout", id="no-progress"),
            pytest.param(
                "RegistryUnavailable: registry is unavailable", "server_error", id="cri-says-so"
            ),
            pytest.param("manifest unknown: manifest unknown", "not_found", id="manifest"),
            pytest.param("something quite different", "other", id="other"),
        ],
    )
    def test_the_cause_is_read_from_the_error(self, prefix: str, error: str, cause: str) -> None:
        """Each failed pull is counted with its cause, and as a pod that could not start."""
        found = counted(
            reason="Failed", message=f'{prefix}Failed to pull image "{_IMAGE}": {error}'
        )
        assert found == {
            PULLS: (*_LABELS, "failed"),
            PULL_FAILURES: (*_LABELS, cause),
            CREATION_FAILURES: ("shop", "image_pull", "Failed"),
        }

    @pytest.mark.parametrize(
        "image",
        [
            "quay.io/team/certificate:v1",
            "quay.io/team/tls",
            "quay.io/team/x509:v1",
            "quay.io/forbidden/unauthorized:v1",
            "quay.io/denied/toomanyrequests:v1",
            "quay.io/team/geofence:v1",
            "quay.io/team/timeouts:v1",
            "quay.io/team/notfound:404",
            "quay.io/429/app:500",
            "quay.io/team/app:401",
            "quay.io:403/team/app:429",
        ],
    )
    def test_the_images_own_name_is_no_cause(self, image: str) -> None:
        """Runtimes repeat the image in their errors, and people name images as they like."""
        error = f'failed to pull and unpack image "{image}": failed to resolve image: strange'
        found = counted(reason="Failed", message=f'Failed to pull image "{image}": {error}')
        assert found[PULL_FAILURES][2] == "other"


# What stands in the recordings, in words of their messages, and its cause.
_RECORDED = {
    "connection refused": "connection",
    "no such host": "dns",
    ": not found": "not_found",
    "429 Too Many Requests": "rate_limited",
    "pull QPS exceeded": "rate_limited",
    "no basic auth credentials": "unauthorized",
    "403 Forbidden": "unauthorized",
    "500 Internal Server Error": "server_error",
}


class TestRecordings:
    def test_every_image_pull_failure_has_its_cause(self) -> None:
        """Each recorded error is of a known form, and none ends as other."""
        assert recorded_causes()[PULL_FAILURES]
        for cause, message in recorded_causes()[PULL_FAILURES]:
            expected = {named for words, named in _RECORDED.items() if words in message}
            assert {cause} == expected, message

    def test_each_failed_pull_counts_once(self) -> None:
        """The recorded echoes are more than the failures, and add nothing to them."""
        failed = [e for e in recorded() if e.component == "kubelet" and e.reason == "Failed"]
        pulls = [e.message for e in failed if e.message.startswith("Failed to pull image")]
        echoes = [e.message for e in failed if e.message.startswith("Error: ErrImagePull")]
        assert echoes
        assert recorded_causes()[PULL_FAILURES].total() == len(pulls)
