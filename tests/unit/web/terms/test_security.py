"""Which names of a client's certificate count, in the forms that Python's ssl gives them, and which
change of the terms leaves somebody out.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import trustme

from exporter.web.terms import read_terms
from exporter.web.terms.security import ServerContext, _names, narrowed
from tests.unit.web.web_config import MUTUAL, TLS, WebConfig


def test_names_of_a_certificate_are_as_go_writes_them() -> None:
    """Addresses too; what is of another kind, or no address, is nobody's name."""
    certificate = {
        "subject": ((("commonName", "root"),),),
        "subjectAltName": (
            ("DNS", "prometheus.monitoring.svc"),
            ("IP Address", "10.1.2.3"),
            ("IP Address", "2001:DB8:0:0:0:0:0:1"),
            ("IP Address", "<invalid>"),
            ("email", "a@example.org"),
            ("URI", "spiffe://cluster.local/ns/monitoring/sa/prometheus"),
            ("Registered ID", "1.2.3.4"),
            ("DirName", ((("commonName", "root"),),)),
        ),
    }
    assert list(_names(certificate)) == [
        "prometheus.monitoring.svc",
        "10.1.2.3",
        "2001:db8::1",
        "a@example.org",
        "spiffe://cluster.local/ns/monitoring/sa/prometheus",
    ]
    assert list(_names({})) == []


_IF_GIVEN = MUTUAL.replace("RequireAndVerifyClientCert", "VerifyClientCertIfGiven")
_ONE = MUTUAL + "  client_allowed_sans: [a]\n"
_TWO = MUTUAL + "  client_allowed_sans: [a, b]\n"


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        ("", "", False),
        ("", TLS, True),
        (TLS, "", True),
        (TLS, TLS, False),
        (TLS, _IF_GIVEN, False),
        (TLS, MUTUAL, True),
        (_IF_GIVEN, MUTUAL, True),
        (MUTUAL, _IF_GIVEN, False),
        (MUTUAL, TLS, False),
        (MUTUAL, MUTUAL, False),
        (MUTUAL, _ONE, True),
        (_ONE, MUTUAL, False),
        (_ONE, _TWO, False),
        (_TWO, _ONE, True),
    ],
)
def test_who_could_be_refused_after_a_change(
    tmp_path: Path, before: str, now: str, expected: bool
) -> None:
    """Anybody that was let in; a certificate of ours that is new leaves nobody out."""
    config = WebConfig(tmp_path)

    def context(text: str) -> ServerContext | None:
        config.renew()
        config.write(text)
        return read_terms(config.path).context

    assert narrowed(context(before), context(now)) is expected


def test_one_authority_more_leaves_nobody_out_and_one_less_does(tmp_path: Path) -> None:
    """Which is how authorities are exchanged."""
    config = WebConfig(tmp_path, MUTUAL)
    other = trustme.CA().cert_pem.bytes()
    own = (tmp_path / "ca.crt").read_bytes()

    def context(*pems: bytes) -> ServerContext | None:
        (tmp_path / "ca.crt").write_bytes(b"# authorities\n".join(pems))
        return read_terms(config.path).context

    assert not narrowed(context(own), context(other, own))
    assert not narrowed(context(own, other), context(other, own))
    assert narrowed(context(other, own), context(own))
    assert narrowed(context(own), context(other))
