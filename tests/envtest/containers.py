# SPDX-License-Identifier: Apache-2.0
"""A pod's only container, as podman can make it of what the pod says."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.envtest.cluster import Cluster
from tests.envtest.kustomized import Json

SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
_UNITS = {"Mi": "m", "Gi": "g"}


def options(pod: Json, volumes: Mapping[str, Path]) -> Iterator[str]:
    """podman's, for `podman run`. `volumes` are directories by where they are mounted.

    AssertionError for a field that says more than is done here. That there is no root, and the
    runtime's own seccomp profile, is for the caller to see.
    """
    (container,) = pod["spec"]["containers"]
    of_pod = dict(pod["spec"]["securityContext"])
    assert of_pod.pop("runAsNonRoot")
    assert of_pod.pop("seccompProfile") == {"type": "RuntimeDefault"}
    yield f"--user={of_pod.pop('runAsUser')}:{of_pod.pop('runAsGroup')}"
    yield f"--group-add={of_pod.pop('fsGroup')}"
    assert of_pod.keys() <= {"fsGroupChangePolicy"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    yield from ("--security-opt=no-new-privileges", "--read-only", "--read-only-tmpfs=false")
    yield "--cap-drop=all"
    limits = container["resources"]["limits"]
    assert limits.keys() == {"cpu", "memory"}
    yield f"--cpus={limits['cpu']}"
    yield f"--memory={limits['memory'][:-2]}{_UNITS[limits['memory'][-2:]]}"
    for mount in container["volumeMounts"]:
        assert mount.keys() == {"name", "mountPath"}
        yield f"--volume={volumes[mount['mountPath']]}:{mount['mountPath']}"
    assert "env" not in container
    assert "command" not in container


def owned(directory: Path, group: int) -> Path:
    """The directory, made as the kubelet makes a volume for an `fsGroup`."""
    directory.mkdir()
    os.chown(directory, 0, group)
    directory.chmod(0o2770)
    return directory


def in_cluster(cluster: Cluster, account: tuple[str, str], directory: Path) -> Iterator[str]:
    """What the kubelet gives a pod of an account to find its API server: its options for podman."""
    files = {
        "token": cluster.token(*account),
        "ca.crt": cluster.ca_file.read_text(),
        "namespace": account[0],
    }
    for name, content in files.items():
        (directory / name).write_text(content)
        (directory / name).chmod(0o640)
    yield f"--volume={directory}:{SERVICE_ACCOUNT}:ro"
    yield "--env=KUBERNETES_SERVICE_HOST=127.0.0.1"
    yield f"--env=KUBERNETES_SERVICE_PORT={cluster.port}"
