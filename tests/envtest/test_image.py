# SPDX-License-Identifier: Apache-2.0
"""The image, run as deploy/kustomize runs it."""

from __future__ import annotations

import os
import re
import secrets
import select
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.envtest.cluster import Cluster
from tests.envtest.containers import in_cluster, options, owned
from tests.envtest.events import EventWriter
from tests.envtest.exporter_process import STOP_WITHIN, ExporterProcess
from tests.envtest.installed import ACCOUNT, Installed
from tests.envtest.kustomized import arguments, templates
from tests.envtest.process import eventually
from tests.packaging.container_image import ContainerImage, podman, the_image

pytestmark = [pytest.mark.envtest, pytest.mark.timeout(180)]

_STATE = "/var/lib/kube-event-metrics"
_USER = 65532


@pytest.fixture(scope="module")
def image() -> ContainerImage:
    """The one that was built. (First of all: without it no API server has to start.)"""
    return the_image()


@dataclass(frozen=True, slots=True)
class Container:
    """A container of the base's pod, and the process in it as this machine sees it."""

    exporter: ExporterProcess
    state: Path
    pid: int

    def status(self) -> dict[str, str]:
        """What the kernel says of its rights."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}


@pytest.fixture
def container(
    image: ContainerImage,
    own_cluster: Cluster,
    request: pytest.FixtureRequest,
    tmp_path: Path,
) -> Iterator[Container]:
    """It is ready; the network is the host's, because the API server is on loopback."""
    base = Installed(own_cluster, "base", request.getfixturevalue("kustomizations")["base"])
    base.grant()
    ((_, pod),) = templates(base.documents)
    state = owned(tmp_path / "state", _USER)
    tmp_path.chmod(0o755)
    name = f"kube-event-metrics-{secrets.token_hex(4)}"
    command = (
        *("podman", "run", "--rm", "--name", name, "--network=host"),
        *options(pod, {_STATE: state}),
        *in_cluster(own_cluster, ACCOUNT, owned(tmp_path / "account", _USER)),
        image.name,
        *arguments(pod),
    )
    exporter = ExporterProcess(None, tmp_path / "container.log", command=command)
    try:
        exporter.wait_ready()
        pid = int(podman("inspect", "--format", "{{.State.Pid}}", name))
        yield Container(exporter, state, pid)
    finally:
        podman("rm", "--force", "--ignore", "--time", "0", name)
        exporter.process.stop(within=30)


def test_a_container_counts_and_ends_in_order(container: Container, own_cluster: Cluster) -> None:
    """In the pod of the base it finds its API server, counts each occurrence, answers the probes,
    keeps its checkpoint on the volume, and ends within two seconds of SIGTERM.
    """
    writer = EventWriter(own_cluster.admin, own_cluster.namespace())
    name = writer.create("BackOff", warning=True)
    writer.repeat(name, 5)
    writer.create("Pulled")
    assert container.exporter.counted(writer) == {"BackOff": 5, "Pulled": 1}
    assert [container.exporter.get(path)[0] for path in ("/livez", "/readyz")] == [200, 200]
    end = os.pidfd_open(container.pid)
    try:
        signal.pidfd_send_signal(end, signal.SIGTERM)
        assert select.select([end], [], [], STOP_WITHIN)[0], "still there after SIGTERM"
    finally:
        os.close(end)
    process = container.exporter.process
    code = eventually(lambda: [process.exit_code] * (process.exit_code is not None), "podman ends")
    assert code == [0]
    checkpoint = (container.state / "checkpoint.db").stat()
    assert (checkpoint.st_uid, checkpoint.st_gid) == (_USER, _USER)


def test_a_container_may_nothing(container: Container) -> None:
    """As the kernel has it: not root, no capability to be had, no way to new ones, system calls
    filtered, and nothing to write to but its volume (and the memory in /dev that each pod has).
    """
    status = container.status()
    assert status["Uid"].split() == [str(_USER)] * 4
    assert status["Gid"].split() == [str(_USER)] * 4
    capabilities = {key: int(value, 16) for key, value in status.items() if key.startswith("Cap")}
    assert capabilities == dict.fromkeys(("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"), 0)
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")
    mounts = Path(f"/proc/{container.pid}/mountinfo").read_text().splitlines()
    places = {line.split()[4]: line.split()[5].split(",") for line in mounts}
    assert "ro" in places["/"]
    writable = {place for place, options in places.items() if "rw" in options}
    kernels = re.compile("/(proc|sys|dev)(/.*)?")
    assert {place for place in writable if not kernels.fullmatch(place)} <= {_STATE}
