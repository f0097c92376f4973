from __future__ import annotations

import pytest

from exporter.kube.proxies import proxy_for

PROXY = "http://proxy.corp:3128"


def chosen(url: str, no_proxy: str = "") -> str:
    return proxy_for(url, {"HTTPS_PROXY": PROXY, "NO_PROXY": no_proxy})


class TestProxyFor:
    def test_without_a_variable_there_is_none(self) -> None:
        """An empty environment, or an empty variable."""
        assert proxy_for("https://10.96.0.1:443", {}) == ""
        assert proxy_for("https://10.96.0.1:443", {"HTTPS_PROXY": ""}) == ""

    def test_the_scheme_of_the_url_chooses_the_variable(self) -> None:
        """In either spelling."""
        environ = {"HTTPS_PROXY": "http://a:1", "http_proxy": "http://b:2"}
        assert proxy_for("https://k8s.example:6443", environ) == "http://a:1"
        assert proxy_for("http://k8s.example:8080", environ) == "http://b:2"

    def test_a_proxy_without_a_scheme_is_http(self) -> None:
        """As Go reads it."""
        assert proxy_for("https://k8s.example", {"https_proxy": "proxy:3128"}) == (
            "http://proxy:3128"
        )

    @pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.9.1", "[::1]"])
    def test_loopback_never_has_one(self, host: str) -> None:
        """A kubeconfig of kind or minikube points there."""
        assert chosen(f"https://{host}:6443") == ""

    @pytest.mark.parametrize(
        ("rule", "host"),
        [
            ("*", "k8s.example"),
            ("k8s.example", "k8s.example"),
            ("example", "k8s.example"),
            (".example", "k8s.example"),
            ("*.example", "k8s.example"),
            ("EXAMPLE", "k8s.example"),
            ("a, k8s.example ,b", "k8s.example"),
            ("k8s.example:6443", "k8s.example"),
            ("10.96.0.1", "10.96.0.1"),
            ("10.96.0.1:6443", "10.96.0.1"),
            ("10.0.0.0/8", "10.96.0.1"),
            ("fd00::/8", "[fd00::1]"),
            ("fd00::1", "[fd00::1]"),
            ("[fd00::1]:6443", "[fd00::1]"),
        ],
    )
    def test_no_proxy_covers(self, rule: str, host: str) -> None:
        """Domains, addresses and networks: the API server's own address is in one of these."""
        assert chosen(f"https://{host}:6443", rule) == ""

    @pytest.mark.parametrize(
        ("rule", "host"),
        [
            ("", "k8s.example"),
            (",", "k8s.example"),
            (".k8s.example", "k8s.example"),
            ("s.example", "k8s.example"),
            ("k8s.example:443", "k8s.example"),
            ("10.96.0.2", "10.96.0.1"),
            ("192.168.0.0/16", "10.96.0.1"),
            ("10.0.0.0/99", "10.96.0.1"),
            ("10.0.0.0/8", "k8s.example"),
            ("0.1", "10.96.0.1"),
        ],
    )
    def test_no_proxy_does_not_cover(self, rule: str, host: str) -> None:
        """What is another host, another port, or no rule at all."""
        assert chosen(f"https://{host}:6443", rule) == PROXY
