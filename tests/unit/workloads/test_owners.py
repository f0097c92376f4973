from __future__ import annotations

import pytest

from exporter.workloads import FOLLOWED, Owners
from tests.unit.workloads.objects import (
    NAMESPACE,
    controlled_by,
    informer,
    lists,
    owned,
    owners,
    read,
    shop,
    thing,
)


class TestChain:
    @pytest.mark.parametrize(
        ("kind", "name", "workload"),
        [
            ("Pod", "web-7c54-x2x", ("Deployment", "web")),
            ("ReplicaSet", "web-7c54", ("Deployment", "web")),
            ("Pod", "report-29384-kk", ("CronJob", "report")),
            ("Job", "report-29384", ("CronJob", "report")),
        ],
    )
    def test_it_is_followed_to_its_top(
        self, kind: str, name: str, workload: tuple[str, str]
    ) -> None:
        """Through the ReplicaSet to the Deployment, through the Job to the CronJob."""
        assert shop().workload_of(kind, NAMESPACE, name) == workload

    @pytest.mark.parametrize("kind", ["StatefulSet", "DaemonSet", "SparkApplication"])
    def test_any_other_controller_is_the_top(self, kind: str) -> None:
        """What is above an operator's own kind is not asked for."""
        house = owners()
        informer(house, "Pod").changed("ADDED", owned("pod", (kind, "boss")))
        assert house.workload_of("Pod", NAMESPACE, "pod") == (kind, "boss")
        assert sum(house.misses.values()) == 0

    @pytest.mark.parametrize("kind", ["Node", "Pod"])
    def test_a_node_or_a_pod_is_no_workload(self, kind: str) -> None:
        """A static pod's node, a batch driver's pod: names without bound, and no misses."""
        house = owners()
        informer(house, "Pod").changed("ADDED", owned("boss"))
        informer(house, "Pod").changed("ADDED", owned("pod", (kind, "boss")))
        assert house.workload_of("Pod", NAMESPACE, "pod") == ("", "")
        assert sum(house.misses.values()) == 0

    def test_a_rollout_owns_replica_sets_as_a_deployment_does(self) -> None:
        """Any controller of a ReplicaSet is followed to."""
        house = owners()
        informer(house, "ReplicaSet").changed("ADDED", owned("web-1", ("Rollout", "web")))
        informer(house, "Pod").changed("ADDED", owned("web-1-a", ("ReplicaSet", "web-1")))
        assert house.workload_of("Pod", NAMESPACE, "web-1-a") == ("Rollout", "web")

    @pytest.mark.parametrize("kind", ["ReplicaSet", "Job"])
    def test_one_without_a_controller_is_its_own_workload(self, kind: str) -> None:
        """And that of its pods."""
        house = owners()
        informer(house, kind).changed("ADDED", owned("alone"))
        informer(house, "Pod").changed("ADDED", owned("alone-1", (kind, "alone")))
        assert house.workload_of(kind, NAMESPACE, "alone") == (kind, "alone")
        assert house.workload_of("Pod", NAMESPACE, "alone-1") == (kind, "alone")

    def test_a_pod_without_a_controller_has_no_workload(self) -> None:
        """It is known, so it is no miss; its name would be a label without bound."""
        house = owners()
        informer(house, "Pod").changed("ADDED", owned("by-hand"))
        assert house.workload_of("Pod", NAMESPACE, "by-hand") == ("", "")
        assert house.misses["Pod"] == 0

    def test_another_groups_job_is_the_top(self) -> None:
        """Volcano's Job is not in batch: nothing above it is looked for in vain."""
        house = owners()
        volcano = controlled_by("Job", "training", "batch.volcano.sh/v1alpha1")
        informer(house, "Pod").changed("ADDED", read(thing("training-0", volcano)))
        assert house.workload_of("Pod", NAMESPACE, "training-0") == ("Job", "training")

    def test_a_ring_ends(self) -> None:
        """References are anybody's to write: two ReplicaSets that own each other stop nobody."""
        house = owners()
        sets = informer(house, "ReplicaSet")
        sets.changed("ADDED", owned("a", ("ReplicaSet", "b")))
        sets.changed("ADDED", owned("b", ("ReplicaSet", "a")))
        kind, name = house.workload_of("ReplicaSet", NAMESPACE, "a")
        assert kind == "ReplicaSet"
        assert name in {"a", "b"}

    def test_a_reference_without_bound_is_cut(self) -> None:
        """A megabyte for a name is kept as 512 characters."""
        house = owners()
        informer(house, "Pod").changed("ADDED", owned("pod", ("K" * 600, "n" * 1_000_000)))
        assert house.workload_of("Pod", NAMESPACE, "pod") == ("K" * 512, "n" * 512)


class TestInvolvedObjects:
    @pytest.mark.parametrize(
        "kind",
        ["Deployment", "StatefulSet", "DaemonSet", "CronJob", "ReplicationController", "Rollout"],
    )
    def test_a_workload_is_its_own(self, kind: str) -> None:
        """Without having been seen: nothing above it is asked for."""
        assert owners().workload_of(kind, NAMESPACE, "web") == (kind, "web")

    @pytest.mark.parametrize("kind", ["Node", "PersistentVolumeClaim", "", "Service"])
    def test_other_objects_have_none(self, kind: str) -> None:
        """And are no misses."""
        house = owners()
        assert house.workload_of(kind, NAMESPACE, "x") == ("", "")
        assert sum(house.misses.values()) == 0

    @pytest.mark.parametrize("kind", ["Pod", "ReplicaSet", "Job"])
    def test_one_not_yet_seen_is_a_miss(self, kind: str) -> None:
        """It has no workload as far as is known, and the miss is counted by its kind."""
        house = owners()
        assert house.workload_of(kind, NAMESPACE, "new") == ("", "")
        assert {k: n for k, n in house.misses.items() if n} == {kind: 1}

    def test_a_pod_whose_replica_set_is_unknown_is_a_miss_of_that(self) -> None:
        """A ReplicaSet's own name changes with every rollout: better no label than that."""
        house = owners()
        informer(house, "Pod").changed("ADDED", owned("web-1-a", ("ReplicaSet", "web-1")))
        assert house.workload_of("Pod", NAMESPACE, "web-1-a") == ("", "")
        assert house.misses == {"Pod": 0, "ReplicaSet": 1, "Job": 0}


class TestScopes:
    def test_names_are_told_apart_by_namespace(self) -> None:
        """web-0 of one shop is not web-0 of another."""
        house = owners()
        pods = informer(house, "Pod")
        pods.changed("ADDED", owned("web-0", ("StatefulSet", "web"), "east"))
        pods.changed("ADDED", owned("web-0", ("StatefulSet", "other"), "west"))
        assert house.workload_of("Pod", "east", "web-0") == ("StatefulSet", "web")
        assert house.workload_of("Pod", "west", "web-0") == ("StatefulSet", "other")

    def test_a_list_of_one_namespace_leaves_the_others_alone(self) -> None:
        """Each watched namespace has a list of its own."""
        house = owners("east", "west")
        informer(house, "Pod", "east").changed(
            "ADDED", owned("web-0", ("StatefulSet", "web"), "east")
        )
        lists(informer(house, "Pod", "west"), [])
        house.forget(0.0)
        house.forget(3600.0)
        house.forget(7200.0)
        assert house.workload_of("Pod", "east", "web-0") == ("StatefulSet", "web")

    def test_a_namespace_that_is_not_watched_is_a_miss(self) -> None:
        """No other namespace answers for it."""
        assert owners("east").workload_of("Pod", "west", "web-0") == ("", "")

    def test_every_kind_and_scope_has_its_table(self) -> None:
        """The limit is that of one kind, shared by the namespaces."""
        house = owners("east", "west", limit=10)
        found = [(kind, namespace, table.limit) for kind, namespace, table in house.tables()]
        assert found == [(r.kind, n, 5) for r in FOLLOWED for n in ("east", "west")]


def test_paths() -> None:
    """The core group's path differs from the others'."""
    assert [r.path("") for r in FOLLOWED] == [
        "/api/v1/pods",
        "/apis/apps/v1/replicasets",
        "/apis/batch/v1/jobs",
    ]
    assert FOLLOWED[0].path("shop") == "/api/v1/namespaces/shop/pods"
    assert FOLLOWED[1].path("shop") == "/apis/apps/v1/namespaces/shop/replicasets"


class TestSharing:
    def test_the_pods_of_one_owner_share_it(self) -> None:
        """Also when the list shows them anew: it is one tuple for all."""
        house = owners()
        pods = informer(house, "Pod")
        fleet = [owned(f"web-{n}", ("StatefulSet", "web")) for n in range(100)]
        lists(pods, fleet[:50])
        for item in fleet[50:]:
            pods.changed("ADDED", item)
        lists(pods, fleet)
        assert len({id(owner) for owner in _pods(house)}) == 1

    def test_owners_without_objects_are_forgotten(self) -> None:
        """Jobs come and go for years; what is kept follows what there is."""
        house = owners(retention=10.0)
        pods = informer(house, "Pod")
        for n in range(10_000):
            pod = owned("pod", ("Job", f"job-{n}"))
            pods.changed("ADDED", pod)
            pods.changed("DELETED", pod)
        assert len(house._shared) <= 1024

    def test_they_are_still_shared_afterwards(self) -> None:
        """What has objects survives the sweep."""
        house = owners(limit=10_000)
        pods = informer(house, "Pod")
        pods.changed("ADDED", owned("first", ("StatefulSet", "web")))
        for n in range(3000):
            pods.changed("ADDED", owned("pod", ("Job", f"job-{n}")))
        pods.changed("ADDED", owned("second", ("StatefulSet", "web")))
        assert len({id(owner) for owner in _pods(house) if owner[1] == "web"}) == 1


def _pods(house: Owners) -> list[tuple[object, ...]]:
    return [owner for kind, _, table in house.tables() if kind == "Pod" for owner in table.owners()]
