"""What is wrong with audit rules: each error names file, rule and key, and says what is right."""

from __future__ import annotations

import pytest

from exporter.rules.loading import built_in, load
from exporter.rules.problems import RuleError
from exporter.rules.review import review
from tests.unit.rules.audit.speaking import FAMILY, HEAD, counting, rules

EVENT_RULE = "rules: [{id: r0, components: [x], reasons: [A]}]\n"


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("verb: [get]", "r0: verb: no such key; did you mean verbs?"),
        ("verbs: [gets]", "r0: verbs: 'gets' is no verb; did you mean get?"),
        ("verbs: [x]", "r0: verbs: 'x' is no verb: there are read, write, create"),
        (
            "user_classes: [users]",
            "r0: user_classes: 'users' is no class of user; did you mean user?",
        ),
        ("codes: [OK]", "r0: codes: 'OK' is no code: write 403, 4xx, ok or failed"),
        ("codes: [700]", "r0: codes: '700' is no code"),
        ("codes: [40x]", "r0: codes: '40x' is no code"),
        ("resources: ['cert*']", "r0: resources: 'cert*': * stands for a whole name"),
        ("resources: [pods/]", "r0: resources: 'pods/' is no resource/subresource"),
        ("api_groups: ['a*b']", "r0: api_groups: 'a*b': one * stands at the beginning or at"),
        ("stage: begun", "r0: stage: Invalid enum value 'begun'"),
        ("namespace: '(a+)+'", "r0: namespace: "),
        ("annotation: '('", "r0: annotation: the pattern does not compile"),
        ("user_group: '(?=x)'", "r0: user_group: "),
        ("body: [{paths: [a]}]", "r0: body[0]: has either `values` or a `pattern`"),
        ("body: [{paths: [a], values: [1], pattern: x}]", "r0: body[0]: has either"),
        ("body: [{paths: [], values: [1]}]", "r0: body[0].paths: "),
        ("body: [{paths: [a, 'b..c'], values: [1]}]", "r0: body[0].paths[1]: 'b..c' is no path"),
        ("body: [{paths: ['[].a'], values: [1]}]", "r0: body[0].paths[0]: '[].a' is no path"),
        (
            "body: [{{paths: [{}], values: [1]}}]".format(".".join("a" * 25)),
            "has 25 steps, more than 24",
        ),
        ("body: [{paths: [a], pattern: 'a[^x]{0,99}b'}]", "r0: body[0].pattern: can take "),
        ("body: [{paths: [a], values: [{}]}]", "r0: body[0].values[0]: "),
        ("except: [{}]", "r0: except[0]: has no condition, and so excepts every request"),
        ("except: [{verbs: [x]}]", "r0: except[0].verbs: 'x' is no verb"),
        ("except: [{user: '('}]", "r0: except[0].user: the pattern does not compile"),
        ("except: [{stage: over}]", "r0: except[0].stage: no such key"),
        ("except: [{body: [{paths: [a]}]}]", "r0: except[0].body[0]: has either"),
        ("name: '(?P<a>x)', user: '(?P<a>y)'", "r0: user: the group 'a' is in name too"),
        (
            counting("$who"),
            "r0: samples[0].labels.what: $who is neither a field nor a group of one of",
        ),
        (counting("$usr"), "did you mean $user?"),
        (f"except: [{{user: '(?P<a>x)'}}], {counting('$a')}", "$a is neither a field nor a group"),
        (counting("$name"), "$name has no end of values: the name of the object travels as the"),
        (counting("$user"), "--audit.user-labels adds such a label"),
        (counting("lower($user_agent)"), "has no end of values: a cause table makes one of few"),
        (counting("agents($user_agent)"), "did you mean agent?"),
        ("samples: [{family: kube_audit_thing_total, labels: {}}]", f"did you mean {FAMILY}?"),
        (
            f"samples: [{{family: {FAMILY}, labels: {{}}}}]",
            "labels: what of kube_audit_things_total not",
        ),
        (
            f"samples: [{{family: {FAMILY}, labels: {{what: x}}, value: $elapsed}}]",
            "value: no such key",
        ),
    ],
)
def test_what_is_wrong_with_a_rule_is_told(written: str, problem: str) -> None:
    """By its place and, where that can be guessed, with what was meant."""
    with pytest.raises(RuleError) as caught:
        rules(written)
    assert str(caught.value).startswith("test.yaml: r0: ")
    assert problem in str(caught.value)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("audit_rules: 5", "test.yaml: audit_rules: is no list"),
        ("audit_rule: []", "test.yaml: audit_rule: no such key; did you mean audit_rules?"),
        ("audit_rules: [{verbs: [get]}]", "test.yaml: rule 1: Object missing required field `id`"),
        ("audit_rules: [{id: a}, {id: a}]", "test.yaml: a: id: stands twice in this file"),
        (f"{EVENT_RULE}audit_rules: [{{id: r0}}]", "test.yaml: r0: id: stands twice in this file"),
        (
            "families:\n  kube_audit_x: {type: histogram, help: X., labels: [], buckets: [1]}",
            "test.yaml: families: kube_audit_x: type: is counter: audit_rules only count",
        ),
        (
            "families: {kube_audit_denied_total: {type: counter, help: X., labels: []}}",
            "is a name of the exporter's own",
        ),
        (
            (
                "families: {kube_event_x_total: {type: counter, help: X., labels: []}}\n"
                "audit_rules: [{id: a, samples: [{family: kube_event_x_total, labels: {}}]}]"
            ),
            "samples[0].family: audit_rules feed families whose names begin with kube_audit_",
        ),
        (
            (
                f"{HEAD}rules: [{{id: a, components: [x], reasons: [A], "
                f"samples: [{{family: {FAMILY}, labels: {{what: x}}}}]}}]"
            ),
            "samples[0].family: only audit_rules feed families whose names begin with kube_audit_",
        ),
    ],
)
def test_what_is_wrong_with_a_file_is_told(text: str, problem: str) -> None:
    """Sections, ids and families."""
    with pytest.raises(RuleError) as caught:
        load([("test.yaml", text)], lambda: 0.0)
    assert problem in str(caught.value)


def test_an_id_is_of_a_rule_for_events_or_for_audit_events() -> None:
    """In all files together: a rule replaces one of its kind."""
    with pytest.raises(RuleError, match=r"b\.yaml: r0: id: is the id of a rule for events, in a"):
        load([("a.yaml", EVENT_RULE), ("b.yaml", "audit_rules: [{id: r0}]")], lambda: 0.0)


@pytest.mark.parametrize(
    ("first", "second", "hidden"),
    [
        ("verbs: [write]", "verbs: [patch]", True),
        ("verbs: [write]", "verbs: [patch], name: x", True),
        ("resources: [pods]", "resources: [pods/exec]", False),
        ("resources: [pods/*]", "resources: [pods/exec]", True),
        ("resources: ['*']", "resources: ['*/status']", True),
        ("resources: ['*']", "verbs: [get]", False),
        ("user_classes: [user]", "user_classes: [user, node]", False),
        ("user_classes: [user, node]", "user_classes: [user]", True),
        ("codes: [4xx]", "codes: [403, 404]", True),
        ("codes: [ok]", "codes: []", False),
        ("codes: []", "codes: [failed]", True),
        ("name: x", "verbs: [get]", False),
        ("name: x", "verbs: [get], name: x", True),
        ("name: x", "verbs: [get], name: x, user: y", False),
        ("except: [{user: x}]", "verbs: [get]", False),
        ("verbs: [get]", "verbs: [get], stage: started", False),
        ("verbs: [get]", "verbs: [get], dry_run: true", False),
    ],
)
def test_a_rule_that_is_never_reached_is_an_error(first: str, second: str, hidden: bool) -> None:
    """Where that is plain."""
    if not hidden:
        rules(first, second)
        return
    with pytest.raises(
        RuleError, match=r"^test\.yaml: r1: is never reached: all its requests go to r0"
    ):
        rules(first, second)


def test_a_slip_is_a_warning() -> None:
    """An id nearly another's, and a label that can be any text."""
    written = (
        f"{HEAD}audit_rules:\n  - id: audit-exek\n    uri: '^/(?P<rest>.*)'\n"
        f"    {counting('$rest')}\n"
    )
    found = review(built_in(), [("mine.yaml", written)])
    assert [str(finding) for finding in found.findings if finding.where.startswith("mine")] == [
        (
            "mine.yaml: audit-exek: id: warning: no rule has this id, so it adds one; "
            "did you mean audit-exec?"
        ),
        (
            "mine.yaml: audit-exek: samples[0].labels.what: warning: $rest can be any text; a "
            "cause table makes one of few values of it"
        ),
    ]


def test_what_is_wrong_is_told_in_the_order_of_the_lines() -> None:
    """All of it at once, rules for events among it."""
    text = (
        "audit_rules:\n  - {id: b, verbs: [x]}\n  - {id: c, except: [{codes: [1]}]}\n"
        "rules:\n  - {id: a, components: [x], reasons: [A], closes: y}\n"
    )
    found = [finding.where for finding in review([], [("t.yaml", text)]).findings]
    assert found == ["t.yaml: b: verbs", "t.yaml: c: except[0].codes", "t.yaml: a: closes"]
