"""alerts/alertmanager.yml is valid, holds no secret, and names only alerts that there are."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.demo import settings
from tests.alerts.rules import alerts
from tests.notifications.alertmanager_server import SHIPPED, amtool
from tests.notifications.scaled_time import seconds

# A matcher of one label, as we write them: name, operator, value in quotes.
_MATCHER = re.compile(r'([a-z_]+)(=~|!~|!=|=)"([^"]*)"')
_TEXT = settings.ALERTMANAGER.read_text(encoding="utf-8")


def routes(route: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """A route and all below it."""
    yield route
    for below in route.get("routes", ()):
        yield from routes(below)


ROUTES = list(routes(SHIPPED["route"]))
MATCHERS = [
    *(matcher for route in ROUTES for matcher in route.get("matchers", ())),
    *(
        matcher
        for rule in SHIPPED["inhibit_rules"]
        for side in ("source_matchers", "target_matchers")
        for matcher in rule[side]
    ),
]


@pytest.mark.alertmanager
@pytest.mark.parametrize("folder", ["alerts", "deploy/demo"])
def test_alertmanager_takes_it(folder: str, tmp_path: Path) -> None:
    """The shipped one, and the demo's that is made from it, each beside the templates."""
    shutil.copy(settings.ROOT / folder / "alertmanager.yml", tmp_path)
    shutil.copytree(settings.ALERTMANAGER.parent / "templates", tmp_path / "templates")
    done = amtool("check-config", str(tmp_path / "alertmanager.yml"))
    assert (done.returncode, done.stderr) == (0, "")
    assert "1 templates" in done.stdout


@pytest.mark.alertmanager
def test_alertmanager_takes_it_where_it_lies() -> None:
    """As the documents say."""
    assert amtool("check-config", str(settings.ALERTMANAGER)).returncode == 0


def test_there_is_no_secret_in_it() -> None:
    """What a receiver must keep to itself it reads from a file; no address is somebody's own."""
    keys = re.findall(r"^\s*-?\s*(\w*(?:url|key|token|password|secret)\w*):", _TEXT, re.MULTILINE)
    assert set(keys) == {"api_url_file", "routing_key_file", "url"}
    assert set(re.findall(r"https?://([^/\s]+)", _TEXT)) == {"alerts.example.com"}


@pytest.mark.parametrize("matcher", [m for m in MATCHERS if m.startswith("alertname")])
def test_every_alert_that_it_names_exists(matcher: str) -> None:
    """Each alternative of a regular expression matches a shipped alert."""
    names = {alert.name for alert in alerts()}
    _, _, value = _read(matcher)
    assert [p for p in value.split("|") if not any(re.fullmatch(p, n) for n in names)] == []


def test_every_severity_that_it_names_exists() -> None:
    """Those of the shipped rules, and no other."""
    ours = {alert.rule["labels"]["severity"] for alert in alerts()}
    named = {
        severity
        for name, _, value in map(_read, MATCHERS)
        if name == "severity"
        for severity in value.split("|")
    }
    assert named == ours


def test_every_receiver_is_used_and_says_who_reads_what() -> None:
    """Each but the webhook and the digest tells its reader of the end, in our templates' words."""
    receivers = {receiver["name"]: receiver for receiver in SHIPPED["receivers"]}
    assert set(receivers) == {route["receiver"] for route in ROUTES}
    for name, receiver in receivers.items():
        (kind,) = receiver.keys() - {"name"}
        (entry,) = receiver[kind]
        assert entry["send_resolved"] is (name != "digest"), name
        if kind != "webhook_configs":
            for template in ("subject", "text"):
                assert f'template "kube_events.{template}" .' in yaml.safe_dump(entry), name


def test_what_is_more_urgent_comes_sooner_and_again() -> None:
    """For a page all waits are shorter than for a ticket, and for that than for the digest."""
    whole = SHIPPED["route"]
    (page, chat, digest) = (
        {**whole, **next(r for r in whole["routes"] if r["receiver"] == name)}
        for name in ("page", "chat", "digest")
    )
    for wait in ("group_wait", "group_interval", "repeat_interval"):
        assert seconds(page[wait]) < seconds(chat[wait]) < seconds(digest[wait])
    assert whole["group_by"] == ["alertname", "cluster", "namespace"]


def test_the_demo_changes_addresses_only() -> None:
    """Routes, inhibition and texts are the shipped ones; nothing is sent past the inbox."""
    demo = settings.alertmanager_settings(dict(SHIPPED), "http://inbox.example.com")
    assert {**demo, "receivers": []} == {**SHIPPED, "receivers": []}
    for shipped, changed in zip(SHIPPED["receivers"], demo["receivers"], strict=True):
        (kind,) = shipped.keys() - {"name"}
        (before,), (after,) = shipped[kind], changed[kind]
        address = after.get("api_url") or after["url"]
        assert address == f"http://inbox.example.com/{shipped['name']}"
        different = {key for key in before | after if before.get(key) != after.get(key)}
        assert different <= {"api_url", "api_url_file", "url", "routing_key", "routing_key_file"}


def test_the_demo_refuses_a_receiver_that_its_inbox_cannot_read() -> None:
    """Else it would write to somebody."""
    mail = {"receivers": [{"name": "mail", "email_configs": [{"to": "a@example.com"}]}]}
    with pytest.raises(ValueError, match="mail: the inbox cannot read email_configs"):
        settings.alertmanager_settings(mail, "http://inbox.example.com")


def _read(matcher: str) -> tuple[str, str, str]:
    found = _MATCHER.fullmatch(matcher)
    assert found, matcher
    name, operator, value = found.groups()
    return name, operator, value
