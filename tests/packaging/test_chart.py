"""What Helm makes of the chart, and what it refuses; an API server is not needed for it."""

from __future__ import annotations

import json
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.chart.values import CHART, values
from tests.envtest.charted import PROFILES, RELEASE, Helm, documents, space, values_file
from tests.envtest.kustomized import ROOT

pytestmark = pytest.mark.timeout(180)

_OPERATOR = ("--api-versions", "monitoring.coreos.com/v1")
# Values that contradict one another, or lead nowhere, and what is said.
_REFUSED = {
    "replicas=2": "replicas: more than one would count every event as often",
    "leaderElection.enabled=true,persistence.enabled=true": "persistence.enabled: not together",
    "fullnameOverride=exporter": "fullnameOverride: must have kube-event-metrics in it",
    "events.enabled=false": "with neither there is nothing to run",
    "serviceAccount.create=false": "serviceAccount.name: is needed",
    "web.configSecret=a,web.config.rate_limit.interval=1s": "only one of them",
    "web.certificateSecret=a": "web.certificateSecret: needs",
    "audit.source=webhook,audit.webhook.certificate.create=true": "issuerRef.name: is needed",
    "web.auth.kubernetes=true,web.config.basic_auth_users.a=b": "one Authorization header",
    "web.auth.kubernetes=true,monitor.kind=PodMonitor": "monitor.endpoint.authorization: is needed",
    "monitor.endpoint.honorLabels=false": "monitor.endpoint.honorLabels: must be true",
    "networkPolicy.scrapers=null": "networkPolicy.scrapers: is needed",
    # by the schema
    "enabled=false": "at '/enabled': value must be true",
    "fullnameOverride=1-kube-event-metrics": "at '/fullnameOverride'",
    "audit.source=log,audit.log.path=/audit.log": "at '/audit/log/path'",
    "replica=2": "additional properties 'replica' not allowed",
    "monitor.enabled=true": "additional properties 'enabled' not allowed",
    "audit.source=both": "value must be one of 'none', 'log', 'webhook'",
    "config.log\\.levels=debug": "additional properties 'log.levels' not allowed",
    "config.checkpoint\\.path=/tmp/x": "additional properties 'checkpoint.path' not allowed",
    "config.events\\.ttl=7200": "at '/config/events.ttl': got number, want string",
    "config.series\\.limit=true": "at '/config/series.limit': got boolean",
    "config.log\\.level=loud": "at '/config/log.level'",
    "web.config.tls_config.cert=a": "additional properties 'tls_config' not allowed",
    "rules.mine=a": "additional properties 'mine' not allowed",
    "namespaces={Shop}": "at '/namespaces/0'",
    "podLabels.app\\.kubernetes\\.io/name=a": "at '/podLabels/app.kubernetes.io~1name'",
}
# Values that no profile has: most need what the release does not bring.
_ELSEWHERE = {
    "fullnameOverride": ("default", {"fullnameOverride": "our-kube-event-metrics"}),
    "web.probes": ("default", {"web": {"probes": "tcp"}}),
    "serviceAccount.create": ("default", {"serviceAccount": {"create": False, "name": "ours"}}),
    "serviceAccount.name": ("default", {"serviceAccount": {"name": "ours"}}),
    "rbac.create": ("default", {"rbac": {"create": False}}),
    "podDisruptionBudget.enabled": ("ha", {"podDisruptionBudget": {"enabled": False}}),
    "networkPolicy.enabled": ("default", {"networkPolicy": {"enabled": False}}),
    "persistence.existingClaim": ("volume", {"persistence": {"existingClaim": "ours"}}),
    "audit.webhook.persistence.existingClaim": (
        "cert-manager",
        {"audit": {"webhook": {"persistence": {"existingClaim": "ours"}}}},
    ),
}


def _template(helm: Helm, *arguments: str) -> str:
    return helm("template", RELEASE, str(CHART), "-n", RELEASE, *arguments)


@pytest.mark.parametrize("name", PROFILES)
def test_lint_finds_nothing_in_a_profile(name: str, helm: Helm) -> None:
    """Strictly: a warning would be an error."""
    helm("lint", "--strict", str(CHART), "-f", str(values_file(name)))


@pytest.mark.parametrize("name", PROFILES)
def test_what_is_made_reads_well(name: str, helm: Helm) -> None:
    """No blanks at the ends of lines, no empty documents, none without a namespace of its own."""
    text = _template(helm, "-n", space(name), "-f", str(values_file(name)))
    assert [line for line in text.splitlines() if line != line.rstrip()] == []
    everywhere = {"ClusterRole", "ClusterRoleBinding"}
    for document in yaml.safe_load_all(text):
        assert document
        assert ("namespace" in document["metadata"]) is (document["kind"] not in everywhere)
        assert document["metadata"].get("labels") or document["metadata"]["name"].endswith("extra")


@pytest.mark.parametrize(("given", "told"), _REFUSED.items())
def test_what_cannot_be_is_refused(given: str, told: str, helm: Helm) -> None:
    """With the value's name, before anything is installed."""
    done = helm.run("template", RELEASE, str(CHART), "--set", given)
    assert done.returncode == 1
    assert told in done.stderr


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((), {"annotated"}),
        (_OPERATOR, {"ServiceMonitor", "PrometheusRule", "ConfigMap"}),
        (
            (*_OPERATOR, "--set", "monitor.kind=annotations"),
            {"annotated", "PrometheusRule", "ConfigMap"},
        ),
        (
            (*_OPERATOR, "--set", "prometheusRule.enabled=false,dashboards.enabled=false"),
            {"ServiceMonitor"},
        ),
        (("--set", "dashboards.enabled=true,monitor.kind=PodMonitor"), {"PodMonitor", "ConfigMap"}),
        ((*_OPERATOR, "--set", "events.enabled=false,audit.source=log"), {"ServiceMonitor"}),
    ],
)
def test_auto_goes_by_what_the_cluster_has(
    arguments: tuple[str, ...], expected: set[str], helm: Helm
) -> None:
    """Nobody is scraped twice; an exporter of audit events alone brings no second set of rules."""
    made = documents(_template(helm, *arguments))
    kinds = {"ServiceMonitor", "PodMonitor", "PrometheusRule", "ConfigMap"}
    found = {each["kind"] for each in made} & kinds
    for service in (each for each in made if each["kind"] == "Service"):
        if "annotations" in service["metadata"]:
            found.add("annotated")
    assert found == expected


@pytest.mark.parametrize(
    ("release", "name"),
    [
        ("kube-event-metrics", "kube-event-metrics"),
        ("events", "events-kube-event-metrics"),
        ("my-kube-event-metrics", "my-kube-event-metrics"),
        ("x" * 53, "x" * 29 + "-kube-event-metrics"),
        ("x" * 34 + "-kube-event-metrics", "x" * 29 + "-kube-event-metrics"),
    ],
)
def test_what_jobs_are_called(release: str, name: str, helm: Helm) -> None:
    """By the Service's name, in which alerts and dashboards look for ours; a Lease has it too,
    or two releases in a namespace would share one.
    """
    made = documents(
        helm(
            "template",
            release,
            str(CHART),
            "-f",
            str(values_file("ha")),
            "--set",
            "audit.source=log",
        )
    )
    assert {d["metadata"]["name"] for d in made if d["kind"] == "Service"} == {
        name,
        f"{name}-audit",
    }
    (arguments,) = [
        d["spec"]["template"]["spec"]["containers"][0]["args"]
        for d in made
        if d["kind"] == "Deployment"
    ]
    lease = f"--leader-election.name={name}"
    assert (lease in arguments) is (name != "kube-event-metrics")
    (named,) = [
        rule["resourceNames"]
        for d in made
        if d["kind"] == "Role"
        for rule in d["rules"]
        if "resourceNames" in rule
    ]
    assert named == [name]


def test_one_label_may_be_told_twice(helm: Helm) -> None:
    """What is told of one object beats what is told of all."""
    told = "commonLabels.release=all,monitor.labels.release=one,dashboards.enabled=false"
    made = documents(_template(helm, *_OPERATOR, "--set", told))
    found = {each["kind"]: each["metadata"]["labels"]["release"] for each in made}
    assert found.pop("ServiceMonitor") == "one"
    assert set(found.values()) == {"all"}


def test_the_package_is_what_helm_packs(helm: Helm, tmp_path: Path) -> None:
    """The chart without what it is tried with; it makes the same as the directory."""
    ours = tmp_path / "ours.tgz"
    subprocess.run([ROOT / ".ci" / "chart", ours], check=True, timeout=60)
    helm("package", str(CHART), "--destination", str(tmp_path / "helm"))
    (theirs,) = (tmp_path / "helm").glob("*.tgz")
    assert _files(ours) == _files(theirs)
    assert {"values.schema.json", "README.md", "files/rules.yaml"} <= _files(ours).keys()
    given = (RELEASE, "-n", RELEASE, "--set", "dashboards.enabled=true")
    assert helm("template", *given, str(ours)) == helm("template", *given, str(CHART))


def _files(package: Path) -> dict[str, Any]:
    """What a package has, read."""
    with tarfile.open(package) as archive:
        found = [(each.name, archive.extractfile(each)) for each in archive if each.isfile()]
        texts = {name: file.read() for name, file in found if file}
    assert {name.partition("/")[0] for name in texts} == {"kube-event-metrics"}
    # Helm writes Chart.yaml anew, in an order of its own.
    return {
        name.partition("/")[2]: yaml.safe_load(text) if name.endswith("Chart.yaml") else text
        for name, text in texts.items()
    }


def test_every_value_does_something(helm: Helm, tmp_path: Path) -> None:
    """Each is given in a profile, or above; without it other objects are made."""
    texts = {name: values_file(name).read_text(encoding="utf-8") for name in PROFILES}
    given = {name: yaml.safe_load(text) for name, text in texts.items()}
    made = {name: _template(helm, "-f", str(values_file(name))) for name in PROFILES}
    for value in values():
        if value.section or value.name in {"global", "enabled"}:
            continue
        if value.name in _ELSEWHERE:
            name, more = _ELSEWHERE[value.name]
            path = tmp_path / "more.yaml"
            path.write_text(json.dumps(more))
            assert _template(helm, "-f", str(values_file(name)), "-f", str(path)) != made[name]
            continue
        users = [name for name in PROFILES if _has(given[name], value.path)]
        assert users, f"no profile has {value.name}"
        path = tmp_path / "less.yaml"
        # A profile that needs it to be right may be refused without it.
        path.write_text(json.dumps(_without(given[users[0]], value.path)))
        done = helm.run("template", RELEASE, str(CHART), "-n", RELEASE, "-f", str(path))
        assert done.stdout != made[users[0]], value.name


def _has(given: Any, path: tuple[str, ...]) -> bool:
    for key in path:
        if not isinstance(given, dict) or key not in given:
            return False
        given = given[key]
    return True


def _without(given: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    key, *rest = path
    below = {key: _without(given[key], tuple(rest))} if rest else {}
    return {k: v for k, v in given.items() if k != key} | below
