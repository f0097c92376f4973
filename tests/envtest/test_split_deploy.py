# SPDX-License-Identifier: Apache-2.0
"""The parts of docs/scaling.md as kustomize makes them, and as an API server takes them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.envtest.kustomized import ROOT, Json, Kubectl, arguments, templates
from tests.envtest.manifests import STRICTLY
from tests.envtest.test_split import documented

pytestmark = [pytest.mark.envtest, pytest.mark.timeout(180)]

_DEPLOY = (ROOT / "docs" / "scaling.md").read_text("utf-8").partition("### Deploy the parts")[2]


def parts(folder: Path) -> list[Path]:
    """The kustomizations of the guide, each in a directory beside a checkout."""
    (example,) = re.findall(r"^```yaml\n(.*?)^```", _DEPLOY, re.MULTILINE | re.DOTALL)
    (folder / "kube-event-metrics").symlink_to(ROOT)
    found = []
    for number, text in enumerate(example.split("---\n")):
        found.append(folder / f"part-{number}")
        found[-1].mkdir()
        (found[-1] / "kustomization.yaml").write_text(text, encoding="utf-8")
    return found


def test_parts_stand_side_by_side(
    kubectl: Kubectl, kustomizations: dict[str, list[Json]], tmp_path: Path
) -> None:
    """They have the flags of the guide and share no object but the namespace; each Service and each
    policy finds the pods of its own part and no others; jobs have the names that alerts look for.
    """
    assert kustomizations
    made = [kubectl.kustomized(part) for part in parts(tmp_path)]
    named = [{(d["kind"], d["metadata"]["name"]) for d in documents} for documents in made]
    assert named[0] & named[1] == {("Namespace", "kube-event-metrics")}
    pods = [pod for documents in made for _, pod in templates(documents)]
    flags = [[f for f in arguments(pod) if f.startswith("--events.")] for pod in pods]
    assert sorted(flags) == sorted(documented("By namespaces"))
    for own, documents in enumerate(made):
        objects = {d["kind"]: d for d in documents}
        for kind, selector in (
            ("Service", objects["Service"]["spec"]["selector"]),
            ("NetworkPolicy", objects["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"]),
            ("Deployment", objects["Deployment"]["spec"]["selector"]["matchLabels"]),
        ):
            fit = [selector.items() <= pod["metadata"]["labels"].items() for pod in pods]
            assert (kind, fit) == (kind, [number == own for number in range(len(pods))])
        job = objects["Service"]["metadata"]["name"]
        assert f"`{job}`" in _DEPLOY
        account = objects["ServiceAccount"]["metadata"]["name"]
        assert pods[own]["spec"]["serviceAccountName"] == account
        assert [s["name"] for s in objects["ClusterRoleBinding"]["subjects"]] == [account]


def test_parts_are_taken(
    kubectl: Kubectl, kustomizations: dict[str, list[Json]], tmp_path: Path
) -> None:
    """Strictly, and without a warning."""
    assert kustomizations
    for part in parts(tmp_path):
        done = kubectl.run(*STRICTLY, "-k", str(part))
        assert (done.returncode, done.stderr) == (0, "")


def test_one_monitor_finds_all_parts(
    kubectl: Kubectl, kustomizations: dict[str, list[Json]], tmp_path: Path
) -> None:
    """With the component for the Prometheus Operator in one of them."""
    assert kustomizations
    rest, teams = parts(tmp_path)
    component = "../kube-event-metrics/deploy/kustomize/components/prometheus-operator"
    with (rest / "kustomization.yaml").open("a") as file:
        file.write(f"components:\n  - {component}\n")
    made = [*kubectl.kustomized(rest), *kubectl.kustomized(teams)]
    (monitor,) = [d["spec"] for d in made if d["kind"] == "ServiceMonitor"]
    for service in (d for d in made if d["kind"] == "Service"):
        labels = service["metadata"]["labels"].items()
        assert monitor["selector"]["matchLabels"].items() <= labels
        assert service["metadata"]["namespace"] in monitor["namespaceSelector"]["matchNames"]
