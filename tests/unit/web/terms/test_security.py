"""Which names of a client's certificate count, in the forms that Python's ssl gives them."""

from __future__ import annotations

from exporter.web.terms.security import _names


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
