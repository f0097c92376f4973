"""Where options can stand, and what is said when they cannot be used."""

from __future__ import annotations

from pathlib import Path

import pytest

from exporter.config import Config, ConfigError, load_config


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where a configuration file can be written."""
    return tmp_path / "config.yaml"


def problem(file: Path, text: str) -> str:
    """The error that a file's text makes, without the path it begins with."""
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_config({}, {}, str(file))
    message = str(caught.value)
    assert message.startswith(f"{file}: ")
    return message.removeprefix(f"{file}: ")


@pytest.mark.parametrize(
    ("text", "key", "nearest"),
    [
        ("events: {tll: 1h}", "events.tll", "events.ttl"),
        ("event: {ttl: 1h}", "event.ttl", "events.ttl"),
        ("events.namespaces: shop", "events.namespaces", "events.namespace"),
        ("kubeConfig: /x", "kubeConfig", "kubeconfig"),
        ("web: {listen_address: ':1'}", "web.listen_address", "web.listen-address"),
    ],
)
def test_unknown_key_in_the_file(file: Path, text: str, key: str, nearest: str) -> None:
    """A misspelt key is an error that names it and the nearest one there is."""
    assert problem(file, text) == f"{key}: unknown key; did you mean {nearest}?"


def test_unknown_key_that_is_near_nothing(file: Path) -> None:
    """No guess is made where nothing is near."""
    assert problem(file, "qqq: 1") == "qqq: unknown key"


def test_bad_value_in_the_file_is_named_with_its_place(file: Path) -> None:
    """An error of a value names file and key."""
    assert problem(file, "events: {ttl: soon}") == (
        "events.ttl: is a duration such as 90s, 15m, 1h30m or 2d; not 'soon'"
    )


def test_number_where_a_duration_belongs(file: Path) -> None:
    """A bare number has no unit: it is refused, not guessed."""
    assert "not '3600'" in problem(file, "events: {ttl: 3600}")


def test_list_where_one_value_belongs(file: Path) -> None:
    """A list is for repeatable options."""
    assert problem(file, "context: [a, b]") == "context: takes one value, not a list"


@pytest.mark.parametrize("text", ["- events.ttl", "just text", "5"])
def test_file_that_is_no_mapping(file: Path, text: str) -> None:
    """A file of something else says what it must be."""
    assert problem(file, text) == "must be a mapping of options"


@pytest.mark.parametrize("text", ["events: [", "a: b: c", "\t- x", "events: !!python/tuple [1]"])
def test_file_that_is_no_yaml(file: Path, text: str) -> None:
    """YAML's own error is given; nothing but plain data is loaded."""
    assert problem(file, text)


def test_file_that_is_no_text(file: Path) -> None:
    """Bytes that are no UTF-8 are an error, not a crash."""
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="utf-8"):
        load_config({}, {}, str(file))


def test_missing_file(file: Path) -> None:
    """A file that is named must be there; the error names it once."""
    with pytest.raises(ConfigError) as caught:
        load_config({}, {}, str(file))
    assert str(caught.value) == f"{file}: No such file or directory"


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "events:\n", "web:\nlog: ~\n"])
def test_file_that_says_nothing(file: Path, text: str) -> None:
    """An empty file, or sections with all keys commented out, change nothing."""
    file.write_text(text, encoding="utf-8")
    assert load_config({}, {}, str(file)) == Config()


def test_flat_and_nested_keys_are_the_same(file: Path) -> None:
    """A key can be written with its dots or as a section."""
    file.write_text("events.ttl: 2h\nevents:\n  field-selector: type=Warning\n", encoding="utf-8")
    config = load_config({}, {}, str(file))
    assert (config.event_ttl, config.field_selector) == (7200, "type=Warning")


def test_file_named_by_the_environment(file: Path) -> None:
    """The environment can name the file; a flag that names another wins."""
    file.write_text("context: from-environment", encoding="utf-8")
    environ = {"KUBE_EVENT_METRICS_CONFIG_FILE": str(file)}
    assert load_config({}, environ).context == "from-environment"
    other = file.with_name("other.yaml")
    other.write_text("context: from-flag", encoding="utf-8")
    assert load_config({}, environ, str(other)).context == "from-flag"


def test_unknown_variable() -> None:
    """A misspelt variable is an error that names it and the nearest one there is."""
    with pytest.raises(ConfigError) as caught:
        load_config({}, {"KUBE_EVENT_METRICS_EVENT_TTL": "1h"})
    assert str(caught.value) == (
        "$KUBE_EVENT_METRICS_EVENT_TTL: unknown; did you mean KUBE_EVENT_METRICS_EVENTS_TTL?"
    )


def test_bad_value_in_the_environment_is_named_with_its_variable() -> None:
    """An error of a value names the variable it stands in."""
    with pytest.raises(ConfigError, match=r"\$KUBE_EVENT_METRICS_SERIES_LIMIT: .* not 'x'"):
        load_config({}, {"KUBE_EVENT_METRICS_SERIES_LIMIT": "x"})


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("KUBE_EVENT_METRICS_SERVICE_HOST", "10.0.0.1"),
        ("KUBE_EVENT_METRICS_SERVICE_PORT", "10360"),
        ("KUBE_EVENT_METRICS_SERVICE_PORT_METRICS", "10360"),
        ("KUBE_EVENT_METRICS_PORT", "tcp://10.0.0.1:10360"),
        ("KUBE_EVENT_METRICS_PORT_10360_TCP", "tcp://10.0.0.1:10360"),
        ("KUBE_EVENT_METRICS_PORT_10360_TCP_PROTO", "tcp"),
        ("KUBE_EVENT_METRICS_PORT_10360_TCP_PORT", "10360"),
        ("KUBE_EVENT_METRICS_PORT_10360_TCP_ADDR", "10.0.0.1"),
        ("KUBE_EVENT_METRICS_DEV_SERVICE_HOST", "10.0.0.1"),
        ("KUBE_EVENT_METRICS_DEV_PORT", "udp://10.0.0.1:10360"),
    ],
)
def test_variables_of_a_service_are_passed_over(variable: str, value: str) -> None:
    """What Kubernetes sets in a pod beside a Service of our name is no configuration."""
    assert load_config({}, {variable: value}) == Config()


@pytest.mark.parametrize(
    "variable",
    ["KUBE_EVENT_METRICS_WEB_PORT", "KUBE_EVENT_METRICS_PORT", "KUBE_EVENT_METRICS_SERVICE_TTL"],
)
def test_variables_that_only_look_like_a_service_are_not(variable: str) -> None:
    """A person's mistake is not passed over because it has the word PORT or SERVICE in it."""
    with pytest.raises(ConfigError, match=variable):
        load_config({}, {variable: "9000"})


def test_other_programs_variables_are_not_ours() -> None:
    """Variables without our prefix are never looked at."""
    assert load_config({}, {"KUBE_EVENTS_TTL": "x", "EVENTS_TTL": "x"}) == Config()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("events: {ttl: 1h, ttl: 2h}", "events.ttl: stands here twice, again in line 1"),
        ("web: {}\nlog: {}\nweb: {}\n", "web: stands here twice, again in line 3"),
        ("events.ttl: 1h\nevents: {ttl: 2h}", "events.ttl: stands here twice"),
    ],
)
def test_key_that_stands_twice(file: Path, text: str, told: str) -> None:
    """Which of the two was meant is not guessed."""
    assert problem(file, text) == told


def test_merged_keys_are_no_twins(file: Path) -> None:
    """A value beside a merge takes its place: that is what merging is for."""
    file.write_text("series: &s {limit: 5, ttl: 1h}\nevents:\n  ttl: 2h\n", encoding="utf-8")
    assert load_config({}, {}, str(file)).series_limit == 5
    text = "web.telemetry-path: &p /x\nevents:\n  <<: {ttl: 1h}\n  ttl: 2h\n"
    file.write_text(text, encoding="utf-8")
    assert load_config({}, {}, str(file)).event_ttl == 7200


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("log: {level: !!int loud}", "holds a value that cannot be read: invalid literal"),
        ("log: {level: !!bool loud}", "holds a value that cannot be read"),
        ("log: {level: !!timestamp loud}", "holds a value that cannot be read"),
        ("a: " + "[" * 5000, "is nested too deeply"),
        ("a: &a {b: *a}", "is nested too deeply"),
    ],
)
def test_file_that_the_parser_stumbles_over(file: Path, text: str, told: str) -> None:
    """Errors that are not YAML's own are errors of the file all the same."""
    assert problem(file, text).startswith(told)


def test_what_looks_like_a_date_is_text(file: Path) -> None:
    """It is told of as it was written, by the option that cannot use it."""
    said = problem(file, "events: {ttl: 2024-13-45}")
    assert said == "events.ttl: is a duration such as 90s, 15m, 1h30m or 2d; not '2024-13-45'"


def test_empty_variables_are_none(file: Path) -> None:
    """As templates leave them behind: what is empty was not given."""
    file.write_text("events: {ttl: 2h}", encoding="utf-8")
    environ = {
        "KUBE_EVENT_METRICS_EVENTS_TTL": "",
        "KUBE_EVENT_METRICS_CONTEXT": "",
        "KUBE_EVENT_METRICS_OLD": "",
    }
    assert load_config({}, environ, str(file)).event_ttl == 7200
