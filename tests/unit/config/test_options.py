from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from exporter.config import Config, ConfigError, load_config
from exporter.config.options import BY_NAME, OPTIONS

# Each option once: its text, its value in a YAML file, and the fields it sets.
EXAMPLES: dict[str, tuple[str, Any, dict[str, object]]] = {
    "kubeconfig": ("/etc/kube/config", "/etc/kube/config", {"kubeconfig": "/etc/kube/config"}),
    "context": ("prod", "prod", {"context": "prod"}),
    "web.listen-address": (
        "127.0.0.1:9000",
        "127.0.0.1:9000",
        {"listen_host": "127.0.0.1", "listen_port": 9000},
    ),
    "web.config.file": ("web.yml", "web.yml", {"web_config_file": "web.yml"}),
    "web.auth.kubernetes": ("true", "true", {"web_auth_kubernetes": True}),
    "web.telemetry-path": ("/events", "/events", {"telemetry_path": "/events"}),
    "events.namespace": ("shop,db", ["shop", "db"], {"namespaces": ("shop", "db")}),
    "events.field-selector": ("type=Warning", "type=Warning", {"field_selector": "type=Warning"}),
    "events.ttl": ("1h30m", "1h30m", {"event_ttl": 5400.0}),
    "cluster.name": ("eu-1", "eu-1", {"cluster_name": "eu-1"}),
    "label": (
        "team=shop,stage=prod",
        ["team=shop", "stage=prod"],
        {"labels": (("team", "shop"), ("stage", "prod"))},
    ),
    "rules.file": (
        "a.yaml,/etc/b.yaml",
        ["a.yaml", "/etc/b.yaml"],
        {"rule_files": ("a.yaml", "/etc/b.yaml")},
    ),
    "series.limit": ("500", 500, {"series_limit": 500}),
    "series.ttl": ("2d", "2d", {"series_ttl": 172_800.0}),
    "web.scraper-agent": (
        "Homemade Agent,Other",
        ["Homemade Agent", "Other"],
        {"scraper_agents": ("Homemade Agent", "Other")},
    ),
    "checkpoint.path": (
        "/data/checkpoint.db",
        "/data/checkpoint.db",
        {"checkpoint_path": "/data/checkpoint.db"},
    ),
    "workload.labels": ("true", "true", {"workload_labels": True}),
    "leader-election": ("true", "true", {"leader_election": True}),
    "leader-election.namespace": (
        "monitoring",
        "monitoring",
        {"leader_election_namespace": "monitoring"},
    ),
    "leader-election.name": ("kem.prod", "kem.prod", {"leader_election_name": "kem.prod"}),
    "leader-election.lease-duration": ("1m", "1m", {"lease_duration": 60.0}),
    "leader-election.renew-deadline": ("5s", "5s", {"renew_deadline": 5.0}),
    "leader-election.retry-period": ("500ms", "500ms", {"retry_period": 0.5}),
    "audit.webhook.listen-address": (
        "127.0.0.1:9443",
        "127.0.0.1:9443",
        {"audit_webhook_host": "127.0.0.1", "audit_webhook_port": 9443},
    ),
    "audit.webhook.config-file": ("w.yml", "w.yml", {"audit_webhook_config_file": "w.yml"}),
    "audit.webhook.tls-cert-file": ("c.pem", "c.pem", {"audit_webhook_cert_file": "c.pem"}),
    "audit.webhook.tls-key-file": ("k.pem", "k.pem", {"audit_webhook_key_file": "k.pem"}),
    "audit.webhook.tls-client-ca-file": (
        "ca.pem",
        "ca.pem",
        {"audit_webhook_client_ca_file": "ca.pem"},
    ),
    "audit.webhook.token-file": ("token", "token", {"audit_webhook_token_file": "token"}),
    "audit.webhook.max-body-bytes": ("16MiB", "16MiB", {"audit_webhook_max_body": 16 * 1024**2}),
    "audit.log.path": (
        "/var/log/kubernetes/audit/audit.log",
        "/var/log/kubernetes/audit/audit.log",
        {"audit_log_path": "/var/log/kubernetes/audit/audit.log"},
    ),
    "audit.only": ("true", "true", {"audit_only": True}),
    "audit.user-labels": ("true", "true", {"audit_user_labels": True}),
    "log.level": ("warning", "warning", {"log_level": "warning"}),
    "log.format": ("json", "json", {"log_format": "json"}),
}
# What stands beside options that mean nothing alone.
_TLS = {
    "audit.webhook.listen-address": "127.0.0.1:9443",
    "audit.webhook.tls-cert-file": "c.pem",
    "audit.webhook.tls-key-file": "k.pem",
}
BESIDE: dict[str, dict[str, str]] = {
    **dict.fromkeys(("audit.webhook.tls-cert-file", "audit.webhook.tls-key-file"), _TLS),
    "audit.webhook.tls-client-ca-file": _TLS,
    "audit.webhook.token-file": _TLS,
    "audit.webhook.config-file": {"audit.webhook.listen-address": "127.0.0.1:9443"},
    "audit.only": {"audit.log.path": "audit.log"},
}


def beside(name: str) -> dict[str, str]:
    """Flags that an option needs beside itself."""
    return {other: text for other, text in BESIDE.get(name, {}).items() if other != name}


def fields(config: Config, names: dict[str, object]) -> dict[str, object]:
    """The values of some fields."""
    return {name: getattr(config, name) for name in names}


def write(path: Path, name: str, value: object) -> str:
    """A file with one option, as a nested key; returns its path."""
    lines = [f"{'  ' * depth}{key}:" for depth, key in enumerate(name.split("."))]
    path.write_text("\n".join(lines) + f" {value}\n", encoding="utf-8")
    return str(path)


def test_every_option_has_an_example() -> None:
    """What is shown below for each option is shown for all of them."""
    assert EXAMPLES.keys() == BY_NAME.keys()


@pytest.mark.parametrize("name", EXAMPLES)
def test_option_as_flag(name: str) -> None:
    """Every option can be given as a flag."""
    text, _, expected = EXAMPLES[name]
    flags = {**beside(name), name: text}
    assert fields(load_config(flags, {}), expected) == expected


@pytest.mark.parametrize("name", EXAMPLES)
def test_option_in_the_environment(name: str) -> None:
    """Every option can be given as KUBE_EVENT_METRICS_..., dots and dashes as underscores."""
    text, _, expected = EXAMPLES[name]
    variable = "KUBE_EVENT_METRICS_" + name.replace(".", "_").replace("-", "_").upper()
    assert fields(load_config(beside(name), {variable: text}), expected) == expected


@pytest.mark.parametrize("name", EXAMPLES)
def test_option_in_the_file(name: str, tmp_path: Path) -> None:
    """Every option can be given as a key of the file, nested at its dots."""
    _, value, expected = EXAMPLES[name]
    file = write(tmp_path / "config.yaml", name, value)
    assert fields(load_config(beside(name), {}, file), expected) == expected


@pytest.mark.parametrize("name", EXAMPLES)
def test_flag_before_environment_before_file(name: str, tmp_path: Path) -> None:
    """A flag beats the environment, which beats the file, which beats the default."""
    text, _, expected = EXAMPLES[name]
    lesser = {option.name: option.default for option in OPTIONS}[name]
    if not lesser:
        lesser = {"label": "other=1"}.get(name, "127.0.0.1:1" if "address" in name else "other")
    variable = BY_NAME[name].environment
    file = write(tmp_path / "config.yaml", name, lesser)
    flags = beside(name)
    assert (
        fields(load_config({**flags, name: text}, {variable: lesser}, file), expected) == expected
    )
    assert fields(load_config(flags, {variable: text}, file), expected) == expected


def test_defaults_of_table_and_type_agree() -> None:
    """An empty configuration is what the type says and what the table documents."""
    assert load_config({}, {}) == Config()


def test_command_can_bring_its_own_default(tmp_path: Path) -> None:
    """A command's default is weaker than every place where a person can write."""
    defaults = {"web.listen-address": "127.0.0.1:1"}
    assert load_config({}, {}, "", defaults).listen_port == 1
    file = write(tmp_path / "config.yaml", "web.listen-address", "127.0.0.1:2")
    assert load_config({}, {}, file, defaults).listen_port == 2


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("15m", 900),
        ("1h30m", 5400),
        ("2d", 172_800),
        ("500ms", 0.5),
        ("1.5h", 5400),
        ("1d2h3m4s5ms", 93_784.005),
    ],
)
def test_durations(text: str, seconds: float) -> None:
    """Durations are written as Prometheus and Kubernetes write them."""
    assert load_config({"events.ttl": text}, {}).event_ttl == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "60", "1h ", " 1h", "-1h", "1w", "h", "1h30", "1H", "0s"])
def test_bad_durations(text: str) -> None:
    """What is no duration, or none at all, is refused by its flag and value."""
    with pytest.raises(ConfigError) as caught:
        load_config({"events.ttl": text}, {})
    assert str(caught.value).startswith("--events.ttl: ")
    assert str(caught.value).endswith(f"; not {text!r}")


@pytest.mark.parametrize("name", ["events.ttl", "series.ttl"])
@pytest.mark.parametrize("text", ["3651d", "9" * 400 + "h", "10000000h"])
def test_durations_end_at_ten_years(name: str, text: str) -> None:
    """One that the arithmetic of time cannot hold is refused at the start."""
    load_config({name: "3650d"}, {})
    with pytest.raises(ConfigError, match=rf"--{name}: must be at most 3650d; not"):
        load_config({name: text}, {})


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("0.0.0.0:10360", "0.0.0.0", 10360),
        (":10360", "", 10360),
        ("localhost:0", "localhost", 0),
        ("[::]:10360", "::", 10360),
        ("[::1]:65535", "::1", 65535),
    ],
)
def test_addresses(text: str, host: str, port: int) -> None:
    """An address is a host, which can be empty or IPv6 in brackets, and a port."""
    config = load_config({"web.listen-address": text}, {})
    assert (config.listen_host, config.listen_port) == (host, port)


@pytest.mark.parametrize(
    "text",
    ["", "10360", "localhost", "localhost:", "localhost:http", "localhost:65536", "h:-1", "::1:80"],
)
def test_bad_addresses(text: str) -> None:
    """What is no HOST:PORT is refused with an example of what is."""
    with pytest.raises(ConfigError, match=r"--web\.listen-address: is HOST:PORT, such as"):
        load_config({"web.listen-address": text}, {})


@pytest.mark.parametrize("text", ["metrics", "", "/a b", "/a?b", "/{x}", "/livez", "/readyz"])
def test_bad_telemetry_paths(text: str) -> None:
    """A path begins with a slash, is plain, and is not one that we use already."""
    with pytest.raises(ConfigError, match=r"--web\.telemetry-path: "):
        load_config({"web.telemetry-path": text}, {})


def test_namespaces_are_listed_once() -> None:
    """Spaces and repetitions in a list of namespaces do no harm: one watch each."""
    config = load_config({"events.namespace": "shop, db,shop,"}, {})
    assert config.namespaces == ("shop", "db")


def test_rule_files_are_listed_once() -> None:
    """In the order in which they are given: a later file can replace rules of an earlier one."""
    config = load_config({"rules.file": "b.yaml, a.yaml,b.yaml,"}, {})
    assert config.rule_files == ("b.yaml", "a.yaml")


@pytest.mark.parametrize("text", ["Shop", "-shop", "shop-", "a/b", "a" * 64, "*"])
def test_bad_namespaces(text: str) -> None:
    """What can be no namespace is refused before the API server is asked."""
    with pytest.raises(ConfigError, match=r"--events\.namespace: .* is no namespace"):
        load_config({"events.namespace": text}, {})


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "1e3", "many", "", "10000001"])
def test_bad_limits(text: str) -> None:
    """A limit is a positive whole number, and not one that no memory holds."""
    with pytest.raises(ConfigError, match=r"--series\.limit: is a whole number from 1 to"):
        load_config({"series.limit": text}, {})


@pytest.mark.parametrize("name", ["log.level", "log.format"])
def test_bad_choices_name_the_good_ones(name: str) -> None:
    """An option with few values names them when it is given another."""
    with pytest.raises(ConfigError) as caught:
        load_config({name: "verbose"}, {})
    for choice in BY_NAME[name].choices:
        assert choice in str(caught.value)


@pytest.mark.parametrize(
    ("option", "text", "told"),
    [
        ("lease-duration", "10s", "must be shorter than leader-election.lease-duration, 10s"),
        ("retry-period", "9s", "must be more than 1.2 times leader-election.retry-period, 9s"),
    ],
)
def test_times_of_the_election_go_together(option: str, text: str, told: str) -> None:
    """That two never lead at once rests on their order: another is refused, by name and value."""
    with pytest.raises(ConfigError) as caught:
        load_config({f"leader-election.{option}": text}, {})
    assert str(caught.value) == f"leader-election.renew-deadline, 10s, {told}"


@pytest.mark.parametrize("text", ["", "Name", "-a", "a-", "a..b", "a/b", "a" * 254])
def test_bad_names_of_a_lease(text: str) -> None:
    """What can be no object's name is refused before the API server is asked."""
    with pytest.raises(ConfigError, match=r"--leader-election\.name: can be no name"):
        load_config({"leader-election.name": text}, {})


def test_switch_and_its_options_stand_in_one_file(tmp_path: Path) -> None:
    """A key cannot be a value and a section: the options are written with their dots then."""
    file = tmp_path / "config.yaml"
    file.write_text("leader-election: true\nleader-election.name: other\n", encoding="utf-8")
    config = load_config({}, {}, str(file))
    assert (config.leader_election, config.leader_election_name) == (True, "other")


def test_section_of_a_switch_can_be_empty(tmp_path: Path) -> None:
    """All its keys may be commented out."""
    file = tmp_path / "config.yaml"
    file.write_text("leader-election:\n", encoding="utf-8")
    assert load_config({}, {}, str(file)) == Config()


def test_a_checkpoint_is_not_for_replicas() -> None:
    """Two that would hand over in two ways; the error names where the file was asked for."""
    flags = {"checkpoint.path": "/data/c.db", "leader-election": "true"}
    with pytest.raises(ConfigError, match=r"--checkpoint\.path: not together with leader-election"):
        load_config(flags, {}, "")
