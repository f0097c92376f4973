"""Which audit rules speak, and what it costs those of which none does."""

from __future__ import annotations

from typing import Any

import pytest

from exporter.audit.users import UserClass
from exporter.rules.audit.rulebook import AuditRule, AuditRules, Remaining
from exporter.rules.audit.selectors import About
from exporter.rules.loading import load
from tests.unit.audit.events import record
from tests.unit.rules.audit.speaking import FAMILY, HEAD, counting, rules, said

CREATED = About("create", "", "pods", "", 201, UserClass.USER, impersonated=False)


def files(*written: str) -> AuditRules:
    """A rule each."""
    texts = [f"audit_rules: [{{id: f{place}, {text}}}]" for place, text in enumerate(written)]
    named = [(f"{place}.yaml", text) for place, text in enumerate(texts)]
    return load([("head.yaml", HEAD), *named], lambda: 0.0).audit


def test_of_a_file_the_first_rule_that_matches_speaks() -> None:
    """What is special stands before what is general; a rule without samples is silence."""
    book = rules(
        "name: ^quiet",
        f"name: ^web, {counting('web')}",
        f"verbs: [create], {counting('any')}",
    )
    for name, expected in {"web-0": ["web"], "db-0": ["any"], "quiet-0": []}.items():
        reference = {"resource": "pods", "name": name}
        found = said(book, record(objectRef=reference))
        assert found == [(FAMILY, what) for what in expected]


def test_each_file_speaks() -> None:
    """So one request can be several things."""
    book = files(counting("a"), f"verbs: [get], {counting('b')}", f"name: ^web, {counting('c')}")
    assert said(book, record()) == [(FAMILY, "a"), (FAMILY, "c")]


def test_a_rule_replaces_the_one_of_its_id_in_its_place() -> None:
    """By a rule that counts something else, or by silence."""
    first = f"{HEAD}audit_rules: [{{id: a, {counting('old')}}}]"
    for new, expected in {counting("new"): [(FAMILY, "new")], "verbs: [create]": []}.items():
        second = f"audit_rules: [{{id: a, {new}}}]"
        book = load([("1.yaml", first), ("2.yaml", second)], lambda: 0.0).audit
        assert said(book, record()) == expected
        assert list(book.files) == ["1.yaml"]


@pytest.mark.parametrize(
    ("condition", "left"),
    [
        ("verbs: [get]", 0),
        ("resources: [pods/exec]", 0),
        ("user_classes: [node]", 0),
        ("codes: [failed]", 0),
        ("stage: started", 0),
        ("except: [{verbs: [create]}]", 0),
        ("except: [{user: ^ann}]", 1),
        ("name: x", 1),
    ],
)
def test_what_the_kind_of_a_request_decides_is_decided_once(condition: str, left: int) -> None:
    """Nothing is looked at of a request for which no rule is left."""
    book = rules(f"{condition}, {counting('x')}")
    found = book.rules_for(CREATED, started=False)
    assert sum(map(len, found)) == left
    assert book.rules_for(CREATED, started=False) is found


def test_what_stands_behind_a_rule_that_is_certain_is_not_asked() -> None:
    """But for dry runs, which that one does not take."""
    book = rules(
        counting("any"),
        f"name: ^x, codes: [], {counting('x')}",
        f"dry_run: true, {counting('dry')}",
    )
    ((first, second),) = book.rules_for(CREATED, started=False)
    assert [first.rule.id, second.rule.id] == ["r0", "r2"]
    assert said(book, record(requestURI="/api/v1/x?dryRun=All")) == [(FAMILY, "dry")]


def test_a_kind_of_any_length_is_not_remembered() -> None:
    """A client can put any text into its URL."""
    book = rules(counting("x"))
    long = CREATED._replace(resource="r" * 1_000)
    assert book.rules_for(long, started=False)
    assert len(book._left) == 0


def test_the_cost_of_a_request_does_not_grow_with_the_rules(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Even of kinds that were never met: no rule is looked at that names another resource."""
    asked: list[str] = []
    remaining = AuditRule.remaining

    def counted(rule: AuditRule, about: About) -> Remaining | None:
        asked.append(rule.spec.id)
        return remaining(rule, about)

    monkeypatch.setattr(AuditRule, "remaining", counted)
    named = [f"resources: [r{n}], name: ^x, {counting('x')}" for n in range(1_000)]
    book = rules(*named, f"name: ^y, {counting('y')}")
    book.rules_for(CREATED._replace(resource="other"), started=False)
    assert len(asked) == 1  # the one for any resource
    book.rules_for(CREATED._replace(resource="r7"), started=False)
    assert len(asked) == 3


def test_the_labels_of_a_request() -> None:
    """Fields, groups of any of its patterns, and functions of both."""
    head = HEAD.replace("labels: [what]", "labels: [a, b, c, d, e]")
    labels = "{a: $verb, b: $app, c: agent($user_agent), d: $user_class, e: $code}"
    sample = f"samples: [{{family: {FAMILY}, labels: {labels}}}]"
    book = rules(f"name: '^(?P<app>[a-z]{{1,9}})-', {sample}", head=head)
    fields: dict[str, Any] = {"impersonatedUser": {"username": "bob"}}
    assert said(book, record()) == [(FAMILY, "create", "web", "kubectl", "user", "201")]
    assert said(book, record(**fields))[0][4] == "impersonated"


def test_label_sets_that_are_known_stand_at_0() -> None:
    """Constants, cause tables, and classes of user as far as the rule has them."""
    head = HEAD.replace("labels: [what]", "labels: [what, by]")
    sample = f"samples: [{{family: {FAMILY}, labels: {{what: $WHAT, by: $user_class}}}}]"
    book = rules(
        f"user_classes: [user, node], {sample}".replace("$WHAT", "x"),
        f"user_classes: [anonymous], {sample}".replace("$WHAT", "agent($user_agent)"),
        f"user_classes: [impersonated], {sample}".replace("$WHAT", "$namespace"),
        head=head,
    )
    assert sorted(labels for _, labels in book.closed_label_sets()) == [
        ("kubectl", "anonymous"),
        ("other", "anonymous"),
        ("x", "impersonated"),
        ("x", "node"),
        ("x", "user"),
    ]
