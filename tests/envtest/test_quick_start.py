# SPDX-License-Identifier: Apache-2.0
"""README's way from nothing to a metric, as far as it goes without containers and nodes."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.envtest.api import ApiError
from tests.envtest.cluster import Cluster
from tests.envtest.events import EventWriter
from tests.envtest.exporter_process import ExporterProcess, RunExporter
from tests.envtest.installed import NAMESPACE, Installed
from tests.envtest.kustomized import ROOT, Json, Kubectl
from tests.packaging.commands import quick_start, quick_start_text

pytestmark = [pytest.mark.envtest, pytest.mark.timeout(180)]

_RECORDED = ROOT / "tests" / "golden" / "image_pulls" / "input.ndjson"


def command(beginning: str) -> list[str]:
    """The words of the one that begins so, after the first."""
    (found,) = [each for each in quick_start() if each.startswith(beginning)]
    return found.split()[1:]


@pytest.fixture
def broken(own_cluster: Cluster, kubectl: Kubectl) -> Iterator[Json]:
    """The pod that the documented command makes. A controller would have made its account."""
    accounts = "/api/v1/namespaces/default/serviceaccounts"
    account = {"metadata": {"name": "default"}}
    with contextlib.suppress(ApiError):  # another test needed it
        own_cluster.admin.request("POST", accounts, account)
    kubectl(*command("kubectl run "))
    path = "/api/v1/namespaces/default/pods/broken"
    yield own_cluster.admin.request("GET", path)
    own_cluster.admin.request("DELETE", f"{path}?gracePeriodSeconds=0")


def pull_failed(cluster: Cluster, pod: Json) -> None:
    """What a kubelet says when the host of an image has no address, as it was recorded, of this pod
    and its image; in its order.
    """
    (frame,) = [line for line in _RECORDED.read_text().splitlines() if '"name":"no-host"' in line]
    event = json.loads(frame)["object"]
    (container,) = pod["spec"]["containers"]
    asked = event["message"].split('"')[1]
    message = event["message"].replace(asked, container["image"])
    image, (host, _, path) = container["image"], container["image"].partition("/")
    message = re.sub(
        r"https://\S+/manifests/\w+", f"https://{host}/v2/{path}/manifests/latest", message
    )
    message = message.replace("registry.invalid", host)
    meta = pod["metadata"]
    about = {
        **event["involvedObject"],
        **{key: meta[key] for key in ("name", "namespace", "uid", "resourceVersion")},
        "fieldPath": f"spec.containers{{{container['name']}}}",
    }
    for number, (type_, reason, text) in enumerate(
        (
            ("Normal", "Pulling", f'Pulling image "{image}"'),
            ("Warning", event["reason"], message),
            ("Warning", "Failed", "Error: ErrImagePull"),
            ("Normal", "BackOff", f'Back-off pulling image "{image}"'),
            ("Warning", "Failed", "Error: ImagePullBackOff"),
        )
    ):
        body = {
            **{key: event[key] for key in ("source", "reportingComponent", "count")},
            "metadata": {"name": f"broken.{number:016x}", "namespace": "default"},
            "involvedObject": about,
            "type": type_,
            "reason": reason,
            "message": text,
        }
        cluster.admin.request("POST", "/api/v1/namespaces/default/events", body)


@pytest.fixture
def exporter(installed: Installed, tmp_path: Path, run_exporter: RunExporter) -> ExporterProcess:
    """It has the account and the arguments of the manifests."""
    flags = installed.flags("kube-event-metrics", tmp_path)
    return run_exporter(installed.kubeconfig(tmp_path), *flags)


@pytest.mark.parametrize("installed", ["base"], indirect=True)
def test_the_way_ends_at_the_metric(
    exporter: ExporterProcess, own_cluster: Cluster, broken: Json
) -> None:
    """The pull that fails is counted, and the documented query prints what README prints."""
    pull_failed(own_cluster, broken)
    exporter.counted(EventWriter(own_cluster.admin, "default"))
    (query,) = [each for each in quick_start() if each.startswith("curl ")]
    assert ":10360/" in query
    done = subprocess.run(
        ["sh", "-c", query.replace(":10360/", f":{exporter.port}/")],
        capture_output=True,
        text=True,
        check=False,
    )
    (shown,) = re.findall(r"^```text\n(.*?)^```", quick_start_text(), re.MULTILINE | re.DOTALL)
    assert (done.stdout, done.stderr) == (shown, "")


@pytest.mark.usefixtures("cleaned")
def test_the_manifests_are_applied_and_named_as_they_are(
    kubectl: Kubectl, kustomizations: dict[str, list[Json]]
) -> None:
    """Whoever waits for the roll-out, or forwards a port, names a Deployment that is there: it is
    asked for pods, of which there are none without nodes.
    """
    assert kustomizations
    applied = command("kubectl apply ")
    assert kubectl(*applied).count("serverside-applied") == len(kustomizations["base"])
    waiting = kubectl(*command(f"kubectl -n {NAMESPACE} rollout status "), "--watch=false")
    assert waiting.startswith("Waiting for deployment")
    forwarding = command(f"kubectl -n {NAMESPACE} port-forward ")
    done = kubectl.run(*forwarding, "--pod-running-timeout=1s")
    assert "timed out waiting for the condition" in done.stderr
