# SPDX-License-Identifier: Apache-2.0
"""A real API server for all tests here, and the exporter beside it.

Without kube-apiserver and etcd (see assets.py, .ci/assets) the tests skip and say why; with
REQUIRE_ENVTEST=1 they fail instead.
"""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.envtest.assets import Assets, AssetsMissingError, find_assets
from tests.envtest.charted import PROFILES, Helm, find_helm
from tests.envtest.cluster import EVENTS_READER, Cluster
from tests.envtest.events import EventWriter
from tests.envtest.exporter_process import ExporterProcess, RunExporter
from tests.envtest.installed import PLACES, Installed
from tests.envtest.kustomized import KUSTOMIZE, OVERLAYS, Json, Kubectl
from tests.envtest.relay import Relay
from tests.envtest.rights import Right, listed


@pytest.fixture(scope="session")
def assets() -> Assets:
    """The programs of the control plane, or a skip."""
    try:
        return find_assets(os.environ)
    except AssetsMissingError as missing:
        reason = str(missing)
    if os.environ.get("REQUIRE_ENVTEST") == "1":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def cluster(assets: Assets, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """The API server of all tests; each test has a namespace of its own there."""
    running = Cluster(assets, tmp_path_factory.mktemp("cluster"))
    yield running
    running.stop()


@pytest.fixture(scope="session")
def kubectl_program(assets: Assets) -> Path:
    """It stands beside the API server, as envtest has it."""
    program = assets.kube_apiserver.parent / "kubectl"
    if not program.exists():
        pytest.fail(f"no kubectl at {program}: .ci/assets builds it")
    return program


@pytest.fixture(scope="session")
def own_cluster(assets: Assets, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """An API server for what is installed by fixed names, and for the whole cluster."""
    running = Cluster(assets, tmp_path_factory.mktemp("own-cluster"))
    yield running
    running.stop()


@pytest.fixture(scope="session")
def kubectl(
    kubectl_program: Path, own_cluster: Cluster, tmp_path_factory: pytest.TempPathFactory
) -> Kubectl:
    """It is the administrator of `own_cluster`, which knows the operator's resources."""
    config = own_cluster.kubeconfig(tmp_path_factory.mktemp("kubectl") / "kubeconfig")
    kubectl = Kubectl(kubectl_program, config)
    definitions = str(Path(__file__).parent / "operator-crds.yaml")
    kubectl("apply", "--server-side", "--validate=strict", "-f", definitions)
    kubectl("wait", "--for=condition=Established", "--timeout=30s", "-f", definitions)
    return kubectl


@pytest.fixture
def cleaned(kubectl: Kubectl) -> Iterator[None]:
    """What the test applies is gone after it, but for what the session needs: other manifests have
    objects of the same names, of which not all may change.
    """
    yield
    label = "-lapp.kubernetes.io/name=kube-event-metrics"
    kubectl("delete", "deployments,daemonsets,services", "--all-namespaces", label)
    kubectl("delete", "clusterrolebindings", "kube-event-metrics-scraper", "--ignore-not-found")


@pytest.fixture(scope="session")
def kustomizations(kubectl: Kubectl) -> dict[str, list[Json]]:
    """What the base and each overlay make. Their namespaces and accounts are there."""
    made = {name: kubectl.kustomized(KUSTOMIZE / name) for name in OVERLAYS}
    for kind in ("Namespace", "ServiceAccount"):
        found = [d for documents in made.values() for d in documents if d["kind"] == kind]
        kubectl.apply(*{str(d["metadata"]): d for d in found}.values())
    return made


@pytest.fixture
def installed(
    request: pytest.FixtureRequest, own_cluster: Cluster, kustomizations: dict[str, list[Json]]
) -> Installed:
    """The kustomization that the test names as its parameter."""
    made = Installed(own_cluster, request.param, kustomizations[request.param])
    made.grant()
    return made


@pytest.fixture(scope="session")
def helm(kubectl: Kubectl, tmp_path_factory: pytest.TempPathFactory) -> Helm:
    """It is the administrator of `own_cluster`, as kubectl is."""
    return Helm(find_helm(os.environ), tmp_path_factory.mktemp("helm"), kubectl.kubeconfig)


@pytest.fixture(scope="session")
def profiles(
    helm: Helm, kubectl: Kubectl, kustomizations: dict[str, list[Json]]
) -> dict[str, list[Json]]:
    """What the chart makes of each profile. Their accounts are there, and the namespaces, which are
    those of deploy/kustomize.
    """
    assert kustomizations
    made = {name: helm.template(name) for name in PROFILES}
    found = [d for each in made.values() for d in each if d["kind"] == "ServiceAccount"]
    kubectl.apply(*{str(d["metadata"]): d for d in found}.values())
    return made


@pytest.fixture
def released(
    request: pytest.FixtureRequest, own_cluster: Cluster, profiles: dict[str, list[Json]]
) -> Installed:
    """The profile of the chart that the test names as its parameter."""
    made = Installed(own_cluster, request.param, profiles[request.param])
    made.grant()
    return made


@pytest.fixture(scope="session")
def everybody(
    own_cluster: Cluster, kubectl: Kubectl, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, set[Right]]:
    """What an account without rights may do, by namespace."""
    token = own_cluster.service_account("default", "nobody", [])
    config = own_cluster.kubeconfig(tmp_path_factory.mktemp("nobody") / "config", token=token)
    nobody = Kubectl(kubectl.program, config)
    return {place: listed(nobody, place) for place in PLACES}


@pytest.fixture
def namespace(cluster: Cluster) -> str:
    """A new namespace."""
    return cluster.namespace()


@pytest.fixture
def writer(cluster: Cluster, namespace: str) -> EventWriter:
    """Writes Events into the namespace of the test."""
    return EventWriter(cluster.admin, namespace)


@pytest.fixture
def kubeconfig(cluster: Cluster, namespace: str, tmp_path: Path) -> Path:
    """A kubeconfig of a ServiceAccount that may list and watch events, and nothing else."""
    token = cluster.service_account(namespace, "exporter", EVENTS_READER)
    return cluster.kubeconfig(tmp_path / "kubeconfig", token=token)


@pytest.fixture
def relay(cluster: Cluster) -> Iterator[Relay]:
    """A way to the API server that the test can cut."""
    path = Relay(cluster.port)
    yield path
    path.close()


@pytest.fixture
def run_exporter(tmp_path: Path) -> Iterator[RunExporter]:
    """Start an exporter: `run_exporter(kubeconfig, *flags, ready=True)`.

    Each ends with the test, in order and in time, or the test fails.
    """
    names = (f"exporter-{number}.log" for number in itertools.count())
    with contextlib.ExitStack() as ends:  # each is ended, also after one that would not

        def run(kubeconfig: Path, *flags: str, ready: bool = True) -> ExporterProcess:
            exporter = ExporterProcess(kubeconfig, tmp_path / next(names), *flags)
            ends.callback(exporter.stop)
            if ready:
                exporter.wait_ready()
            return exporter

        yield run
