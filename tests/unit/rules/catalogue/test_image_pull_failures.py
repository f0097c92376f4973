"""Failed image pulls: what is one, and what is its echo or no pull at all."""

from __future__ import annotations

import pytest

from exporter.rules.rulebook import AGGREGATED
from tests.unit.rules.catalogue.pod_events import (
    BACKOFFS,
    CONTAINER_FAILURES,
    CREATION_FAILURES,
    counted,
)

_IMAGE = "quay.io/team/app:v1"
_LABELS = ("shop", "quay.io")


class TestFailed:
    @pytest.mark.parametrize(
        "echo",
        [
            "ErrImagePull",
            "ImagePullBackOff",
            "ErrImageNeverPull",
            "ErrImageNotEnsured",
            "InvalidImageName",
            "ImageInspectError",
            "RegistryUnavailable",
            "SignatureValidationFailed",
        ],
    )
    def test_the_echo_is_not_a_second_failure(self, echo: str) -> None:
        """The kubelet sends two Failed events a failed pull, and one a postponed pull."""
        assert counted(reason="Failed", message=f"Error: {echo}") == {}
        assert counted(reason="Failed", message=f"{AGGREGATED}Error: {echo}") == {}

    def test_a_back_off_is_no_attempt(self) -> None:
        """While it waits, the kubelet pulls nothing."""
        message = f'Back-off pulling image "{_IMAGE}"'
        found = counted(reason="BackOff", type="Normal", message=message)
        assert found == {BACKOFFS: ("shop", "image_pull")}

    @pytest.mark.parametrize(
        ("reason", "message", "cause"),
        [
            (
                "ErrImageNeverPull",
                'Container image "a" is not present with pull policy of Never',
                "image",
            ),
            ("InspectFailed", f'Failed to inspect image "{_IMAGE}": rpc error', "runtime"),
            ("InspectFailed", 'Failed to inspect image "": rpc error', "runtime"),
            (
                "InspectFailed",
                'Failed to apply default image tag "UPPER:v1": invalid format',
                "image",
            ),
        ],
    )
    def test_an_image_that_cannot_be_used_is_a_failure_without_a_pull(
        self, reason: str, message: str, cause: str
    ) -> None:
        """No pull was tried, yet the pod cannot start."""
        assert counted(reason=reason, message=message) == {
            CREATION_FAILURES: ("shop", "image_pull", reason),
            CONTAINER_FAILURES: ("shop", "image", cause),
        }

    def test_a_missing_pull_secret_is_no_failed_pull(self) -> None:
        """The pull goes on without it, and may succeed."""
        message = (
            "Unable to retrieve some image pull secrets (regcred); attempting to pull the image "
            "may not succeed."
        )
        found = counted(reason="FailedToRetrieveImagePullSecret", message=message)
        assert found == {CONTAINER_FAILURES: ("shop", "image", "config")}

    @pytest.mark.parametrize(
        ("component", "kind"),
        [("cert-manager-challenges", "Challenge"), ("my-operator", "Pod"), ("kubelet", "Node")],
    )
    def test_failed_is_somebody_elses_word_too(self, component: str, kind: str) -> None:
        """The same reason of another component, or about another kind, is another thing."""
        message = f'Failed to pull image "{_IMAGE}": EOF'
        assert counted(component=component, kind=kind, reason="Failed", message=message) == {}
