# SPDX-License-Identifier: Apache-2.0
"""deploy/kustomize and its guide, as a real API server takes them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import trustme
import yaml

from tests.envtest.api import ApiError
from tests.envtest.cluster import Cluster
from tests.envtest.kustomized import KUSTOMIZE, OVERLAYS, ROOT, Json, Kubectl, templates
from tests.envtest.manifests import STRICTLY, admitted, assert_refers
from tests.packaging.commands import sh_commands

pytestmark = [pytest.mark.envtest, pytest.mark.timeout(180)]

_GUIDE = (ROOT / "docs" / "deployment.md").read_text(encoding="utf-8")
_EXAMPLES = re.findall(r"^```yaml\n(.*?)^```", _GUIDE, re.MULTILINE | re.DOTALL)
_HOST = "overlays/audit"
_RESTRICTED = "kube-event-metrics"


@pytest.mark.parametrize("name", OVERLAYS)
def test_each_overlay_is_taken_whole_and_without_a_warning(
    name: str, kubectl: Kubectl, kustomizations: dict[str, list[Json]]
) -> None:
    """Strictly: an unknown field would be an error, an outdated one or a pod that `restricted`
    does not allow a warning.
    """
    done = kubectl.run(*STRICTLY, "-k", str(KUSTOMIZE / name))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("serverside-applied") == len(kustomizations[name])


def test_what_strict_validation_refuses(
    kubectl: Kubectl, kustomizations: dict[str, list[Json]]
) -> None:
    """A misspelt field in any of the kinds, custom resources included."""
    documents = {d["kind"]: d for made in kustomizations.values() for d in made}
    for kind in ("Deployment", "DaemonSet", "NetworkPolicy", "ServiceMonitor", "PrometheusRule"):
        wrong = {**documents[kind], "spec": {**documents[kind]["spec"], "misspelt": 1}}
        done = kubectl.run(*STRICTLY, "-f", "-", stdin=yaml.safe_dump(wrong))
        assert (kind, done.returncode) == (kind, 1)
        assert "misspelt" in done.stderr


@pytest.mark.parametrize("name", OVERLAYS)
def test_pods_are_admitted(
    name: str, own_cluster: Cluster, kustomizations: dict[str, list[Json]]
) -> None:
    """Each by the namespace it goes to; all but those that read files of the host go to one that
    enforces `restricted`.
    """
    pods = [pod for _, pod in templates(kustomizations[name])]
    for pod in pods:
        admitted(own_cluster, pod, pod["metadata"]["namespace"])
    namespaces = {pod["metadata"]["namespace"] for pod in pods}
    assert namespaces - {_RESTRICTED} == ({"kube-event-metrics-audit"} if name == _HOST else set())


@pytest.mark.parametrize("name", OVERLAYS)
def test_what_refers_to_something_finds_it(
    name: str, kustomizations: dict[str, list[Json]], tmp_path: Path
) -> None:
    """Arguments, files, ports, Services, policies and budgets."""
    for workload, pod in templates(kustomizations[name]):
        assert_refers(kustomizations[name], workload, pod, tmp_path)


def test_a_service_monitor_takes_the_place_of_the_annotations(
    kustomizations: dict[str, list[Json]],
) -> None:
    """It selects each of our Services, and none would be scraped twice."""
    documents = {d["kind"]: d for d in kustomizations["overlays/prometheus-operator"]}
    monitor = documents["ServiceMonitor"]["spec"]
    assert monitor["endpoints"] == [{"port": "metrics", "honorLabels": True}]
    assert "annotations" not in documents["Service"]["metadata"]
    boards = [d for d in kustomizations["overlays/prometheus-operator"] if d["kind"] == "ConfigMap"]
    assert {d["metadata"]["labels"]["grafana_dashboard"] for d in boards} == {"1"}
    assert {d["metadata"]["annotations"]["grafana_folder"] for d in boards} == {"Kubernetes events"}
    for made in kustomizations.values():
        for service in (d for d in made if d["kind"] == "Service"):
            labels = service["metadata"]["labels"].items()
            assert monitor["selector"]["matchLabels"].items() <= labels
            assert service["metadata"]["namespace"] in monitor["namespaceSelector"]["matchNames"]
            assert monitor["endpoints"][0]["port"] in {p["name"] for p in service["spec"]["ports"]}


def test_each_part_of_the_security_context_is_needed(
    own_cluster: Cluster, kustomizations: dict[str, list[Json]]
) -> None:
    """Without any of them the pod is refused: the namespace does enforce `restricted`."""
    ((_, pod),) = templates(kustomizations["base"])
    spec = pod["spec"]
    whole, container = spec["securityContext"], spec["containers"][0]["securityContext"]
    for context, key in (
        (whole, "runAsNonRoot"),
        (whole, "seccompProfile"),
        (container, "allowPrivilegeEscalation"),
        (container, "capabilities"),
    ):
        taken = context.pop(key)
        with pytest.raises(ApiError, match=f"restricted.*{key}"):
            admitted(own_cluster, pod, _RESTRICTED)
        context[key] = taken
    admitted(own_cluster, pod, _RESTRICTED)


def test_the_reader_of_audit_logs_asks_for_the_host_and_for_root_alone(
    own_cluster: Cluster, kustomizations: dict[str, list[Json]]
) -> None:
    """Where `restricted` is enforced it is refused for these reasons, and for no other."""
    pod = next(p for w, p in templates(kustomizations[_HOST]) if w["kind"] == "DaemonSet")
    with pytest.raises(ApiError) as refused:
        admitted(own_cluster, pod, _RESTRICTED)
    told = str(refused.value).partition("restricted:latest")[2]
    assert re.findall(r"(?:: |\), )([^()]+) \(", told) == [
        "restricted volume types",
        "runAsNonRoot != true",
        "runAsUser=0",
    ]


@pytest.mark.usefixtures("cleaned")
def test_the_guide_works_from_top_to_bottom(kubectl: Kubectl, tmp_path: Path) -> None:
    """Each command succeeds; there are no pods to look at, for nothing runs them here."""
    authority = trustme.CA()
    certificate = authority.issue_cert("kube-event-metrics-audit.kube-event-metrics.svc")
    (tmp_path / "deploy").symlink_to(ROOT / "deploy")
    authority.cert_pem.write_to_path(str(tmp_path / "ca.crt"))
    certificate.private_key_pem.write_to_path(str(tmp_path / "tls.key"))
    certificate.cert_chain_pems[0].write_to_path(str(tmp_path / "tls.crt"))
    commands = sh_commands(_GUIDE.partition("## With kustomize")[2])
    applied = {command.rpartition("-k deploy/kustomize/")[2] for command in commands}
    assert set(OVERLAYS) <= applied
    for command in commands:
        program, *words = command.split()
        assert program == "kubectl"
        done = kubectl.run(*words, directory=tmp_path)
        assert done.returncode == 0, (command, done.stderr)


@pytest.mark.parametrize("example", _EXAMPLES)
def test_an_example_of_the_guide_is_taken(
    example: str, kubectl: Kubectl, kustomizations: dict[str, list[Json]], tmp_path: Path
) -> None:
    """Beside a checkout, as the guide says."""
    assert kustomizations
    (tmp_path / "mine").mkdir()
    (tmp_path / "kube-event-metrics").symlink_to(ROOT)
    for document in example.split("---\n"):
        read = yaml.safe_load(document)
        name = "kustomization" if read["kind"] == "Kustomization" else read["kind"].lower()
        (tmp_path / "mine" / f"{name}.yaml").write_text(document)
    done = kubectl.run(*STRICTLY, "-k", str(tmp_path / "mine"))
    assert (done.returncode, done.stderr) == (0, "")
