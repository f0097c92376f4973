"""Why an operation on a volume failed: read from the error."""

from __future__ import annotations

import pytest

from exporter.rules.rulebook import RuleBook
from tests.unit.rules.catalogue.volume_failures import failures
from tests.unit.rules.observing import built_in_rules


@pytest.fixture(scope="module")
def book() -> RuleBook:
    """The catalogue: no test here looks at lifecycles."""
    return built_in_rules()


def _cause(book: RuleBook, error: str) -> str:
    """Of a mount that failed with this error."""
    message = f'MountVolume.SetUp failed for volume "v" : {error}'
    ((_, operation, cause),) = failures(book, reason="FailedMount", message=message)
    assert operation == "mount"
    return cause


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        pytest.param(
            'secret "missing-secret" not found', "secret_or_configmap_missing", id="secret-recorded"
        ),
        pytest.param(
            'configmap "missing-config" not found',
            "secret_or_configmap_missing",
            id="configmap-recorded",
        ),
        pytest.param(
            '[object "shop"/"kube-root-ca.crt" not registered, configmap "mine" not found]',
            "secret_or_configmap_missing",
            id="one-of-them-is-missing",
        ),
        pytest.param(
            "references non-existent secret key: password", "secret_or_configmap_missing", id="key"
        ),
        pytest.param(
            "hostPath type check failed: /srv/nope is not a directory",
            "not_found",
            id="host-path-recorded",
        ),
        pytest.param(
            "kubernetes.io/csi: mounter.SetUpAt failed to get CSI client: driver name "
            "csi.example.org not found in the list of registered CSI drivers",
            "driver_missing",
            id="driver",
        ),
        pytest.param(
            "rpc error: code = Aborted desc = an operation with the given Volume ID vol-1 already "
            "exists",
            "conflict",
            id="operation-pending",
        ),
        pytest.param(
            "mount failed: exit status 32 Output: mount.nfs: access denied by server while "
            "mounting 10.0.0.1:/export",
            "permission",
            id="nfs",
        ),
        pytest.param(
            "mount failed: exit status 32 Output: mount: wrong fs type, bad option, bad superblock",
            "filesystem",
            id="filesystem",
        ),
        pytest.param(
            "rpc error: code = Internal desc = 'fsck' found errors on device /dev/sdb but could "
            "not correct them",
            "filesystem",
            id="fsck",
        ),
        pytest.param(
            "rpc error: code = Unavailable desc = connection error: desc = transport: Error while "
            "dialing: dial unix /csi/csi.sock: connect: no such file or directory",
            "unavailable",
            id="driver-down",
        ),
        pytest.param(
            "failed to sync secret cache: timed out waiting for the condition",
            "timeout",
            id="cache",
        ),
        pytest.param(
            "rpc error: code = DeadlineExceeded desc = context deadline exceeded",
            "timeout",
            id="deadline",
        ),
        pytest.param("write /data: no space left on device", "quota", id="disk-full"),
        pytest.param(
            "rpc error: code = InvalidArgument desc = no volume context", "invalid", id="invalid"
        ),
        pytest.param("rpc error: code = Internal desc = exit status 2", "other", id="unknown"),
    ],
)
def test_the_error_tells_the_cause(book: RuleBook, error: str, cause: str) -> None:
    """Read from the error behind the volume's name."""
    assert _cause(book, error) == cause


@pytest.mark.parametrize(
    "name", ["notfound", "timeout", "is-forbidden", "quota-exceeded", "conflict", "unavailable"]
)
def test_the_volumes_name_is_no_cause(book: RuleBook, name: str) -> None:
    """People name volumes and paths as they like."""
    message = (
        f'MountVolume.SetUp failed for volume "{name}" : rpc error: code = Internal desc = strange '
        f"/var/lib/kubelet/pods/0f2b6f3e/volumes/kubernetes.io~csi/{name}/mount"
    )
    assert failures(book, reason="FailedMount", message=message) == [("shop", "mount", "other")]
