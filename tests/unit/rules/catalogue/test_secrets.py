"""External Secrets: secrets that were written, and those that could not be."""

from __future__ import annotations

import pytest

from exporter.rules.rulebook import RuleBook
from tests.unit.rules.observing import built_in_rules, observe

UPDATES = "kube_event_secret_updates_total"
FAILURES = "kube_event_secret_failures_total"
_EXTERNAL = {"component": "external-secrets", "kind": "ExternalSecret"}


@pytest.fixture(scope="module")
def book() -> RuleBook:
    """External Secrets opens and closes nothing."""
    return built_in_rules()


@pytest.mark.parametrize("reason", ["Created", "Updated"])
def test_a_secret_was_written(book: RuleBook, reason: str) -> None:
    """A new secret is an update too."""
    found = observe(book, type="Normal", reason=reason, message="any", **_EXTERNAL)
    assert found == [(UPDATES, ("shop",), None)]


@pytest.mark.parametrize(
    ("message", "cause"),
    [
        (
            "error processing spec.data[0] (key: db), err: Secret does not exist",
            "not_found",
        ),
        (
            "error processing spec.dataFrom[0].extract, err: ResourceNotFoundException: no",
            "not_found",
        ),
        (
            (
                "error processing spec.data[0] (key: db), err: AccessDeniedException: User is not "
                "authorized to perform: secretsmanager:GetSecretValue"
            ),
            "access_denied",
        ),
        ("error retrieving secret: Code: 403. Errors: permission denied", "access_denied"),
        ('could not get provider client: SecretStore "vault" is not ready', "store"),
        ('could not get SecretStore "vault", SecretStore "vault" not found', "store"),
        ('ClusterSecretStore "shared" is not ready', "store"),
        ("error calling vault: context deadline exceeded", "timeout"),
        ("ThrottlingException: Rate exceeded", "rate_limited"),
        ("dial tcp 10.0.0.1:8200: connect: connection refused", "connection"),
        ("could not apply template: executing template: bad", "template"),
        ("could not update Secret: conflict", "write"),
        ("it rained", "other"),
    ],
)
def test_a_secret_that_could_not_be_written(book: RuleBook, message: str, cause: str) -> None:
    """The provider's error says whom to ask."""
    found = observe(book, reason="UpdateFailed", message=message, **_EXTERNAL)
    assert found == [(FAILURES, ("shop", "ExternalSecret", cause), None)]


def test_a_secret_that_the_provider_has_not(book: RuleBook) -> None:
    """Normal by type, and missing all the same."""
    found = observe(book, type="Normal", reason="MissingProviderSecret", message="any", **_EXTERNAL)
    assert found == [(FAILURES, ("shop", "ExternalSecret", "not_found"), None)]


@pytest.mark.parametrize(
    ("kind", "namespace"), [("SecretStore", "shop"), ("ClusterSecretStore", "")]
)
def test_a_store_that_cannot_be_used(book: RuleBook, kind: str, namespace: str) -> None:
    """All secrets of a store wait for it."""
    found = observe(
        book,
        component="secret-store",
        kind=kind,
        reason="InvalidProviderConfig",
        message="any",
        object_namespace=namespace,
    )
    assert found == [(FAILURES, (namespace, kind, "store"), None)]


def test_a_container_is_no_secret(book: RuleBook) -> None:
    """The kubelet's Created writes none."""
    found = observe(book, type="Normal", reason="Created", message="Created container: app")
    assert UPDATES not in {o.family for o in found}


@pytest.mark.parametrize(
    ("component", "kind", "reason"),
    [
        ("external-secrets", "ExternalSecret", "Deleted"),
        ("secret-store", "SecretStore", "Valid"),
        ("secret-store", "ClusterSecretStore", "ValidationUnknown"),
    ],
)
def test_progress_is_known_and_not_counted(
    book: RuleBook, component: str, kind: str, reason: str
) -> None:
    """A rule without samples says that nothing was forgotten."""
    assert book.rules_for("Normal", component, kind, reason)
    fields = {"component": component, "kind": kind, "reason": reason}
    assert observe(book, type="Normal", message="any", **fields) == []
