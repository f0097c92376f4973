# SPDX-License-Identifier: Apache-2.0
"""What holds for manifests of ours, whoever made them."""

from __future__ import annotations

import copy
from pathlib import Path

from exporter.config import load_config
from exporter.config.options import BY_NAME
from tests.envtest.cluster import Cluster
from tests.envtest.kustomized import APPLY, Json, arguments, moved

STRICTLY = (*APPLY, "--dry-run=server")
"""How kubectl is told to try them: an unknown field is an error, an outdated one a warning."""


def admitted(cluster: Cluster, pod: Json, namespace: str) -> None:
    """ApiError with the reasons if the API server does not let the pod into the namespace."""
    body = copy.deepcopy(pod)
    body["metadata"]["namespace"] = namespace
    cluster.admin.request("POST", f"/api/v1/namespaces/{namespace}/pods?dryRun=All", body)


def lay_out(documents: list[Json], pod: Json, directory: Path) -> None:
    """Write the ConfigMaps and Secrets among the documents that a pod mounts to where `moved` has
    their directories.
    """
    files = {
        d["metadata"]["name"]: d.get("data") or d["stringData"]
        for d in documents
        if d["kind"] in {"ConfigMap", "Secret"} and ("data" in d or "stringData" in d)
    }
    (container,) = pod["spec"]["containers"]
    places = {each["name"]: each["mountPath"] for each in container.get("volumeMounts", ())}
    for volume in pod["spec"].get("volumes", ()):
        place = directory / Path(places[volume["name"]]).name
        for source in volume.get("projected", {}).get("sources", [volume]):
            name = source.get("configMap", source.get("secret", {})).get("name")
            for file, text in files.get(name, {}).items():
                place.mkdir(exist_ok=True)
                (place / file).write_text(text, encoding="utf-8")


def assert_refers(documents: list[Json], workload: Json, pod: Json, directory: Path) -> None:
    """What refers to something finds it.

    Arguments are options that go together, their files are mounted, their addresses are ports of
    the container; Services and policies name such ports, and select these pods.
    """
    lay_out(documents, pod, directory)
    given = dict(each.removeprefix("--").partition("=")[::2] for each in arguments(pod))
    (file,) = moved([given.pop("config.file", "")], directory)
    switches = {key: "true" for key in given if BY_NAME[key].switch}
    config = load_config({**given, **switches}, {}, file)
    (container,) = pod["spec"]["containers"]
    ports = {each["name"]: each["containerPort"] for each in container["ports"]}
    expected = {"metrics": config.listen_port}
    if config.audit_webhook:
        expected["audit"] = config.audit_webhook_port
    assert ports == expected
    named = [each.partition("=")[2] for each in arguments(pod)]
    files = {Path(value).parent for value in named if value.startswith("/")}
    mounts = {each["name"]: Path(each["mountPath"]) for each in container.get("volumeMounts", ())}
    assert mounts.keys() == {each["name"] for each in pod["spec"].get("volumes", ())}
    # What somebody adds is for what we do not see.
    assert files == {path for name, path in mounts.items() if not name.startswith("extra-")}
    labels = pod["metadata"]["labels"].items()
    assert workload["spec"]["selector"]["matchLabels"].items() <= labels
    service, policy = (
        next(d for d in documents if d["kind"] == kind and _beside(d, workload))
        for kind in ("Service", "NetworkPolicy")
    )
    assert service["spec"]["selector"].items() <= labels
    assert policy["spec"]["podSelector"]["matchLabels"].items() <= labels
    for spread in pod["spec"].get("topologySpreadConstraints", ()):
        assert spread["labelSelector"]["matchLabels"].items() <= labels
    for budget in (d for d in documents if d["kind"] == "PodDisruptionBudget"):
        if _beside(budget, workload):
            assert budget["spec"]["selector"]["matchLabels"].items() <= labels
            assert workload["spec"]["replicas"] > budget["spec"]["maxUnavailable"]
    served = {each["name"]: each["targetPort"] for each in service["spec"]["ports"]}
    let_in = {port["port"] for rule in policy["spec"]["ingress"] for port in rule["ports"]}
    assert set(served.values()) == let_in == ports.keys()
    annotated = service["metadata"].get("annotations", {"prometheus.io/port": "10360"})
    assert int(annotated["prometheus.io/port"]) == ports["metrics"]


def _beside(document: Json, workload: Json) -> bool:
    """Whether it has the name and the namespace of a workload."""
    ours, its = document["metadata"], workload["metadata"]
    return (ours["name"], ours["namespace"]) == (its["name"], its["namespace"])
