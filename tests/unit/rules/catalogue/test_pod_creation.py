"""Pods that could not be created or started, by cause, from the messages that say so."""

from __future__ import annotations

import pytest

from exporter.rules.rulebook import AGGREGATED
from tests.unit.rules.catalogue.pod_events import (
    CREATION_FAILURES,
    counted,
    recorded_causes,
)

_QUOTA = (
    'Error creating: pods "greedy-5d9c7-x" is forbidden: exceeded quota: pods2, requested: pods=1, '
    "used: pods=2, limited: pods=2"
)
_REPLICA_SET = {
    "component": "replicaset-controller",
    "kind": "ReplicaSet",
    "reason": "FailedCreate",
    "field_path": "",
}


class TestRefused:
    """By the API server, as the controller that wanted the pod tells."""

    @pytest.mark.parametrize("prefix", ["", AGGREGATED], ids=["single", "aggregated"])
    @pytest.mark.parametrize(
        ("message", "cause"),
        [
            pytest.param(_QUOTA, "quota", id="quota"),
            pytest.param(
                'Error creating: pods "a" is forbidden: failed quota: compute: must specify '
                "limits.cpu",
                "quota",
                id="quota-wants-limits",
            ),
            pytest.param(
                'Error creating: pods "a" is forbidden: status unknown for quota: pods2, '
                "resources: pods",
                "quota",
                id="quota-not-counted-yet",
            ),
            pytest.param(
                'Error creating: pods "a" is forbidden: insufficient quota to match these scopes: '
                "[{PriorityClass In [system-node-critical]}]",
                "quota",
                id="quota-of-a-priority",
            ),
            pytest.param(
                'Error creating: pods "a" is forbidden: maximum cpu usage per Container is 1, but '
                "limit is 2",
                "limit_range",
                id="limit-range-maximum",
            ),
            pytest.param(
                'Error creating: pods "a" is forbidden: minimum memory usage per Pod is 64Mi, but '
                "request is 16Mi",
                "limit_range",
                id="limit-range-minimum",
            ),
            pytest.param(
                'Error creating: pods "a" is forbidden: [maximum cpu usage per Container is 1.  No '
                "limit is specified, cpu max limit to request ratio per Container is 2, but "
                "provided ratio is 4.000000]",
                "limit_range",
                id="limit-range-several",
            ),
            pytest.param(
                'Error creating: pods "a" is forbidden: violates PodSecurity "restricted:latest": '
                "allowPrivilegeEscalation != false",
                "pod_security",
                id="pod-security",
            ),
            pytest.param(
                'Error creating: pods "a-" is forbidden: PodSecurityPolicy: unable to admit pod: '
                "[spec.securityContext.hostNetwork: Invalid value: true: Host network is not "
                "allowed to be used]",
                "pod_security",
                id="pod-security-policy",
            ),
            pytest.param(
                'Error creating: pods "a-" is forbidden: unable to validate against any pod '
                "security policy: []",
                "pod_security",
                id="no-pod-security-policy",
            ),
            pytest.param(
                'Error creating: pods "a-" is forbidden: unable to validate against any security '
                "context constraint: [provider restricted: .spec.hostNetwork: Invalid value: true]",
                "pod_security",
                id="security-context-constraint",
            ),
            pytest.param(
                'Error creating: admission webhook "policy.example.org" denied the request: no',
                "admission_webhook",
                id="webhook-denied",
            ),
            pytest.param(
                'Error creating: admission webhook "policy.example.org" denied the request: '
                "exceeded quota: team, the image is forbidden",
                "admission_webhook",
                id="webhook-denied-in-words-of-others",
            ),
            pytest.param(
                "Error creating: pods \"a\" is forbidden: ValidatingAdmissionPolicy 'no-latest' "
                "with binding 'no-latest' denied request: latest is not allowed",
                "admission_webhook",
                id="admission-policy",
            ),
            pytest.param(
                "Error creating: Internal error occurred: failed calling webhook "
                '"hook.example.org": failed to call webhook: Post '
                '"https://10.0.0.1:443/mutate": connection refused',
                "webhook_error",
                id="webhook-unreachable",
            ),
            pytest.param(
                "Error creating: Internal error occurred: failed calling admission webhook "
                '"hook.example.org": Post https://10.0.0.1:443/mutate: x509: certificate has '
                "expired",
                "webhook_error",
                id="webhook-unreachable-before-1.12",
            ),
            pytest.param(
                'Error creating: pods "a" is forbidden: error looking up service account lab/gone: '
                'serviceaccount "gone" not found',
                "service_account",
                id="service-account",
            ),
            pytest.param(
                'Error creating: pods "a" is forbidden: no PriorityClass with name gold was found',
                "priority_class",
                id="priority-class",
            ),
            pytest.param(
                'Error creating: Pod "a" is invalid: spec.containers[0].resources.requests: '
                'Invalid value: "64Mi": must be less than or equal to memory limit of 32Mi',
                "invalid",
                id="invalid",
            ),
            pytest.param(
                'Error creating: pods "a" is forbidden: User "system:serviceaccount:kube-system:x" '
                'cannot create resource "pods" in API group "" in the namespace "shop"',
                "forbidden",
                id="forbidden",
            ),
            pytest.param(
                'Error creating: Post "https://10.0.0.1:6443/api/v1/namespaces/lab/pods": EOF',
                "api_server",
                id="api-server-gone",
            ),
            pytest.param(
                'Error creating: Post "https://10.0.0.1:6443/api/v1/namespaces/lab/pods": dial '
                "tcp 10.0.0.1:6443: connect: connection refused",
                "api_server",
                id="api-server-down",
            ),
            pytest.param(
                'Error creating: Operation cannot be fulfilled on resourcequotas "compute": the '
                "object has been modified; please apply your changes to the latest version and "
                "try again",
                "api_server",
                id="quota-changed-meanwhile",
            ),
            pytest.param(
                "Error creating: Timeout: request did not complete within requested timeout - "
                "context deadline exceeded",
                "api_server",
                id="api-server-slow",
            ),
            pytest.param(
                "Error creating: etcdserver: leader changed", "api_server", id="etcd-election"
            ),
            pytest.param(
                'Error creating: pods "web-" is forbidden: unable to create new content in '
                "namespace shop because it is being terminated",
                "namespace_terminating",
                id="namespace-terminating",
            ),
            pytest.param(
                'Error creating: namespaces "shop" not found',
                "namespace_terminating",
                id="namespace-gone",
            ),
            pytest.param(
                'Error creating: admission webhook "policy.example.org" denied the request: the '
                'namespace "shop" not found in the policy, try again',
                "admission_webhook",
                id="webhook-denied-in-words-of-the-api-server",
            ),
            pytest.param("Error creating: something new", "other", id="other"),
            pytest.param(
                'create Pod db-0 in StatefulSet db failed error: pods "db-0" is forbidden: '
                "exceeded quota: pods2, requested: pods=1, used: pods=2, limited: pods=2",
                "quota",
                id="statefulset",
            ),
        ],
    )
    def test_the_message_says_why(self, prefix: str, message: str, cause: str) -> None:
        """The controller's FailedCreate has the API server's answer."""
        found = counted(message=prefix + message, **_REPLICA_SET)
        assert found == {CREATION_FAILURES: ("shop", cause, "FailedCreate")}

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
    def test_every_controller_of_pods_is_heard(self, component: str, kind: str) -> None:
        """All built-in controllers that create pods say so alike."""
        found = counted(component=component, kind=kind, reason="FailedCreate", message=_QUOTA)
        assert found == {CREATION_FAILURES: ("shop", "quota", "FailedCreate")}

    def test_a_claim_that_cannot_be_created_is_no_pod_that_cannot(self) -> None:
        """A StatefulSet's refused claim has an event of its own beside its pod's."""
        found = counted(
            component="statefulset-controller",
            kind="StatefulSet",
            reason="FailedCreate",
            message="create Claim data-db-0 for Pod db-0 in StatefulSet db failed error: "
            'persistentvolumeclaims "data-db-0" is forbidden: exceeded quota: storage',
        )
        assert found == {}

    def test_a_job_that_cannot_be_created_is_no_pod_that_cannot(self) -> None:
        """A CronJob creates jobs, and uses the same reason for them."""
        found = counted(
            component="cronjob-controller",
            kind="CronJob",
            reason="FailedCreate",
            message='Error creating job: jobs.batch "tick-1" is forbidden: exceeded quota: jobs',
        )
        assert found == {}

    def test_what_is_no_controller_of_pods_is_not_heard(self) -> None:
        """Reasons mean something with their component only."""
        fields = {**_REPLICA_SET, "component": "my-operator"}
        assert counted(message=_QUOTA, **fields) == {}


class TestRecordings:
    def test_pods_are_refused_and_fail_for_every_cause(self) -> None:
        """The recordings hold each cause but those that need other clusters."""
        assert {cause for cause, _ in recorded_causes()[CREATION_FAILURES]} == {
            "quota",
            "pod_security",
            "admission_webhook",
            "webhook_error",
            "service_account",
            "invalid",
            "scheduling",
            "image_pull",
            "sandbox",
            "volume",
            "container_config",
            "container_start",
            "resource_claim",
            "api_server",
        }

    def test_the_api_server_is_a_lost_connection_to_it_only(self) -> None:
        """What has nothing to do with the pod is told apart from what has."""
        causes = recorded_causes()[CREATION_FAILURES]
        lost = [message for cause, message in causes if cause == "api_server"]
        assert all("unexpected EOF" in message for message in lost)
        assert lost
