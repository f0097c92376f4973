"""Pods that no node fits: every cause that the scheduler names, and no one else's."""

from __future__ import annotations

import pytest

from tests.unit.rules.catalogue.pod_events import (
    CREATION_FAILURES,
    SCHEDULING_FAILURES,
    observed_of_pods,
    recorded_causes,
)

_KARPENTER = (
    'Failed to schedule pod, incompatible with nodepool "default", daemonset overhead={"cpu":"1"}, '
    'no instance type satisfied resources {"cpu":"9"} and requirements; 0/3 nodes are available: '
    "3 Insufficient cpu"
)
_PREEMPTION = (
    " no new claims to deallocate, preemption: 0/2 nodes are available: 1 Insufficient memory, "
    "1 Preemption is not helpful for scheduling."
)


def causes(message: str, component: str = "default-scheduler", **fields: object) -> set[str]:
    """Of a FailedScheduling, which is also one pod that could not be created, or nothing."""
    fields = {"component": component, "reason": "FailedScheduling", "field_path": "", **fields}
    found = observed_of_pods(message=message, **fields)
    named = [o.labels for o in found if o.family == SCHEDULING_FAILURES]
    others = [tuple(o[:2]) for o in found if o.family != SCHEDULING_FAILURES]
    expected = (CREATION_FAILURES, ("shop", "scheduling", "FailedScheduling"))
    assert others == ([expected] if named else [])
    assert all(namespace == "shop" for namespace, _ in named)
    distinct = {cause for _, cause in named}
    assert len(distinct) == len(named)
    return distinct


class TestCauses:
    @pytest.mark.parametrize("tail", ["", _PREEMPTION], ids=["alone", "with-preemption"])
    @pytest.mark.parametrize(
        ("why", "expected"),
        [
            ("1 Insufficient cpu.", {"insufficient_cpu"}),
            (
                "2 Insufficient cpu, 1 Insufficient memory.",
                {"insufficient_cpu", "insufficient_memory"},
            ),
            ("1 Insufficient ephemeral-storage.", {"insufficient_ephemeral_storage"}),
            ("1 Too many pods.", {"insufficient_pods"}),
            ("1 Insufficient example.com/gpu.", {"insufficient_other"}),
            ("1 Insufficient hugepages-2Mi.", {"insufficient_other"}),
            ("1 Insufficient memory.example.com/fast.", {"insufficient_other"}),
            ("1 Insufficient example.com/cpu.", {"insufficient_other"}),
            ("1 node(s) had untolerated taint(s).", {"taint"}),
            ("1 node(s) had untolerated taint {maint: yes}.", {"taint"}),
            ("1 node(s) had taint {maint: yes}, that the pod didn't tolerate.", {"taint"}),
            ("1 node(s) had taints that the pod didn't tolerate.", {"taint"}),
            (
                "1 node(s) had untolerated taint {volume.example.com/ports: unschedulable}.",
                {"taint"},
            ),
            ("1 node(s) didn't match Pod's node affinity.", {"affinity"}),
            ("1 node(s) didn't match Pod's node affinity/selector.", {"affinity"}),
            ("1 node(s) didn't match node selector.", {"affinity"}),
            ("1 node(s) didn't match the requested node name.", {"affinity"}),
            ("1 node is filtered out by the prefilter result.", {"node_pinned"}),
            ("3 node(s) didn't satisfy plugin(s) [NodeAffinity].", {"affinity"}),
            (
                "1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }.",
                {"control_plane_taint"},
            ),
            (
                (
                    "1 node(s) had taint {node-role.kubernetes.io/master: }, that the pod didn't "
                    "tolerate."
                ),
                {"control_plane_taint"},
            ),
            (
                (
                    "1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }, 1 "
                    "node(s) had untolerated taint {nvidia.com/gpu: present}."
                ),
                {"control_plane_taint", "taint"},
            ),
            (
                "1 node(s) had untolerated taint {node.kubernetes.io/not-ready: }.",
                {"taint"},
            ),
            (
                "1 node(s) had untolerated taint {node-role.kubernetes.io/infra: reserved}.",
                {"taint"},
            ),
            ("1 node(s) had untolerated taint {node-role: x}.", {"taint"}),
            ("1 node(s) had untolerated taint {n: x}.", {"taint"}),
            ("1 node(s) had untolerated taint {company.example.org/a: b}.", {"taint"}),
            ("1 node(s) didn't match pod affinity rules.", {"pod_affinity"}),
            ("1 node(s) didn't match pod anti-affinity rules.", {"pod_affinity"}),
            ("1 node(s) didn't match pod affinity/anti-affinity rules.", {"pod_affinity"}),
            ("1 node(s) didn't satisfy existing pods anti-affinity rules.", {"pod_affinity"}),
            (
                "1 node(s) didn't match pod topology spread constraints (missing required label).",
                {"topology_spread"},
            ),
            ("1 node(s) didn't match pod topology spread constraints.", {"topology_spread"}),
            ("1 node(s) had volume node affinity conflict.", {"volume"}),
            ("1 node(s) exceed max volume count.", {"volume"}),
            ("1 node(s) had no available volume zone.", {"volume"}),
            ("1 node(s) did not have enough free storage.", {"volume"}),
            ("1 node(s) didn't find available persistent volumes to bind.", {"volume"}),
            ("1 pod has unbound immediate PersistentVolumeClaims.", {"volume"}),
            ('1 persistentvolumeclaim "not-there" not found.', {"volume"}),
            ('persistentvolumeclaim "not-there" not found. not found', {"volume"}),
            ("pod has unbound immediate PersistentVolumeClaims. not found", {"volume"}),
            (
                (
                    "node has pod using PersistentVolumeClaim with the same name and "
                    "ReadWriteOncePod access mode."
                ),
                {"volume"},
            ),
            ("1 node(s) didn't have free ports for the requested pod ports.", {"ports"}),
            ("1 node(s) were unschedulable.", {"unschedulable"}),
            ("1 cannot allocate all claims.", {"resource_claim"}),
            (
                'waiting for dynamic resource controller to create the resourceclaim "gpu".',
                {"resource_claim"},
            ),
            ("1 node(s) were odd.", {"other"}),
            (
                (
                    "1 Insufficient cpu, 1 Too many pods, 1 node(s) didn't satisfy plugin(s) "
                    "[NodeAffinity], 3 node(s) had untolerated taint(s)."
                ),
                {"insufficient_cpu", "insufficient_pods", "affinity", "taint"},
            ),
        ],
    )
    def test_each_cause_in_the_message_counts_once(
        self, why: str, expected: set[str], tail: str
    ) -> None:
        """What preemption would not have helped is said again behind, and is not read."""
        assert causes(f"0/2 nodes are available: {why}{tail}") == expected

    @pytest.mark.parametrize(
        ("message", "cause"),
        [
            ("no nodes available to schedule pods", "no_nodes"),
            ("0/0 nodes are available: .", "no_nodes"),
            ('persistentvolumeclaim "data" not found', "volume"),
            ('persistentvolumeclaim "data" is being deleted', "volume"),
            (
                (
                    'running PreBind plugin "VolumeBinding": binding volumes: timed out waiting '
                    "for the condition"
                ),
                "volume",
            ),
            (
                'error while running "VolumeBinding" prebind plugin for pod "web-0": timed out',
                "volume",
            ),
            ('running Reserve plugin "DynamicResources": claim is gone', "resource_claim"),
            ('running Bind plugin "DefaultBinder": Operation cannot be fulfilled', "other"),
            ("binding rejected: the server is away", "other"),
        ],
    )
    def test_the_schedulers_other_forms(self, message: str, cause: str) -> None:
        """An attempt can end before or after the nodes were looked at."""
        assert causes(message) == {cause}

    @pytest.mark.parametrize("message", ["something new", ""])
    def test_the_default_schedulers_unknown_message_is_other(self, message: str) -> None:
        """It is a failed attempt all the same."""
        assert causes(message) == {"other"}

    def test_a_line_break_ends_nothing(self) -> None:
        """Messages can hold anything."""
        message = "0/2 nodes are available: 1 Too many pods,\n1 Insufficient cpu."
        assert causes(message) == {"insufficient_pods", "insufficient_cpu"}


class TestWhoSaysIt:
    @pytest.mark.parametrize("component", ["gpu-scheduler", "my-profile", "volcano"])
    def test_a_profile_of_any_name_is_a_scheduler(self, component: str) -> None:
        """It is told by the form of its message."""
        assert causes("0/9 nodes are available: 9 Insufficient cpu.", component) == {
            "insufficient_cpu"
        }

    @pytest.mark.parametrize("component", ["karpenter", "cluster-autoscaler", "my-operator"])
    @pytest.mark.parametrize("message", [_KARPENTER, "Failed to schedule pod, no nodes available"])
    def test_an_autoscaler_is_none(self, component: str, message: str) -> None:
        """Karpenter has the same reason for what it cannot make a node for."""
        assert causes(message, component) == set()

    def test_other_kinds_are_not_pods(self) -> None:
        """The same reason about something else is another thing."""
        message = "0/9 nodes are available: 9 Insufficient cpu."
        assert causes(message, kind="PodGroup") == set()

    def test_a_deleted_pod_that_is_not_scheduled_is_no_failure(self) -> None:
        """The scheduler says so about pods that go away."""
        assert causes("skip schedule deleting pod: broken/too-big") == set()

    def test_a_claim_that_cannot_be_made_keeps_the_pod_waiting(self) -> None:
        """The controller of resource claims says so beside the scheduler, whose attempt counts."""
        message = 'PodResourceClaim gpu: resource claim template "nope": not found'
        fields = {"component": "resource_claim", "reason": "FailedResourceClaimCreation"}
        found = [tuple(o[:2]) for o in observed_of_pods(message=message, field_path="", **fields)]
        assert found == [
            (CREATION_FAILURES, ("shop", "resource_claim", "FailedResourceClaimCreation")),
        ]


# What stands in the recordings, in words of their messages, and its cause.
_RECORDED = {
    "Insufficient cpu": "insufficient_cpu",
    "Insufficient memory": "insufficient_memory",
    "Insufficient example.com/gpu": "insufficient_other",
    "Too many pods": "insufficient_pods",
    "taint": "taint",
    "node affinity": "affinity",
    "[NodeAffinity]": "affinity",
    "pod affinity": "pod_affinity",
    "anti-affinity": "pod_affinity",
    "topology spread": "topology_spread",
    "free ports": "ports",
    "ersistentvolumeclaim": "volume",
    "PersistentVolumeClaims": "volume",
    "unschedulable.": "unschedulable",
}


def test_every_recorded_attempt_has_its_causes() -> None:
    """All that the two clusters' schedulers said is of a known form, and none ends as other."""
    by_message: dict[str, set[str]] = {}
    for cause, message in recorded_causes()[SCHEDULING_FAILURES]:
        by_message.setdefault(message, set()).add(cause)
    assert by_message
    for message, found in by_message.items():
        expected = {cause for words, cause in _RECORDED.items() if words in message}
        assert found == expected, message
