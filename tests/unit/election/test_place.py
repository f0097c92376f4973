"""Which Lease is meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from exporter.config import Config
from exporter.election import lease_place


def test_a_namespace_that_is_named_is_taken(tmp_path: Path) -> None:
    """Before the pod's own."""
    (tmp_path / "namespace").write_text("own")
    place = lease_place(Config(leader_election_namespace="named"), tmp_path)
    assert place.path == ("/apis/coordination.k8s.io/v1/namespaces/named/leases/kube-event-metrics")


def test_the_pods_own_namespace_comes_next(tmp_path: Path) -> None:
    """As the kubelet writes it beside the token."""
    (tmp_path / "namespace").write_text("own\n")
    place = lease_place(Config(leader_election_name="another"), tmp_path)
    assert (place.namespace, place.name) == ("own", "another")


@pytest.mark.parametrize("content", [None, b"", b"\xff"])
def test_outside_of_a_pod_it_is_default(tmp_path: Path, content: bytes | None) -> None:
    """Where there is no such file, or nothing in it."""
    if content is not None:
        (tmp_path / "namespace").write_bytes(content)
    assert lease_place(Config(), tmp_path).namespace == "default"
