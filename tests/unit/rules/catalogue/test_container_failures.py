"""Containers that do not run: failures by stage and cause, from the kubelet's Failed."""

from __future__ import annotations

import pytest

from exporter.rules.rulebook import AGGREGATED
from tests.unit.rules.catalogue.pod_events import (
    CONTAINER_FAILURES,
    CREATION_FAILURES,
    counted,
    recorded_causes,
)

_RUNC = (
    "failed to create containerd task: failed to create shim task: OCI runtime create failed: "
    "runc create failed: unable to start container process: "
)


class TestFailed:
    """The kubelet's Failed without an image tells configuration, creation and start apart."""

    @pytest.mark.parametrize("prefix", ["", AGGREGATED], ids=["single", "aggregated"])
    @pytest.mark.parametrize(
        ("message", "stage", "cause"),
        [
            ('Error: configmap "missing-env" not found', "config", "configmap_not_found"),
            ('Error: secret "nosecret" not found', "config", "secret_not_found"),
            ("Error: couldn't find key tls.crt in Secret shop/web", "config", "key_not_found"),
            ("Error: couldn't find key a in ConfigMap shop/web", "config", "key_not_found"),
            ("Error: missing value for NOPE", "config", "key_not_found"),
            (
                (
                    "Error: container has runAsNonRoot and image has non-numeric user (root), "
                    'cannot verify user is non-root (pod: "user-bad_lab(8ffd4bb8)", container: a)'
                ),
                "config",
                "non_root",
            ),
            (
                "Error: container has runAsNonRoot and image will run as root",
                "config",
                "non_root",
            ),
            (
                'Error: container\'s runAsUser breaks non-root policy (pod: "a", container: b)',
                "config",
                "non_root",
            ),
            (
                "Error: failed to sync secret cache: timed out waiting for the condition",
                "config",
                "timeout",
            ),
            (
                'Error: failed to prepare subPath for volumeMount "v" of container "app"',
                "config",
                "mount",
            ),
            (
                'Error: cannot find volume "v" to mount into container "app"',
                "config",
                "mount",
            ),
            (
                "Error: services have not yet been read at least once, cannot construct envvars",
                "config",
                "other",
            ),
            (
                (
                    f'Error: {_RUNC}exec: "/no/such/binary": stat /no/such/binary: no such file or '
                    "directory"
                ),
                "start",
                "command_not_found",
            ),
            (
                f'Error: {_RUNC}exec: "": executable file not found in $PATH',
                "start",
                "command_not_found",
            ),
            (
                f'Error: {_RUNC}exec: "/app": permission denied: unknown',
                "start",
                "permission",
            ),
            (
                f"Error: {_RUNC}error during container init: mkdir /etc/passwd: not a directory",
                "start",
                "mount",
            ),
            (
                f"Error: {_RUNC}container init was OOM-killed (memory limit too low?): unknown",
                "start",
                "oom",
            ),
            (
                (
                    f"Error: {_RUNC}error running prestart hook #0: exit status 1, stderr: "
                    "nvidia-container-cli: initialization error: driver not loaded"
                ),
                "start",
                "device",
            ),
            (
                (
                    'Error: failed to start container "app": Error response from daemon: OCI '
                    "runtime create failed: starting container process caused: "
                    'exec: "x": executable file not found in $PATH: unknown'
                ),
                "start",
                "command_not_found",
            ),
            (
                "Error: failed to create containerd task: OCI runtime create failed",
                "start",
                "other",
            ),
            (f"Error: {_RUNC}unknown", "start", "other"),
            (
                (
                    f"Error: {_RUNC}error during container init: chdir to cwd "
                    '("/app") set in config.json failed: no such file or directory: unknown'
                ),
                "start",
                "config",
            ),
            (
                (
                    f"Error: {_RUNC}error during container init: chdir to cwd "
                    '("/app") set in config.json failed: permission denied: unknown'
                ),
                "start",
                "permission",
            ),
            (
                f"Error: {_RUNC}unable to find user app: no matching entries in passwd file",
                "start",
                "config",
            ),
            (
                f'Error: {_RUNC}exec: "selinux-relabel": executable file not found in $PATH',
                "start",
                "command_not_found",
            ),
            (
                (
                    f"Error: {_RUNC}error during container init: unable to apply apparmor profile: "
                    "write /proc/self/attr/apparmor/exec: permission denied"
                ),
                "start",
                "security_profile",
            ),
            (
                f"Error: {_RUNC}write /proc/thread-self/attr/keycreate: invalid argument",
                "start",
                "security_profile",
            ),
            (
                f"Error: {_RUNC}failed to mkdir /data/x: mkdir /data/x: permission denied",
                "start",
                "permission",
            ),
            (
                f"Error: {_RUNC}failed to mkdir /data/x: mkdir /data/x: no space left on device",
                "start",
                "disk",
            ),
            (
                (
                    "Error: failed to create containerd task: failed to create shim task: runc "
                    "create failed: unable to apply cgroup configuration: mkdir "
                    "/sys/fs/cgroup/x: no space left on device: unknown"
                ),
                "start",
                "runtime",
            ),
            (
                "Error: failed to create containerd task: ttrpc: closed: unknown",
                "start",
                "runtime",
            ),
            (
                "Error: failed to start containerd task: shim exited: unknown",
                "start",
                "runtime",
            ),
            ("Error: Internal PreStartContainer hook failed", "start", "other"),
            ("Internal PreStartContainer hook failed: no cpus: timed out", "start", "timeout"),
            ("Error: Internal PreCreateContainer hook failed", "create", "other"),
            ("Internal PreCreateContainer hook failed: no cpus", "create", "other"),
            ("Error: context deadline exceeded", "create", "timeout"),
            (
                'Error: failed to reserve container name "app_web-0_shop_1": name is reserved',
                "create",
                "runtime",
            ),
            (
                (
                    "Error: failed to create containerd container: cannot load seccomp profile "
                    '"/var/lib/kubelet/seccomp/x.json": open x.json: no such file or directory'
                ),
                "create",
                "security_profile",
            ),
            (
                (
                    'Error: failed to generate container "app" spec: CDI device injection failed: '
                    "unresolvable CDI devices vendor.example/gpu=0"
                ),
                "create",
                "device",
            ),
            (
                (
                    "Error: failed to create containerd container: error unpacking image: write "
                    "/x: no space left on device"
                ),
                "create",
                "disk",
            ),
            ("Error: something new", "create", "other"),
        ],
    )
    def test_stage_and_cause_are_read_from_the_error(
        self, prefix: str, message: str, stage: str, cause: str
    ) -> None:
        """Each is one failed step, and one pod that could not start."""
        assert counted(reason="Failed", message=prefix + message) == {
            CONTAINER_FAILURES: ("shop", stage, cause),
            CREATION_FAILURES: ("shop", f"container_{stage}", "Failed"),
        }

    def test_pod_directories_are_a_volume_of_their_own(self) -> None:
        """It happens before any container is looked at."""
        message = "error making pod data directories: mkdir: read-only file system"
        found = counted(reason="Failed", message=message, field_path="")
        assert found == {CREATION_FAILURES: ("shop", "volume", "Failed")}

    def test_another_form_is_other(self) -> None:
        """A pod that failed in words that no kubelet is known to use failed all the same."""
        found = counted(reason="Failed", message="something new")
        assert found == {CREATION_FAILURES: ("shop", "other", "Failed")}

    def test_skipped_names_of_variables_fail_no_pod(self) -> None:
        """The container starts without them."""
        found = counted(reason="InvalidEnvironmentVariableNames", message="Keys [1x] were skipped")
        assert found == {CONTAINER_FAILURES: ("shop", "config", "config")}


def test_recorded_failures_have_their_causes() -> None:
    """No recorded failure of a container is other: each is of a known form."""
    causes = recorded_causes()[CONTAINER_FAILURES]
    assert causes
    assert [message for cause, message in causes if cause == "other"] == []
    assert {stage for stage, _ in recorded_causes("stage")[CONTAINER_FAILURES]} == {
        "image",
        "config",
        "start",
    }
