"""Containers that are put off, killed or not, and their hooks."""

from __future__ import annotations

import pytest

from exporter.rules.rulebook import AGGREGATED
from tests.unit.rules.catalogue.pod_events import (
    BACKOFFS,
    CONTAINER_FAILURES,
    HOOK_FAILURES,
    KILLS,
    counted,
    recorded,
    recorded_causes,
)


class TestBackOff:
    @pytest.mark.parametrize(
        ("type_", "message", "cause"),
        [
            ("Normal", 'Back-off pulling image "quay.io/team/app:v1"', "image_pull"),
            (
                "Normal",
                'Back-off pulling image "quay.io/team/app:v1": ErrImagePull: not found',
                "image_pull",
            ),
            ("Warning", "Back-off restarting failed container", "crash"),
            (
                "Warning",
                "Back-off restarting failed container main in pod crash_shop(b814af9e)",
                "crash",
            ),
        ],
        ids=["pull", "pull-with-error", "crash-up-to-1.25", "crash-from-1.26"],
    )
    def test_a_pull_and_a_crash_are_told_apart(self, type_: str, message: str, cause: str) -> None:
        """One reason for both: what is waited for is another thing."""
        for prefix in ("", AGGREGATED):
            found = counted(reason="BackOff", type=type_, message=prefix + message)
            assert found == {BACKOFFS: ("shop", cause)}

    def test_recorded_types_agree_with_the_messages(self) -> None:
        """A back-off of type Normal is a pull's, one of type Warning a crash's."""
        by_type = {
            event.message: {"Normal": "image_pull", "Warning": "crash"}[event.type]
            for event in recorded()
            if (event.component, event.reason) == ("kubelet", "BackOff")
        }
        assert {message: cause for cause, message in recorded_causes()[BACKOFFS]} == by_type


class TestKilling:
    @pytest.mark.parametrize(
        ("message", "cause"),
        [
            ("Stopping container main", "stop"),
            ("Stopping container liveness", "stop"),
            ("Container main failed liveness probe, will be restarted", "liveness_probe"),
            ("Container main failed liveness probe", "liveness_probe"),
            ("Container startup failed liveness probe, will be restarted", "liveness_probe"),
            ("Container main failed startup probe, will be restarted", "startup_probe"),
            ("Init container mesh failed startup probe", "startup_probe"),
            ("Init container mesh failed liveness probe", "liveness_probe"),
            ("Container main definition changed, will be restarted", "spec_change"),
            ("Container main resize requires restart", "resize"),
            ('Container is in "Unknown" state, try killing it before restart', "cleanup"),
            ('Init container is in "Unknown" state, try killing it before restart', "cleanup"),
            ("FailedPostStartHook", "hook"),
            ("Killing container with id docker://main:Need to kill Pod", "stop"),
            (
                (
                    'Killing container with id docker://main:pod "a" container "main" is '
                    "unhealthy, it will be killed and re-created."
                ),
                "liveness_probe",
            ),
            ("Killing something new", "other"),
        ],
    )
    def test_the_message_says_why(self, message: str, cause: str) -> None:
        """Deletion, eviction and the end of a job all stop containers, and do not say which."""
        found = counted(reason="Killing", type="Normal", message=message)
        assert found == {KILLS: ("shop", cause)}

    def test_no_recorded_kill_is_other(self) -> None:
        """Both clusters' kills are of known forms."""
        assert {cause for cause, _ in recorded_causes()[KILLS]} == {
            "stop",
            "liveness_probe",
            "startup_probe",
            "resize",
            "hook",
            "deadline",
        }

    def test_a_pods_deadline_is_not_a_jobs(self) -> None:
        """The job has the same reason for what happens to it."""
        message = "Pod was active on the node longer than the specified deadline"
        found = counted(reason="DeadlineExceeded", type="Normal", message=message)
        assert found == {KILLS: ("shop", "deadline")}
        job = {"component": "job-controller", "kind": "Job"}
        message = "Job was active longer than specified deadline"
        assert counted(reason="DeadlineExceeded", message=message, **job) == {}

    def test_a_pod_that_does_not_die_in_time(self) -> None:
        """Stopping fails too, and fails no creation."""
        message = "Container runtime did not kill the pod within specified grace period."
        found = counted(reason="ExceededGracePeriod", message=message, field_path="")
        assert found == {CONTAINER_FAILURES: ("shop", "stop", "timeout")}

    def test_a_pod_that_cannot_be_killed_is_no_container(self) -> None:
        """What failed is mostly its sandbox's network: the kubelet's failures have it."""
        message = (
            'error killing pod: failed to "KillPodSandbox" for "8dc05844" with '
            'KillPodSandboxError: "rpc error: code = Unknown desc = failed to destroy network '
            'for sandbox \\"09f177e9\\": cni plugin not initialized"'
        )
        assert counted(reason="FailedKillPod", message=message, field_path="") == {}


class TestHooks:
    @pytest.mark.parametrize(
        ("reason", "hook"),
        [("FailedPostStartHook", "post_start"), ("FailedPreStopHook", "pre_stop")],
    )
    @pytest.mark.parametrize(
        "message",
        [
            "PostStartHook failed",
            (
                'Exec lifecycle hook ([sh -c exit 9]) for Container "main" in Pod "a_b(c)" failed '
                "- error: command 'sh -c exit 9' exited with 9: , message: \"\""
            ),
        ],
        ids=["from-1.26", "up-to-1.25"],
    )
    def test_the_reason_names_the_hook(self, reason: str, hook: str, message: str) -> None:
        """Older kubelets add the command and its output, newer ones nothing."""
        assert counted(reason=reason, message=message) == {HOOK_FAILURES: ("shop", hook)}

    def test_a_hook_asked_over_http_has_not_failed(self) -> None:
        """Where that fails too another event says so."""
        assert counted(reason="LifecycleHTTPFallback", message="request failed") == {}


@pytest.mark.parametrize(
    ("component", "kind", "reason"),
    [
        ("cert-manager-orders", "Order", "Created"),
        ("cert-manager-challenges", "Challenge", "Started"),
        ("cert-manager-challenges", "Challenge", "Failed"),
        ("cert-manager-certificates-issuing", "Certificate", "Failed"),
        ("external-secrets", "ExternalSecret", "Created"),
        ("karpenter", "Pod", "Evicted"),
        ("my-operator", "Pod", "Killing"),
        ("my-operator", "Pod", "BackOff"),
    ],
)
def test_others_have_the_same_reasons(component: str, kind: str, reason: str) -> None:
    """They mean nothing about a container."""
    assert counted(component=component, kind=kind, reason=reason, message="Error: any") == {}
