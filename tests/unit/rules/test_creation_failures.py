"""Pods that could not be created or started, by cause, from the messages that say so."""

from __future__ import annotations

from collections import Counter, defaultdict

import pytest

from exporter.events import EventObject, read_event
from exporter.kube.frames import FrameReader, Status, Undecodable
from exporter.rules.rulebook import AGGREGATED
from tests.recordings.reading import VERSIONS, lines, names
from tests.unit.rules.observing import (
    CREATION_FAILURES,
    PULL_FAILURES,
    built_in_rules,
    observe,
    observed,
    sums,
)

_QUOTA = (
    'Error creating: pods "greedy-5d9c7-x" is forbidden: exceeded quota: pods2, requested: pods=1, '
    "used: pods=2, limited: pods=2"
)


@pytest.mark.parametrize("prefix", ["", AGGREGATED], ids=["single", "aggregated"])
@pytest.mark.parametrize(
    ("message", "cause"),
    [
        pytest.param(_QUOTA, "quota", id="quota"),
        pytest.param(
            'Error creating: pods "a" is forbidden: failed quota: compute: must specify limits.cpu',
            "quota",
            id="quota-wants-limits",
        ),
        pytest.param(
            'Error creating: admission webhook "policy.example.com" denied the request: no',
            "admission_webhook",
            id="webhook-denied",
        ),
        pytest.param(
            'Error creating: Internal error occurred: failed calling webhook "hook.example.com": '
            'failed to call webhook: Post "https://10.0.0.1:443/mutate": connection refused',
            "admission_webhook",
            id="webhook-unreachable",
        ),
        pytest.param(
            "Error creating: pods \"a\" is forbidden: ValidatingAdmissionPolicy 'no-latest' with "
            "binding 'no-latest' denied request: latest is not allowed",
            "admission_webhook",
            id="admission-policy",
        ),
        pytest.param(
            'Error creating: pods "a" is forbidden: violates PodSecurity "restricted:latest": '
            "allowPrivilegeEscalation != false",
            "forbidden",
            id="pod-security",
        ),
        pytest.param(
            'Error creating: pods "a" is forbidden: error looking up service account lab/gone: '
            'serviceaccount "gone" not found',
            "forbidden",
            id="service-account",
        ),
        pytest.param(
            'Error creating: Pod "a" is invalid: spec.containers[0].resources.requests: '
            'Invalid value: "64Mi": must be less than or equal to memory limit of 32Mi',
            "invalid",
            id="invalid",
        ),
        pytest.param(
            'Error creating: Post "https://10.0.0.1:6443/api/v1/namespaces/lab/pods": EOF',
            "other",
            id="api-server-gone",
        ),
    ],
)
def test_a_pod_that_the_api_server_refused(prefix: str, message: str, cause: str) -> None:
    """The controller's FailedCreate says why."""
    found = sums(
        observe(
            built_in_rules(),
            component="replicaset-controller",
            kind="ReplicaSet",
            reason="FailedCreate",
            message=prefix + message,
        )
    )
    assert found == {CREATION_FAILURES: (("shop", cause, "FailedCreate"), None)}


@pytest.mark.parametrize(
    ("component", "kind"),
    [
        ("replicaset-controller", "ReplicaSet"),
        ("replication-controller", "ReplicationController"),
        ("daemonset-controller", "DaemonSet"),
        ("statefulset-controller", "StatefulSet"),
        ("job-controller", "Job"),
    ],
)
def test_every_controller_of_pods_is_heard(component: str, kind: str) -> None:
    """All built-in controllers that create pods say so alike."""
    found = observe(
        built_in_rules(), component=component, kind=kind, reason="FailedCreate", message=_QUOTA
    )
    assert [o.labels[1] for o in found] == ["quota"]


@pytest.mark.parametrize(
    ("message", "cause"),
    [
        ('Error: configmap "missing-env" not found', "container_config"),
        ('Error: secret "nosecret" not found', "container_config"),
        ("Error: couldn't find key tls.crt in Secret shop/web", "container_config"),
        ("Error: missing value for NOPE", "container_config"),
        ("Error: container has runAsNonRoot and image has non-numeric user", "container_config"),
        ("Error: container has runAsNonRoot and image will run as root", "container_config"),
        ("Error: failed to create containerd task: OCI runtime create failed", "container_start"),
        ("Error: Internal PreStartContainer hook failed", "container_start"),
        ("Error: Internal PreCreateContainer hook failed", "container_create"),
        ("Error: context deadline exceeded", "container_create"),
        ("error making pod data directories: mkdir: read-only file system", "volume"),
    ],
)
def test_a_container_that_the_kubelet_could_not_run(message: str, cause: str) -> None:
    """The kubelet's Failed without an image tells configuration, creation and start apart."""
    found = sums(observe(built_in_rules(), reason="Failed", message=message))
    assert found == {CREATION_FAILURES: (("shop", cause, "Failed"), None)}


@pytest.mark.parametrize(
    ("component", "reason", "cause"),
    [
        ("kubelet", "FailedCreatePodSandBox", "sandbox"),
        ("kubelet", "FailedMount", "volume"),
        ("kubelet", "FailedAttachVolume", "volume"),
        ("attachdetach-controller", "FailedAttachVolume", "volume"),
        ("kubelet", "FailedMapVolume", "volume"),
        ("default-scheduler", "FailedScheduling", "scheduling"),
    ],
)
def test_reasons_that_are_causes(component: str, reason: str, cause: str) -> None:
    """Where the reason says it all the message does not matter."""
    found = sums(observe(built_in_rules(), component=component, reason=reason, message="any"))
    assert found == {CREATION_FAILURES: (("shop", cause, reason), None)}


def test_a_deleted_pod_that_is_not_scheduled_is_no_failure() -> None:
    """The scheduler says so about pods that go away."""
    message = "skip schedule deleting pod: broken/too-big"
    fields = {"component": "default-scheduler", "reason": "FailedScheduling"}
    assert observe(built_in_rules(), message=message, **fields) == []


# What stands in the recordings, in words of their messages, and its cause.
_RECORDED = {
    "connection refused": "connection",
    "no such host": "dns",
    ": not found": "not_found",
    "429 Too Many Requests": "rate_limited",
    "pull QPS exceeded": "rate_limited",
    "no basic auth credentials": "unauthorized",
    "403 Forbidden": "unauthorized",
    "500 Internal Server Error": "server_error",
}


class TestRecordings:
    @pytest.fixture(scope="class")
    @classmethod
    def causes(cls) -> dict[str, Counter[tuple[str, str]]]:
        """(label of the cause, message) by family, over all recorded watches of core/v1."""
        book = built_in_rules()
        labels_of = {declaration.name: declaration.labels for declaration in book.declarations}
        reader = FrameReader(EventObject)
        found: dict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
        for path in (p for v in VERSIONS for p in names(f"{v}/watch/core-v1.*.gz")):
            for line in lines(path):
                frame = reader.frame(line)
                assert not isinstance(frame, Undecodable)
                if isinstance(frame.object, Status):
                    continue
                record = read_event(frame.object)
                assert record is not None
                for family, labels, _ in observed(book, record):
                    cause = dict(zip(labels_of[family], labels, strict=True)).get("cause", "")
                    found[family][cause, record.message] += 1
        return found

    def test_every_image_pull_failure_has_its_cause(
        self, causes: dict[str, Counter[tuple[str, str]]]
    ) -> None:
        """Each recorded error is of a known form, and none ends as other."""
        assert causes[PULL_FAILURES]
        for cause, message in causes[PULL_FAILURES]:
            expected = {named for words, named in _RECORDED.items() if words in message}
            assert {cause} == expected, message

    def test_pods_are_refused_and_fail_for_every_cause(
        self, causes: dict[str, Counter[tuple[str, str]]]
    ) -> None:
        """The recordings hold each cause of a pod creation failure but a failed create."""
        assert {cause for cause, _ in causes[CREATION_FAILURES]} == {
            "quota",
            "forbidden",
            "admission_webhook",
            "invalid",
            "scheduling",
            "image_pull",
            "sandbox",
            "volume",
            "container_config",
            "container_start",
            "other",
        }

    def test_other_is_a_lost_connection_to_the_api_server_only(
        self, causes: dict[str, Counter[tuple[str, str]]]
    ) -> None:
        """What has no cause of its own has nothing to do with the pod."""
        other = [message for cause, message in causes[CREATION_FAILURES] if cause == "other"]
        assert all("unexpected EOF" in message for message in other)


def test_a_claim_that_cannot_be_created_is_no_pod_that_cannot() -> None:
    """A StatefulSet's refused claim has an event of its own beside its pod's."""
    observations = observe(
        built_in_rules(),
        component="statefulset-controller",
        kind="StatefulSet",
        reason="FailedCreate",
        message="create Claim data-db-0 for Pod db-0 in StatefulSet db failed error: "
        'persistentvolumeclaims "data-db-0" is forbidden: exceeded quota: storage',
    )
    assert observations == []
