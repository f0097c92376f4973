"""Jobs and cron jobs: how they ended, how long they took, which starts were missed."""

from __future__ import annotations

import pytest

from exporter.rules.rulebook import AGGREGATED, RuleBook
from tests.unit.events.records import at
from tests.unit.rules.observing import built_in_rules, observe

FINISHED = "kube_event_jobs_finished_total"
JOB_FAILURES = "kube_event_job_failures_total"
WORKLOAD_FAILURES = "kube_event_workload_failures_total"
CRONJOB_FAILURES = "kube_event_cronjob_failures_total"
DURATION = "kube_event_lifecycle_duration_seconds"
_JOB = {"component": "job-controller", "kind": "Job"}
_CRONJOB = {"component": "cronjob-controller", "kind": "CronJob"}


@pytest.fixture(scope="module")
def book() -> RuleBook:
    """For events that open and close nothing."""
    return built_in_rules()


@pytest.mark.parametrize(
    ("reason", "message", "result", "outcome"),
    [
        ("Completed", "Job completed", "completed", "completed"),
        (
            "BackoffLimitExceeded",
            "Job has reached the specified backoff limit",
            "backoff_limit",
            "failed",
        ),
        (
            "DeadlineExceeded",
            "Job was active longer than specified deadline",
            "deadline",
            "failed",
        ),
        (
            "PodFailurePolicy",
            (
                "Container main for pod jobs/fail-policy-s7kmd failed with exit code 42 matching "
                "FailJob rule at index 0"
            ),
            "pod_failure_policy",
            "failed",
        ),
        ("FailedIndexes", "Job has failed indexes", "failed_indexes", "failed"),
        (
            "MaxFailedIndexesExceeded",
            "Job has exceeded the specified maximal number of failed indexes",
            "failed_indexes",
            "failed",
        ),
    ],
)
def test_a_job_ends(reason: str, message: str, result: str, outcome: str) -> None:
    """Its end is counted, with its cause if it failed, and lasts from the first of its pods."""
    book = built_in_rules()
    for seconds, pod in ((0, "a"), (40, "b")):
        stamps = {"first_time": at(seconds), "last_time": at(seconds)}
        created = f"Created pod: work-{pod}"
        observe(book, type="Normal", reason="SuccessfulCreate", message=created, **_JOB, **stamps)
    found = observe(book, reason=reason, message=message, last_time=at(90), **_JOB)
    failures = [(JOB_FAILURES, ("shop", result), None)] if outcome == "failed" else []
    assert found == [
        (FINISHED, ("shop", result), None),
        *failures,
        (DURATION, ("job", outcome), 90.0),
    ]


def test_an_aggregated_creation_opens_a_job_too() -> None:
    """The prefix of merged events hides nothing."""
    book = built_in_rules()
    observe(book, reason="SuccessfulCreate", message=AGGREGATED + "Created pod: a-x", **_JOB)
    assert len(book.lifecycles["job"]) == 1


def test_a_pod_past_its_deadline_is_no_job(book: RuleBook) -> None:
    """The kubelet's DeadlineExceeded is of a pod and finishes no job."""
    message = "Pod was active on the node longer than the specified deadline"
    found = observe(
        book, type="Normal", component="kubelet", reason="DeadlineExceeded", message=message
    )
    assert FINISHED not in {o.family for o in found}


def test_a_completed_pod_is_no_job(book: RuleBook) -> None:
    """Completed counts from the job controller only."""
    assert observe(book, type="Normal", reason="Completed", message="Job completed") == []


@pytest.mark.parametrize("reason", ["TooManyActivePods", "TooManySucceededPods"])
def test_a_job_whose_pods_are_too_many_has_not_failed(book: RuleBook, reason: str) -> None:
    """Its controller could not keep their number: the failure of a workload."""
    found = observe(book, reason=reason, message="any", **_JOB)
    assert found == [(WORKLOAD_FAILURES, ("shop", "Job", "pod_count"), None)]


def test_the_first_list_begins_no_job() -> None:
    """The creation of its first pod may have expired before, and others are still there."""
    assert not built_in_rules().lifecycles["job"].primed


@pytest.mark.parametrize(
    ("reason", "cause"),
    [
        ("MissSchedule", "missed"),
        ("TooManyMissedTimes", "too_many_missed"),
        ("UnparseableSchedule", "schedule"),
        ("UnParseableCronJobSchedule", "schedule"),
        ("InvalidSchedule", "schedule"),
        ("UnsupportedSchedule", "schedule"),
        ("UnknownTimeZone", "timezone"),
        ("FailedCreate", "create"),
        ("FailedDelete", "delete"),
        ("FailedGet", "get"),
        ("UnexpectedJob", "unexpected_job"),
    ],
)
def test_what_a_cron_job_could_not_do(book: RuleBook, reason: str, cause: str) -> None:
    """The reason is the cause, whatever its type."""
    found = observe(book, reason=reason, message="any", **_CRONJOB)
    assert found == [(CRONJOB_FAILURES, ("shop", cause), None)]


@pytest.mark.parametrize(
    ("why", "cause"),
    [
        (
            "too many missed start time (> 100). Set or decrease .spec.startingDeadlineSeconds",
            "too_many_missed",
        ),
        ("unparseable schedule: x", "schedule"),  # codespell:ignore
        ("no", "other"),
    ],
)
def test_an_old_controller_says_in_the_message_why(book: RuleBook, why: str, cause: str) -> None:
    """FailedNeedsStart has one reason for two causes."""
    message = f"Cannot determine if job needs to be started: {why}"
    found = observe(book, reason="FailedNeedsStart", message=message, **_CRONJOB)
    assert found == [(CRONJOB_FAILURES, ("shop", cause), None)]


@pytest.mark.parametrize(
    ("who", "reason", "message"),
    [
        (_JOB, "Suspended", "Job suspended"),
        (_JOB, "Resumed", "Job resumed"),
        (_CRONJOB, "SuccessfulCreate", "Created job tick-26751342"),
        (_CRONJOB, "SuccessfulCreate", AGGREGATED + "Created job tick-26751342"),
        (_CRONJOB, "SuccessfulDelete", "Deleted job tick-26751342"),
        (_CRONJOB, "SawCompletedJob", "Saw completed job: tick-1, status: Complete"),
        (_CRONJOB, "SawCompletedJob", "Saw completed job: tick-1, condition: Complete"),
        (_CRONJOB, "MissingJob", "Active job went missing: tick-1"),
        (_CRONJOB, "JobAlreadyActive", "Not starting job because prior execution is running"),
    ],
)
def test_progress_is_known_and_not_counted(
    book: RuleBook, who: dict[str, str], reason: str, message: str
) -> None:
    """A rule without samples says that nothing was forgotten."""
    assert book.rules_for("Normal", who["component"], who["kind"], reason)
    assert observe(book, type="Normal", reason=reason, message=message, **who) == []


def test_a_cron_jobs_creation_opens_no_job() -> None:
    """A CronJob creates jobs, not pods: it has nothing that ends."""
    book = built_in_rules()
    observe(book, reason="SuccessfulCreate", message="Created job tick-1", **_CRONJOB)
    assert len(book.lifecycles["job"]) == 0
