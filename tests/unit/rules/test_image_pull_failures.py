"""Failed image pulls: the cause that the runtime's error tells, and what is no failure."""

from __future__ import annotations

import pytest

from tests.unit.rules.observing import (
    CREATION_FAILURES,
    PULL_FAILURES,
    PULLS,
    built_in_rules,
    observe,
    sums,
)

_IMAGE = "quay.io/team/app:v1"
_LABELS = ("shop", "quay.io")


class TestFailed:
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
                "Get https://quay.io/v2/: x509: certificate signed by unknown authority",
                "tls",
                id="unknown-authority",
            ),
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
                "write /var/lib/containerd/x: no space left on device", "disk", id="disk-full"
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
            pytest.param("manifest unknown: manifest unknown", "not_found", id="manifest"),
            pytest.param("something quite different", "other", id="other"),
        ],
    )
    def test_the_cause_is_read_from_the_error(self, error: str, cause: str) -> None:
        """Each failed pull is counted with its cause, and as a pod that could not start."""
        found = sums(
            observe(
                built_in_rules(),
                reason="Failed",
                message=f'Failed to pull image "{_IMAGE}": {error}',
            )
        )
        assert found == {
            PULLS: ((*_LABELS, "failed"), None),
            PULL_FAILURES: ((*_LABELS, cause), None),
            CREATION_FAILURES: (("shop", "image_pull", "Failed"), None),
        }

    @pytest.mark.parametrize(
        "image",
        [
            "quay.io/team/certificate:v1",
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
        found = sums(
            observe(
                built_in_rules(),
                reason="Failed",
                message=f'Failed to pull image "{image}": {error}',
            )
        )
        assert found[PULL_FAILURES][0][2] == "other"

    @pytest.mark.parametrize(
        "echo",
        [
            "ErrImagePull",
            "ImagePullBackOff",
            "ErrImageNeverPull",
            "InvalidImageName",
            "ImageInspectError",
            "RegistryUnavailable",
            "SignatureValidationFailed",
        ],
    )
    def test_the_echo_is_not_a_second_failure(self, echo: str) -> None:
        """The kubelet sends two Failed events a failed pull, and one a postponed pull."""
        assert observe(built_in_rules(), reason="Failed", message=f"Error: {echo}") == []

    def test_a_back_off_is_no_attempt(self) -> None:
        """While it waits, the kubelet pulls nothing."""
        message = f'Back-off pulling image "{_IMAGE}"'
        assert observe(built_in_rules(), reason="BackOff", message=message) == []

    @pytest.mark.parametrize(
        ("reason", "message"),
        [
            ("ErrImageNeverPull", 'Container image "a" is not present with pull policy of Never'),
            ("InspectFailed", f'Failed to inspect image "{_IMAGE}": rpc error'),
            ("InspectFailed", 'Failed to inspect image "": rpc error'),
            ("InspectFailed", 'Failed to apply default image tag "UPPER:v1": invalid format'),
        ],
    )
    def test_an_image_that_cannot_be_used_is_a_failure_without_a_pull(
        self, reason: str, message: str
    ) -> None:
        """No pull was tried, yet the pod cannot start."""
        found = sums(observe(built_in_rules(), reason=reason, message=message))
        assert found == {CREATION_FAILURES: (("shop", "image_pull", reason), None)}
