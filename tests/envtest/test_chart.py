# SPDX-License-Identifier: Apache-2.0
"""deploy/helm, as a real API server takes what Helm makes of it."""

from __future__ import annotations

import copy
import ssl
from pathlib import Path
from typing import Any

import pytest
import trustme
import yaml

from exporter.web.terms import read_terms
from tests.envtest.charted import PROFILES, space
from tests.envtest.cluster import Cluster
from tests.envtest.kustomized import ROOT, Json, Kubectl, arguments, moved, templates
from tests.envtest.manifests import STRICTLY, admitted, assert_refers, lay_out

pytestmark = [pytest.mark.envtest, pytest.mark.timeout(180)]

_OVERLAYS = {
    "default": "base",
    "namespaced": "overlays/namespaced",
    "ha": "overlays/ha",
    "prometheus-operator": "overlays/prometheus-operator",
    "audit-log": "overlays/audit",
    "audit-webhook": "overlays/audit-webhook",
}
_AUDIT = "kube-event-metrics-audit"
_RELEASE_LABEL = "app.kubernetes.io/instance"


@pytest.mark.parametrize("name", PROFILES)
def test_each_profile_is_taken_whole_and_without_a_warning(
    name: str, kubectl: Kubectl, profiles: dict[str, list[Json]]
) -> None:
    """Strictly: an unknown field would be an error, an outdated one or a pod that `restricted`
    does not allow a warning.
    """
    done = kubectl.run(*STRICTLY, "-f", "-", stdin=yaml.safe_dump_all(profiles[name]))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("serverside-applied") == len(profiles[name])


def test_what_strict_validation_refuses(kubectl: Kubectl, profiles: dict[str, list[Json]]) -> None:
    """A misspelt field in any of the kinds that kustomizations do not have."""
    documents = {d["kind"]: d for made in profiles.values() for d in made}
    for kind in ("PodMonitor", "Certificate", "PersistentVolumeClaim"):
        wrong = {**documents[kind], "spec": {**documents[kind]["spec"], "misspelt": 1}}
        done = kubectl.run(*STRICTLY, "-f", "-", stdin=yaml.safe_dump(wrong))
        assert (kind, done.returncode) == (kind, 1)
        assert "misspelt" in done.stderr


@pytest.mark.parametrize("name", PROFILES)
def test_pods_are_admitted(
    name: str, own_cluster: Cluster, profiles: dict[str, list[Json]]
) -> None:
    """All but those that read a log of the host where `restricted` is enforced, as it is in
    deploy/kustomize, whose namespaces these are.
    """
    pods = [pod for _, pod in templates(profiles[name])]
    assert pods
    for pod in pods:
        admitted(own_cluster, pod, pod["metadata"]["namespace"])
    assert {pod["metadata"]["namespace"] for pod in pods} == {space(name)}


@pytest.mark.parametrize("name", PROFILES)
def test_what_refers_to_something_finds_it(
    name: str, profiles: dict[str, list[Json]], tmp_path: Path
) -> None:
    """Arguments, files, ports, Services, policies, budgets, monitors and accounts."""
    documents = profiles[name]
    for workload, pod in templates(documents):
        if name == "options":  # a Secret that its values name, and the release does not bring
            (tmp_path / "web").mkdir()
        assert_refers(documents, workload, pod, tmp_path)
        labels = pod["metadata"]["labels"].items()
        for monitor in (d for d in documents if d["kind"] in {"ServiceMonitor", "PodMonitor"}):
            assert monitor["spec"]["selector"]["matchLabels"].items() <= labels
        accounts = [d["metadata"]["name"] for d in documents if d["kind"] == "ServiceAccount"]
        assert pod["spec"]["serviceAccountName"] in accounts
        certificates = [d["spec"]["secretName"] for d in documents if d["kind"] == "Certificate"]
        claims = [d["metadata"]["name"] for d in documents if d["kind"] == "PersistentVolumeClaim"]
        for volume in pod["spec"].get("volumes", ()):
            if volume["name"] == "tls" and certificates:
                (source, *_) = volume.get("projected", {}).get("sources", [volume])
                assert (
                    source["secret"].get("name", source["secret"].get("secretName")) in certificates
                )
            if "persistentVolumeClaim" in volume:
                assert volume["persistentVolumeClaim"]["claimName"] in claims


@pytest.mark.parametrize(("profile", "overlay"), _OVERLAYS.items())
def test_the_chart_makes_what_the_overlay_makes(
    profile: str,
    overlay: str,
    profiles: dict[str, list[Json]],
    kustomizations: dict[str, list[Json]],
) -> None:
    """But for namespaces, which Helm makes, and the labels by which it knows a release."""
    made = {_place(d): _plain(d) for d in profiles[profile]}
    expected = {_place(d): _plain(d) for d in kustomizations[overlay] if d["kind"] != "Namespace"}
    if profile == "audit-log":  # a release of its own
        expected = {k: v for k, v in expected.items() if k[1] == space(profile)}
    assert made.keys() == expected.keys()
    for place, document in expected.items():
        assert (place, made[place]) == (place, document)


@pytest.mark.parametrize(
    ("profile", "file", "name"),
    [
        ("workloads", "rbac-workloads.yaml", "kube-event-metrics-workloads"),
        ("web-auth", "rbac-web-auth.yaml", "kube-event-metrics-web-auth"),
        ("web-auth", "rbac-web-auth.yaml", "kube-event-metrics-scraper"),
    ],
)
def test_rights_are_those_of_the_files_for_one_s_own_manifests(
    profile: str, file: str, name: str, profiles: dict[str, list[Json]]
) -> None:
    """Where no overlay has them, or one that has less beside."""
    written = yaml.safe_load_all((ROOT / "deploy" / file).read_text(encoding="utf-8"))
    (expected,) = [d["rules"] for d in written if d["metadata"]["name"] == name and "rules" in d]
    (made,) = [
        d["rules"] for d in profiles[profile] if d["metadata"]["name"] == name and "rules" in d
    ]
    assert made == expected


def _place(document: Json) -> tuple[str, str, str]:
    metadata = document["metadata"]
    return document["kind"], metadata.get("namespace", ""), metadata["name"]


def _plain(document: Json) -> Json:
    """A document without what is the release's, and empty lists; JSON in it is read."""
    plain: Json = _without(copy.deepcopy(document))
    labels = plain["metadata"].pop("labels")
    assert {"app.kubernetes.io/name", "grafana_dashboard"} & labels.keys()
    if plain["kind"] == "ServiceMonitor":
        plain["spec"].pop("namespaceSelector", None)  # a release has one namespace
    if plain["kind"] == "ConfigMap":
        plain["data"] = {name: yaml.safe_load(text) for name, text in plain["data"].items()}
    return plain


def _without(node: Any) -> Any:
    if isinstance(node, dict):
        return {k: _without(v) for k, v in node.items() if k != _RELEASE_LABEL and v != []}
    return [_without(each) for each in node] if isinstance(node, list) else node


def test_a_certificate_is_for_the_name_that_api_servers_are_told(
    profiles: dict[str, list[Json]],
) -> None:
    """That of the Service, as NOTES and deploy/audit/webhook-kubeconfig.yaml have it."""
    (certificate,) = [d for d in profiles["cert-manager"] if d["kind"] == "Certificate"]
    (service,) = [
        d["metadata"]
        for d in profiles["cert-manager"]
        if d["kind"] == "Service" and "audit" in {port["name"] for port in d["spec"]["ports"]}
    ]
    name = f"{service['name']}.{service['namespace']}.svc"
    assert certificate["spec"]["dnsNames"] == [name]
    told = (ROOT / "deploy" / "audit" / "webhook-kubeconfig.yaml").read_text(encoding="utf-8")
    assert f"tls-server-name: {name}\n" in told


def test_the_names_of_senders_are_what_the_webhook_asks_for(
    profiles: dict[str, list[Json]], tmp_path: Path
) -> None:
    """In a file beside the certificates, which the exporter reads with them."""
    documents = profiles["cert-manager"]
    (pod,) = [
        pod for workload, pod in templates(documents) if workload["metadata"]["name"] == _AUDIT
    ]
    lay_out(documents, pod, tmp_path)
    authority = trustme.CA()
    certificate = authority.issue_cert("audit.example.org")
    certificate.cert_chain_pems[0].write_to_path(tmp_path / "audit" / "tls.crt")
    certificate.private_key_pem.write_to_path(tmp_path / "audit" / "tls.key")
    authority.cert_pem.write_to_path(tmp_path / "audit" / "ca.crt")
    (file,) = [each for each in moved(arguments(pod), tmp_path) if "webhook.config-file" in each]
    context = read_terms(Path(file.partition("=")[2])).context
    assert context is not None
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.sans == frozenset({"kube-apiserver"})


@pytest.mark.parametrize("name", PROFILES)
def test_who_has_a_token_reaches_the_api_server_and_nobody_else_does(
    name: str, profiles: dict[str, list[Json]]
) -> None:
    """As far as policies go."""
    policies = {
        d["metadata"]["name"]: d["spec"] for d in profiles[name] if d["kind"] == "NetworkPolicy"
    }
    for workload, pod in templates(profiles[name]):
        policy = policies[workload["metadata"]["name"]]
        assert policy["policyTypes"] == ["Ingress", "Egress"]
        ports = {port["port"] for rule in policy["egress"] for port in rule["ports"]}
        assert (443 in ports) is bool(ports) is pod["spec"]["automountServiceAccountToken"]


def test_a_prometheus_shows_its_token_where_one_is_needed(
    profiles: dict[str, list[Json]],
) -> None:
    """And nowhere else."""
    tokens = {
        name: [
            endpoint.get("bearerTokenFile")
            for d in made
            if d["kind"] == "ServiceMonitor"
            for endpoint in d["spec"]["endpoints"]
        ]
        for name, made in profiles.items()
    }
    assert tokens["web-auth"] == ["/var/run/secrets/kubernetes.io/serviceaccount/token"]
    assert tokens["client-certificates"] == [None]


def test_probes_follow_the_scheme(profiles: dict[str, list[Json]]) -> None:
    """HTTPS where there is TLS; an open port will do where the kubelet would need a certificate."""
    for name, expected in (
        ("default", {"httpGet": {"path": "/readyz", "port": "metrics"}}),
        ("pod-monitor", {"httpGet": {"path": "/readyz", "port": "metrics", "scheme": "HTTPS"}}),
        ("client-certificates", {"tcpSocket": {"port": "metrics"}}),
    ):
        ((_, pod),) = templates(profiles[name])
        (container,) = pod["spec"]["containers"]
        assert container["readinessProbe"] == {**expected, "timeoutSeconds": 5}
        for monitor in (d for d in profiles[name] if d["kind"].endswith("Monitor")):
            (endpoint,) = monitor["spec"].get("endpoints") or monitor["spec"]["podMetricsEndpoints"]
            assert (endpoint["scheme"], endpoint["honorLabels"]) == ("https", True)
