"""cert-manager: certificates issued, what stood in the way, how long it took."""

from __future__ import annotations

import pytest

from exporter.rules.rulebook import RuleBook
from tests.unit.events.records import at
from tests.unit.rules.observing import built_in_rules, observe

ISSUED = "kube_event_certificates_issued_total"
FAILURES = "kube_event_certificate_failures_total"
DURATION = "kube_event_lifecycle_duration_seconds"
_TRIGGER = "cert-manager-certificates-trigger"
_ISSUING = "cert-manager-certificates-issuing"
_BEGINNINGS = [
    "Issuing certificate as Secret does not exist",
    "Renewing certificate as renewal was scheduled at 2027-01-15 08:00:00 +0000 UTC",
    "Existing issued Secret is not up to date for spec: [spec.dnsNames]",
]


@pytest.fixture(scope="module")
def book() -> RuleBook:
    """For events that open and close nothing."""
    return built_in_rules()


@pytest.mark.parametrize("beginning", _BEGINNINGS)
def test_a_certificate_is_issued(beginning: str) -> None:
    """Beginning and end are both Issuing: the message tells which; only the end counts."""
    book = built_in_rules()
    fields = {"type": "Normal", "kind": "Certificate", "reason": "Issuing"}
    started = observe(book, component=_TRIGGER, message=beginning, last_time=at(0), **fields)
    assert started == []
    message = "The certificate has been successfully issued"
    found = observe(book, component=_ISSUING, message=message, last_time=at(30), **fields)
    assert found == [
        (ISSUED, ("shop",), None),
        (DURATION, ("certificate", "issued"), 30.0),
    ]


def test_a_temporary_certificate_is_neither_beginning_nor_end() -> None:
    """It is Issuing too, and leaves what is open as it is."""
    book = built_in_rules()
    fields = {"kind": "Certificate", "reason": "Issuing"}
    observe(book, component=_TRIGGER, message=_BEGINNINGS[0], last_time=at(0), **fields)
    message = "Issued temporary certificate"
    observe(book, component=_ISSUING, message=message, last_time=at(10), **fields)
    message = "The certificate has been successfully issued"
    found = observe(book, component=_ISSUING, message=message, last_time=at(30), **fields)
    assert (DURATION, ("certificate", "issued"), 30.0) in found


def test_a_certificate_that_failed_ends_too() -> None:
    """A retry begins anew."""
    book = built_in_rules()
    fields = {"kind": "Certificate", "component": _ISSUING}
    observe(book, reason="Issuing", message=_BEGINNINGS[0], last_time=at(0), **fields)
    message = "The certificate request has failed to complete and will be retried: no"
    found = observe(book, reason="Failed", message=message, last_time=at(60), **fields)
    assert found == [
        (FAILURES, ("shop", "Certificate", "issuance"), None),
        (DURATION, ("certificate", "failed"), 60.0),
    ]


@pytest.mark.parametrize("component", ["cert-manager-challenges", "cert-manager"])
@pytest.mark.parametrize(
    ("reason", "outcome"), [("DomainVerified", "verified"), ("Failed", "failed")]
)
def test_a_challenge_lasts_from_its_start(component: str, reason: str, outcome: str) -> None:
    """The component is the controller's name, or that of all in early releases."""
    book = built_in_rules()
    fields = {"kind": "Challenge", "component": component}
    observe(book, reason="Started", message="Challenge scheduled for processing", **fields)
    found = observe(book, reason=reason, message="any", last_time=at(45), **fields)
    assert (DURATION, ("acme_challenge", outcome), 45.0) in found


def test_a_challenge_that_failed_counts_as_its_own_kind(book: RuleBook) -> None:
    """Failed of a challenge is another cause than Failed of a certificate."""
    fields = {"kind": "Challenge", "component": "cert-manager-challenges"}
    found = observe(book, reason="Failed", message="Accepting challenge failed", **fields)
    assert found == [(FAILURES, ("shop", "Challenge", "challenge"), None)]


def test_an_order_lasts_from_the_first_of_its_challenges() -> None:
    """Created is sent for each challenge of an order."""
    book = built_in_rules()
    fields = {"type": "Normal", "kind": "Order", "component": "cert-manager-orders"}
    for seconds, domain in ((0, "a.example.org"), (5, "b.example.org")):
        message = f'Created Challenge resource "x-{domain}" for domain "{domain}"'
        stamps = {"first_time": at(seconds), "last_time": at(seconds)}
        observe(book, reason="Created", message=message, **fields, **stamps)
    message = "Order completed successfully"
    found = observe(book, reason="Complete", message=message, last_time=at(20), **fields)
    assert found == [(DURATION, ("acme_order", "complete"), 20.0)]


def test_an_order_without_challenges_is_normal() -> None:
    """Domains that are verified already need none: its completion is not unmatched."""
    book = built_in_rules()
    fields = {"kind": "Order", "component": "cert-manager-orders"}
    assert observe(book, reason="Complete", message="any", **fields) == []
    assert book.lifecycles["acme_order"].unmatched == 0


@pytest.mark.parametrize("reason", ["Created", "Started", "Failed"])
def test_a_containers_reason_is_no_certificate(reason: str) -> None:
    """The kubelet's Created, Started and Failed have nothing to do with cert-manager."""
    book = built_in_rules()
    found = observe(book, reason=reason, message="Error: any")
    assert FAILURES not in {o.family for o in found}
    assert len(book.lifecycles["acme_order"]) + len(book.lifecycles["acme_challenge"]) == 0


@pytest.mark.parametrize(
    ("kind", "reason", "cause"),
    [
        ("Certificate", "RequestFailed", "request"),
        ("Certificate", "DecodeFailed", "private_key"),
        ("Certificate", "CannotRegenerateKey", "private_key"),
        ("Certificate", "KeystorePasswordSecretNotFound", "keystore_password"),
        ("CertificateRequest", "IssuerNotFound", "issuer_not_found"),
        ("CertificateRequest", "OrderFailed", "order"),
        ("CertificateRequest", "BadConfig", "config"),
        ("Ingress", "BadConfig", "config"),
        ("Gateway", "BadConfig", "config"),
        ("Order", "Solver", "solver"),
        ("Challenge", "PresentError", "challenge_present"),
        ("Challenge", "CleanUpError", "challenge_cleanup"),
        ("Issuer", "ErrInitIssuer", "issuer"),
        ("Issuer", "ErrGetKeyPair", "issuer"),
        ("Issuer", "VaultError", "issuer"),
        ("Issuer", "ErrRegisterACMEAccount", "acme_account"),
        ("Issuer", "ErrVerifyACMEAccount", "acme_account"),
    ],
)
def test_what_stood_in_the_way(book: RuleBook, kind: str, reason: str, cause: str) -> None:
    """The reason is the cause, and the kind says at which step."""
    fields = {"component": "cert-manager-any", "kind": kind, "reason": reason}
    found = observe(book, message="any", **fields)
    assert found == [(FAILURES, ("shop", kind, cause), None)]


def test_a_cluster_issuer_has_no_namespace(book: RuleBook) -> None:
    """What is of no namespace has an empty one."""
    found = observe(
        book,
        component="cert-manager-clusterissuers",
        kind="ClusterIssuer",
        reason="ErrInitIssuer",
        message="any",
        object_namespace="",
    )
    assert found == [(FAILURES, ("", "ClusterIssuer", "issuer"), None)]


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("Certificate", "Requested"),
        ("Certificate", "Generated"),
        ("Certificate", "Reused"),
        ("CertificateRequest", "CertificateIssued"),
        ("CertificateSigningRequest", "CertificateIssued"),
        ("CertificateRequest", "WaitingForApproval"),
        ("CertificateRequest", "cert-manager.io"),
        ("CertificateRequest", "OrderCreated"),
        ("CertificateRequest", "OrderPending"),
        ("Challenge", "Presented"),
        ("Issuer", "KeyPairVerified"),
        ("ClusterIssuer", "VaultVerified"),
        ("Ingress", "CreateCertificate"),
        ("Gateway", "UpdateCertificate"),
        ("Ingress", "DeleteCertificate"),
    ],
)
def test_progress_is_known_and_not_counted(book: RuleBook, kind: str, reason: str) -> None:
    """A rule without samples says that nothing was forgotten."""
    fields = {"component": "cert-manager-any", "kind": kind, "reason": reason}
    assert book.rules_for("Normal", "cert-manager-any", kind, reason)
    assert observe(book, type="Normal", message="any", **fields) == []
