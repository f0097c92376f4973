# SPDX-License-Identifier: Apache-2.0
"""The chart under names that Helm allows, and as a part of another chart."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.chart.values import CHART, values
from tests.envtest.charted import RELEASE, Helm, documents

pytestmark = pytest.mark.timeout(180)


@pytest.mark.parametrize("release", ["our.events", "2nd-events"])
def test_a_release_that_no_service_can_be_called_after_needs_another_name(
    release: str, helm: Helm
) -> None:
    """Helm allows more than the API server."""
    done = helm.run("template", release, str(CHART))
    assert done.returncode == 1
    assert f"fullnameOverride: is needed for the release {release}" in done.stderr
    helm("template", release, str(CHART), "--set", "fullnameOverride=kube-event-metrics")


def test_names_that_are_numbers_to_yaml_stay_names(helm: Helm, tmp_path: Path) -> None:
    """Of a release, of namespaces, and of what is there already."""
    names = {
        "serviceAccount": {"name": "7010"},
        "namespaces": ["7011"],
        "priorityClassName": "7012",
        "persistence": {"enabled": True, "storageClass": "7013"},
        "web": {
            "configSecret": "7014",
            "certificateSecret": "7015",
            "auth": {"kubernetes": True, "scrapers": [{"name": "7016", "namespace": "7017"}]},
        },
        "audit": {
            "source": "webhook",
            "webhook": {
                "secretName": "7018",
                "certificate": {"create": True, "issuerRef": {"name": "7019"}},
                "persistence": {"enabled": True, "existingClaim": "7020"},
            },
        },
        "dashboards": {"enabled": True, "namespace": "7021"},
        "fullnameOverride": RELEASE,
    }
    path = tmp_path / "numbers.yaml"
    path.write_text(json.dumps(names))
    made = documents(
        helm(
            "template",
            "7022",
            str(CHART),
            "-n",
            "7023",
            "--set",
            "prometheusRule.enabled=true,monitor.kind=ServiceMonitor",
            "-f",
            str(path),
        )
    )
    found = [each for document in made for each in _scalars(document)]
    numbers = {*map(str, range(7010, 7024))}
    assert {each for each in found if each in numbers} == numbers
    assert [each for each in found if isinstance(each, int) and str(each) in numbers] == []


def _scalars(node: Any) -> list[Any]:
    if isinstance(node, dict | list):
        below = node.values() if isinstance(node, dict) else node
        return [found for each in below for found in _scalars(each)]
    return [node]


def test_events_and_audit_events_share_no_right_in_the_cluster(helm: Helm) -> None:
    """As docs/deployment.md has them: two releases of one name, in two namespaces."""
    names = [
        {
            (d["kind"], d["metadata"]["name"])
            for d in documents(helm("template", RELEASE, str(CHART), "-n", space, "--set", given))
            if d["kind"].startswith("Cluster")
        }
        for space, given in (
            ("here", "web.auth.kubernetes=true"),
            ("there", "web.auth.kubernetes=true,events.enabled=false,audit.source=log"),
        )
    ]
    assert [len(each) for each in names] == [5, 3]
    assert names[0] & names[1] == set()


def test_pods_are_made_anew_for_options_and_not_for_labels_of_other_objects(helm: Helm) -> None:
    """Without a volume a new pod has no checkpoint."""
    pods = []
    for given in (
        "config.events\\.ttl=1h",
        "config.events\\.ttl=1h,commonLabels.a=b",
        "config.events\\.ttl=2h",
    ):
        made = documents(helm("template", RELEASE, str(CHART), "--set", given))
        pods += [d["spec"]["template"] for d in made if d["kind"] == "Deployment"]
    assert pods[0] == pods[1]
    assert pods[0] != pods[2]


def test_nothing_and_null_are_the_same(helm: Helm) -> None:
    """By null one file of values takes away what another one before it says."""
    given = ("--set", "monitor.kind=ServiceMonitor,audit.source=webhook,dashboards.enabled=true")
    plain = helm("template", RELEASE, str(CHART), *given)
    empty = [each.name for each in values() if each.default in ({}, [], "") and not each.section]
    assert {"web.config", "commonLabels", "tolerations", "clusterName"} <= set(empty)
    for name in empty:
        assert helm("template", RELEASE, str(CHART), *given, "--set", f"{name}=null") == plain, name


def test_annotations_of_pods_are_there_once(helm: Helm) -> None:
    """One's own in the place of ours: a key told twice is no YAML to many readers."""
    key = "kubectl.kubernetes.io/default-container"
    escaped = key.replace(".", "\\.")
    text = helm("template", RELEASE, str(CHART), "--set", f"podAnnotations.{escaped}=mesh")
    assert [line.strip() for line in text.splitlines() if key in line] == [f"{key}: mesh"]


def test_a_chart_may_have_this_one_as_a_part_on_a_condition(helm: Helm, tmp_path: Path) -> None:
    """The usual one is a value of the part."""
    part = {"name": CHART.name, "version": "0.1.0", "condition": f"{CHART.name}.enabled"}
    whole = {"apiVersion": "v2", "name": "whole", "version": "1.0.0", "dependencies": [part]}
    (tmp_path / "Chart.yaml").write_text(json.dumps(whole))
    shutil.copytree(CHART, tmp_path / "charts" / CHART.name)
    given = ("template", "whole", str(tmp_path), "--set", "global.any=thing")
    kinds = {
        value: [
            d["kind"] for d in documents(helm(*given, "--set", f"{CHART.name}.enabled={value}"))
        ]
        for value in ("true", "false")
    }
    assert "Deployment" in kinds["true"]
    assert kinds["false"] == []
