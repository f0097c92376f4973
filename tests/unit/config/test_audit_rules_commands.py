"""Audit rules as a person meets them: listed, checked, tested, replayed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from exporter.cli import main
from tests.unit.audit.events import line
from tests.unit.config.test_rules_command import printed

FAMILY = "kube_audit_shop_total"
RULES = f"""
families:
  {FAMILY}: {{type: counter, help: Changes of the shop., labels: [verb, user_class]}}
audit_rules:
  - id: shop-changed
    verbs: [write]
    namespace: '^shop$'
    except:
      - user: '^pipeline$'
      - body: [{{paths: [metadata.labels.by], values: [pipeline, 5]}}]
    samples: [{{family: {FAMILY}, labels: {{verb: $verb, user_class: $user_class}}}}]
"""
SECRET = 'kube_audit_sensitive_operations_total{operation="secret_read",namespace="shop",'


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files have short names there."""
    monkeypatch.chdir(tmp_path)
    Path("mine.yaml").write_text(RULES, encoding="utf-8")


def event(**fields: Any) -> dict[str, Any]:
    """In its short form."""
    about = {"resource": "secrets", "namespace": "shop", "name": "db"}
    return {"verb": "get", "user": {"username": "ann"}, "objectRef": about, **fields}


def tried(
    capsys: pytest.CaptureFixture[str], *events: dict[str, Any], samples: list[str], flag: str = ""
) -> tuple[int, list[str]]:
    """Of a test file with one case, its exit code and lines."""
    test = {"name": "t", "audit_events": list(events), "samples": samples}
    text = yaml.safe_dump({"rule_files": ["mine.yaml"], "tests": [test]})
    Path("t.yaml").write_text(text, encoding="utf-8")
    return printed(capsys, "rules", "test", "t.yaml", *filter(None, [flag]))


OK = (0, ["t.yaml: ok, 1 test"])


def test_a_rule_is_listed_with_all_its_conditions(capsys: pytest.CaptureFixture[str]) -> None:
    """What is written; exceptions are numbered as in errors."""
    _, lines = printed(capsys, "rules", "--rules.file", "mine.yaml")
    at = next(n for n, text in enumerate(lines) if text.startswith("shop-changed"))
    assert lines[at].split() == ["shop-changed", "mine.yaml"]
    assert lines[at + 1 :] == [
        "    requests that are over; verbs write; codes ok",
        "    namespace '^shop$'",
        "    except[0] user '^pipeline$'",
        '    except[1] body metadata.labels.by is "pipeline", 5',
        f"    feeds {FAMILY}",
    ]


def test_a_file_is_checked(capsys: pytest.CaptureFixture[str]) -> None:
    """What it adds and replaces; and what is wrong with it, by line."""
    silent = "{id: audit-exec, resources: [pods/exec]}"
    Path("own.yaml").write_text(f"audit_rules: [{silent}, {{id: x}}]", encoding="utf-8")
    code, lines = printed(capsys, "rules", "check", "mine.yaml", "own.yaml")
    replaced = "own.yaml: ok, adds 1 rule, replaces audit-exec of audit-access.yaml"
    assert (code, lines) == (0, ["mine.yaml: ok, adds 1 rule", replaced])
    Path("own.yaml").write_text("audit_rules: [{id: x, verbs: [gett]}]", encoding="utf-8")
    code, lines = printed(capsys, "rules", "check", "own.yaml")
    assert (code, lines) == (1, ["own.yaml: x: verbs: 'gett' is no verb; did you mean get?"])


def test_audit_events_are_tried(capsys: pytest.CaptureFixture[str]) -> None:
    """Each a request of its own; the built-in families are compared where they are named."""
    samples = [f'{FAMILY}{{verb="update",user_class="user"}} 2', f'{SECRET}user_class="user"}} 1']
    events = event(verb="update"), event(verb="update"), event()
    assert tried(capsys, *events, samples=samples) == OK
    code, lines = tried(capsys, event(verb="patch"), samples=[])
    assert (code, lines[1]) == (1, f'  + {FAMILY}{{user_class="user",verb="patch"}} 1')


@pytest.mark.parametrize(
    "fields",
    [
        {"user": {"username": "pipeline"}},
        {"requestObject": {"metadata": {"labels": {"by": "pipeline"}}}},
        {"responseStatus": {"code": 403}},
        {"stage": "RequestReceived"},
        {"requestURI": "/api/v1/namespaces/shop/secrets/db?dryRun=All"},
    ],
)
def test_what_is_excepted_gives_nothing(
    capsys: pytest.CaptureFixture[str], fields: dict[str, Any]
) -> None:
    """By its exceptions, its code, its stage."""
    assert tried(capsys, event(verb="update", **fields), samples=[]) == OK


def test_an_audit_event_as_the_log_has_it(capsys: pytest.CaptureFixture[str]) -> None:
    """Every field of it can be there."""
    whole = yaml.safe_load(line(verb="update", level="RequestResponse", responseObject={"a": 1}))
    whole["user"]["extra"] = {"key": ["value"]}
    whole["objectRef"]["uid"] = "u"
    assert tried(capsys, whole, samples=[f'{FAMILY}{{verb="update",user_class="user"}} 1']) == OK


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"verbs": "get"}, "t: audit_events[0]: verbs: no such key; did you mean verb?"),
        ({"user": {"name": "ann"}}, "t: audit_events[0]: user.name: no such key; did you mean"),
        ({"stage": "Over"}, "t: audit_events[0]: stage: Invalid enum value 'Over'"),
        ({"responseStatus": {"code": "403"}}, "t: "),
    ],
)
def test_a_wrong_audit_event_is_named(
    capsys: pytest.CaptureFixture[str], fields: dict[str, Any], problem: str
) -> None:
    """By test, event and key."""
    code, (said,) = tried(capsys, event(**fields), samples=[])
    assert code == 1
    assert said.startswith(f"t.yaml: {problem}")


def test_user_labels_are_tried_where_they_are_on(capsys: pytest.CaptureFixture[str]) -> None:
    """As the exporter would have them."""
    samples = [
        f'{FAMILY}{{verb="update",user_class="user",user="ann"}} 1',
        'kube_audit_user_requests_total{user="ann",user_class="user",verb="update"} 1',
    ]
    found = tried(capsys, event(verb="update"), samples=samples, flag="--audit.user-labels")
    assert found == OK


def test_a_replay_uses_the_rules_in_force(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    """The built-in ones, and somebody's own; with names where they are asked for."""
    Path("audit.log").write_bytes(line(auditID="a", verb="update") + line(verb="get"))
    flags = ["--rules.file", "mine.yaml", "--audit.user-labels"]
    for given, own, user in (([], False, False), (flags[:2], True, False), (flags, True, True)):
        assert main(["replay", "--audit", "audit.log", *given]) == 0
        page = capsysbinary.readouterr().out.decode()
        assert 'operation="node_deletion"' in page or user
        assert (f'{FAMILY}{{verb="update",user_class="user"' in page) is own
        assert ('user="ann"' in page) is user
