# SPDX-License-Identifier: Apache-2.0
"""The guide to the chart, on an API server of its own that knows no operator."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.envtest.assets import Assets
from tests.envtest.charted import Helm, find_helm
from tests.envtest.cluster import Cluster
from tests.envtest.kustomized import ROOT, Kubectl
from tests.packaging.commands import sh_commands

pytestmark = [pytest.mark.envtest, pytest.mark.timeout(240)]

_GUIDE = (ROOT / "docs" / "deployment.md").read_text(encoding="utf-8")
_HELM = _GUIDE.partition("## With Helm")[2].partition("\n## ")[0]


def test_the_guide_works_from_top_to_bottom(
    assets: Assets, kubectl_program: Path, tmp_path: Path
) -> None:
    """Each command succeeds, and in the end nothing is left but the namespaces; there are no pods
    to look at, for nothing runs them here.
    """
    commands = [command.split() for command in sh_commands(_HELM)]
    kinds = {words[1] for words in commands if words[0] == "helm"}
    assert kinds == {"upgrade", "template", "uninstall"}
    cluster = Cluster(assets, tmp_path)
    try:
        kubectl = Kubectl(kubectl_program, cluster.kubeconfig(tmp_path / "kubeconfig"))
        helm = Helm(find_helm(os.environ), tmp_path / "helm", kubectl.kubeconfig)
        installed = 0
        programs: dict[str, Helm | Kubectl] = {"helm": helm, "kubectl": kubectl}
        for program, *words in commands:
            done = programs[program].run(*words)
            assert done.returncode == 0, (words, done.stderr)
            installed = max(installed, len(_releases(helm)))
        assert installed == 2
        assert _releases(helm) == []
        label = "-lapp.kubernetes.io/name=kube-event-metrics"
        kinds_left = "deployments,daemonsets,services,serviceaccounts,roles,clusterroles"
        assert kubectl("get", kinds_left, "-A", "-o", "name", label) == ""
    finally:
        cluster.stop()


def _releases(helm: Helm) -> list[str]:
    return helm("list", "--all-namespaces", "--short").splitlines()
