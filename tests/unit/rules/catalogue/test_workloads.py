"""Workloads: what their controllers scale, roll out and cannot do."""

from __future__ import annotations

import pytest

from exporter.rules.rulebook import AGGREGATED, RuleBook
from tests.unit.events.records import at
from tests.unit.rules.observing import built_in_rules, observe

SCALINGS = "kube_event_workload_scalings_total"
FAILURES = "kube_event_workload_failures_total"
ROLLOUTS = "kube_event_rollouts_total"
DURATION = "kube_event_lifecycle_duration_seconds"
_DEPLOYMENT = {"component": "deployment-controller", "kind": "Deployment"}
_STATEFULSET = {"component": "statefulset-controller", "kind": "StatefulSet"}
_DAEMONSET = {"component": "daemonset-controller", "kind": "DaemonSet"}
_ROLLOUT = {"component": "rollouts-controller", "kind": "Rollout"}


@pytest.fixture(scope="module")
def book() -> RuleBook:
    """For events that open and close nothing."""
    return built_in_rules()


@pytest.mark.parametrize(
    ("message", "direction"),
    [
        pytest.param("Scaled up replica set web-54796c4b68 to 3", "up", id="1.20"),
        pytest.param("Scaled down replica set web-54796c4b68 to 0", "down", id="1.20-down"),
        pytest.param("Scaled up replica set web-54796c4b68 to 3 from 1", "up", id="1.25"),
        pytest.param("Scaled up replica set web-54796c4b68 from 0 to 3", "up", id="1.31"),
        pytest.param("Scaled down replica set web-54796c4b68 from 3 to 2", "down", id="1.31-down"),
        pytest.param(
            AGGREGATED + "Scaled down replica set web-54796c4b68 from 3 to 2",
            "down",
            id="aggregated",
        ),
    ],
)
def test_a_deployment_scales(book: RuleBook, message: str, direction: str) -> None:
    """Every form of the message says whether a replica set grew or shrank."""
    found = observe(book, type="Normal", reason="ScalingReplicaSet", message=message, **_DEPLOYMENT)
    assert found == [(SCALINGS, ("shop", "Deployment", direction), None)]


@pytest.mark.parametrize("direction", ["up", "down"])
def test_a_rollout_scales_under_its_own_kind(book: RuleBook, direction: str) -> None:
    """Argo Rollouts has the Deployment's reason, and words of its own."""
    message = f"Scaled {direction} ReplicaSet web-5d9c7 (revision 3) from 0 to 5"
    found = observe(book, type="Normal", reason="ScalingReplicaSet", message=message, **_ROLLOUT)
    assert found == [(SCALINGS, ("shop", "Rollout", direction), None)]


@pytest.mark.parametrize(
    ("who", "message"),
    [
        ({"component": "replicaset-controller", "kind": "ReplicaSet"}, "Created pod: web-5d9c7-x"),
        ({"component": "job-controller", "kind": "Job"}, "Created pod: good-x"),
        (_DAEMONSET, "Created pod: agent-x"),
        (_STATEFULSET, "create Pod db-0 in StatefulSet db successful"),
        (_STATEFULSET, "create Claim d-db-0 Pod db-0 in StatefulSet db success"),
        (_STATEFULSET, "Create Claim d-db-0 Pod db-0 in StatefulSet db success"),
    ],
)
def test_a_created_pod_or_claim_is_not_counted(
    book: RuleBook, who: dict[str, str], message: str
) -> None:
    """Creations that went well feed no family, in none of their forms."""
    assert observe(book, type="Normal", reason="SuccessfulCreate", message=message, **who) == []


@pytest.mark.parametrize("verb", ["create", "Create"])
def test_a_claim_that_was_refused_is_a_failure_of_its_workload(book: RuleBook, verb: str) -> None:
    """A StatefulSet's claim is no pod: it counts as the workload's failure."""
    message = (
        f"{verb} Claim data-db-0 for Pod db-0 in StatefulSet db failed error: "
        'persistentvolumeclaims "data-db-0" is forbidden: exceeded quota: storage'
    )
    found = observe(book, reason="FailedCreate", message=message, **_STATEFULSET)
    assert found == [(FAILURES, ("shop", "StatefulSet", "claim"), None)]


def test_a_pod_that_was_refused_is_no_failure_of_its_workload(book: RuleBook) -> None:
    """Refused pods are counted as pods only."""
    message = 'create Pod db-0 in StatefulSet db failed error: pods "db-0" is forbidden: no'
    found = observe(book, reason="FailedCreate", message=message, **_STATEFULSET)
    assert FAILURES not in {o.family for o in found}


@pytest.mark.parametrize(
    ("who", "reason", "cause"),
    [
        (
            {"component": "replicaset-controller", "kind": "ReplicaSet"},
            "FailedDelete",
            "delete",
        ),
        (
            {"component": "replication-controller", "kind": "ReplicationController"},
            "FailedDelete",
            "delete",
        ),
        ({"component": "job-controller", "kind": "Job"}, "FailedDelete", "delete"),
        (_DAEMONSET, "FailedDelete", "delete"),
        (_STATEFULSET, "FailedDelete", "delete"),
        (_STATEFULSET, "FailedUpdate", "update"),
        (_STATEFULSET, "RecreatingFailedPod", "failed_pod"),
        (_DAEMONSET, "FailedDaemonPod", "failed_pod"),
        (_DAEMONSET, "FailedPlacement", "placement"),
        (_DAEMONSET, "SelectingAll", "selector"),
        (_DEPLOYMENT, "SelectingAll", "selector"),
        (_DEPLOYMENT, "ReplicaSetCreateError", "replica_set"),
        (_DEPLOYMENT, "DeploymentRollbackRevisionNotFound", "rollback"),
        (_DEPLOYMENT, "DeploymentRollbackTemplateUnchanged", "rollback"),
        (_ROLLOUT, "ProgressDeadlineExceeded", "progress_deadline"),
        (_ROLLOUT, "AnalysisRunFailed", "analysis"),
    ],
)
def test_a_failure_of_a_workload(
    book: RuleBook, who: dict[str, str], reason: str, cause: str
) -> None:
    """The reason is the cause, and the kind says whose it was."""
    found = observe(book, reason=reason, message="any", **who)
    assert found == [(FAILURES, ("shop", who["kind"], cause), None)]


@pytest.mark.parametrize(
    ("who", "reason", "outcome"),
    [
        (_DEPLOYMENT, "DeploymentRollback", "rolled_back"),
        (_ROLLOUT, "RolloutUpdated", "started"),
        (_ROLLOUT, "RolloutPaused", "paused"),
    ],
)
def test_a_step_of_a_rollout(
    book: RuleBook, who: dict[str, str], reason: str, outcome: str
) -> None:
    """Steps are counted by what came of them."""
    found = observe(book, type="Normal", reason=reason, message="any", **who)
    assert found == [(ROLLOUTS, ("shop", who["kind"], outcome), None)]


@pytest.mark.parametrize(
    ("reason", "outcome"), [("RolloutCompleted", "completed"), ("RolloutAborted", "aborted")]
)
def test_a_rollout_lasts_from_its_update_to_its_end(reason: str, outcome: str) -> None:
    """The newest revision's update opens what completion or abort closes."""
    book = built_in_rules()
    for seconds, revision in ((0, 2), (60, 3)):
        message = f"Rollout updated to revision {revision}"
        observe(
            book,
            reason="RolloutUpdated",
            message=message,
            last_time=at(seconds),
            count=1,
            **_ROLLOUT,
        )
    found = observe(book, reason=reason, message="any", last_time=at(90), **_ROLLOUT)
    assert found == [
        (ROLLOUTS, ("shop", "Rollout", outcome), None),
        (DURATION, ("rollout", outcome), 30.0),
    ]


def test_a_completion_that_nothing_began_is_normal() -> None:
    """A rollout that is made anew or resumed completes without an update: it is not unmatched."""
    book = built_in_rules()
    found = observe(book, reason="RolloutCompleted", message="any", **_ROLLOUT)
    assert found == [(ROLLOUTS, ("shop", "Rollout", "completed"), None)]
    assert book.lifecycles["rollout"].unmatched == 0


@pytest.mark.parametrize(
    ("who", "reason"),
    [
        ({"component": "replicaset-controller", "kind": "ReplicaSet"}, "SuccessfulDelete"),
        (_STATEFULSET, "SuccessfulDelete"),
        (_STATEFULSET, "SuccessfulUpdate"),
        (_STATEFULSET, "RecreatingTerminatedPod"),
        (_DAEMONSET, "SucceededDaemonPod"),
        (_ROLLOUT, "RolloutNotCompleted"),
        (_ROLLOUT, "RolloutResumed"),
        (_ROLLOUT, "RolloutStepCompleted"),
        (_ROLLOUT, "NewReplicaSetCreated"),
        (_ROLLOUT, "TrafficWeightUpdated"),
    ],
)
def test_progress_is_known_and_not_counted(
    book: RuleBook, who: dict[str, str], reason: str
) -> None:
    """A rule without samples says that nothing was forgotten."""
    assert book.rules_for("Normal", who["component"], who["kind"], reason)
    assert observe(book, type="Normal", reason=reason, message="any", **who) == []
