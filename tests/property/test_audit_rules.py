"""Audit rules on any request: what a scan by plain words finds, whatever the body holds."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from exporter.audit import AuditReader, Identities
from exporter.metrics.births import Births, Scrapers
from exporter.metrics.page import Page
from exporter.metrics.text import Format
from exporter.pipeline import AuditCounting
from exporter.rules.audit.paths import path, texts_at
from exporter.rules.audit.rulebook import AuditRules
from exporter.rules.loading import load
from exporter.rules.problems import RuleError
from tests.unit.audit.events import FORBID, event, failure, line, record
from tests.unit.rules.audit.speaking import FAMILY, HEAD, OPERATIONS, built_in, said

Spec = dict[str, Any]
USERS: tuple[Spec, ...] = (
    {"username": "ann", "groups": ["dev"]},
    {"username": "system:node:a", "groups": ["system:nodes"]},
    {"username": "system:anonymous"},
    {},
)
CLASSES = ("user", "node", "anonymous", "unauthenticated")
REFERENCES: tuple[Spec, ...] = (
    {},
    {"resource": "pods", "namespace": "shop", "name": "web"},
    {"resource": "pods", "subresource": "exec", "namespace": "shop", "name": "db"},
    {"resource": "deployments", "apiGroup": "apps", "subresource": "scale"},
)
VERBS = ("get", "create", "delete")
CODES = (200, 403, 500)

_texts = st.text(max_size=3) | st.sampled_from(("pods", "*", "cluster-admin", "/etc", "SYS_ADMIN"))
_keys = st.sampled_from(
    (
        *("spec", "template", "containers", "volumes", "hostPath", "path", "securityContext"),
        *("privileged", "capabilities", "add", "rules", "verbs", "resources", "roleRef", "name"),
        *("dryRun", "jobTemplate", "hostNetwork"),
    )
)
bodies = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | _texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_keys, inner, max_size=3),
    max_leaves=12,
)
events = st.fixed_dictionaries(
    {
        "verb": st.sampled_from(VERBS),
        "user": st.sampled_from(USERS),
        "objectRef": st.sampled_from(REFERENCES),
        "responseStatus": st.sampled_from(tuple(map(failure, CODES))),
        "requestObject": bodies,
    }
)
conditions = st.fixed_dictionaries(
    {},
    optional={
        "verbs": st.lists(st.sampled_from((*VERBS, "read", "write")), max_size=2),
        "resources": st.lists(
            st.sampled_from(("pods", "pods/exec", "pods/*", "*/scale", "*", "")), max_size=2
        ),
        "api_groups": st.lists(st.sampled_from(("", "apps", "a*", "*")), max_size=2),
        "user_classes": st.lists(st.sampled_from(CLASSES), max_size=2),
        "codes": st.lists(st.sampled_from((200, "ok", "failed", "4xx")), max_size=2),
        "name": st.sampled_from(("^web", "b")),
    },
)
rule_specs = st.tuples(
    conditions, st.lists(conditions.filter(lambda c: any(c.values())), max_size=2), st.booleans()
)
files = st.lists(st.lists(rule_specs, max_size=4), min_size=1, max_size=3)


def holds(spec: Spec, about: Spec, *, codes: list[Any]) -> bool:
    """Whether a condition set means an event, by the words of docs/rules.md."""
    ref = about["objectRef"]
    resource, subresource = ref.get("resource", ""), ref.get("subresource", "")
    written = "/".join(filter(None, (resource, subresource)))
    words = {"read": ["get", "list", "watch"], "write": ["create", "update", "patch", "delete"]}
    verbs = [verb for word in spec.get("verbs", []) for verb in words.get(word, [word])]
    resources = spec.get("resources", [])
    groups = spec.get("api_groups", [])
    classes = spec.get("user_classes", [])
    code = about["responseStatus"]["code"]
    meant = {
        "ok": code < 400,
        "failed": code >= 400,
        "4xx": 400 <= code < 500,
        200: code == 200,
    }
    group = ref.get("apiGroup", "")
    wild = {f"{resource}/*", f"*/{subresource}"} if subresource else set()
    any_of = {"*"} if resource else set()
    return (
        (not verbs or about["verb"] in verbs)
        and (not resources or bool({written, *wild, *any_of} & set(resources)))
        and (not groups or any(g in (group, "*") or (g, group) == ("a*", "apps") for g in groups))
        and (not classes or CLASSES[USERS.index(about["user"])] in classes)
        and (not codes or any(meant[word] for word in codes))
        and ("name" not in spec or spec["name"].lstrip("^") in ref.get("name", ""))
    )


def expected(written: list[list[Any]], about: Spec) -> Iterator[str]:
    """By file, the first rule that means it."""
    for number, specs in enumerate(written):
        for place, (spec, exceptions, speaks) in enumerate(specs):
            if holds(spec, about, codes=spec.get("codes", ["ok"])) and not any(
                holds(each, about, codes=each.get("codes", [])) for each in exceptions
            ):
                if speaks:
                    yield f"r{number}-{place}"
                break


def book_of(written: list[list[Any]]) -> AuditRules | None:
    """None where a rule is never reached."""
    named = [("head.yaml", HEAD)]
    for number, specs in enumerate(written):
        rules = [
            {
                "id": f"r{number}-{place}",
                **spec,
                "except": exceptions,
                "samples": [_sample(f"r{number}-{place}")] if speaks else [],
            }
            for place, (spec, exceptions, speaks) in enumerate(specs)
        ]
        named.append((f"{number}.yaml", json.dumps({"audit_rules": rules})))
    try:
        return load(named, lambda: 0.0).audit
    except RuleError as error:
        if "is never reached" in str(error):
            return None
        raise


def _sample(what: str) -> Spec:
    return {"family": FAMILY, "labels": {"what": what}}


@settings(max_examples=300)
@given(files, st.lists(events, min_size=1, max_size=5))
def test_the_look_up_finds_what_a_scan_finds(written: list[list[Any]], told: list[Spec]) -> None:
    """Of each file the first rule that means the request."""
    book = book_of(written)
    for each in told if book else ():
        assert book is not None
        found = said(book, record(**{**each, "stage": "ResponseComplete"}))
        assert found == [(FAMILY, what) for what in expected(written, each)]


@settings(max_examples=300)
@given(files)
def test_a_rule_that_is_called_unreachable_is_so(written: list[list[Any]]) -> None:
    """No request of any kind would find it: without it each file says the same."""
    if book_of(written) is not None:
        return
    names = {
        what
        for verb in (*VERBS, "list", "patch")
        for who in USERS
        for ref in REFERENCES
        for code in CODES
        for what in expected(
            [[(spec, exceptions, True) for spec, exceptions, _ in specs] for specs in written],
            {"verb": verb, "user": who, "objectRef": ref, "responseStatus": {"code": code}},
        )
    }
    assert len(names) < sum(map(len, written))


@given(bodies, st.sampled_from(("create", "patch", "delete")), st.booleans())
@example([[[[[]]]]], "create", False)
def test_any_body_is_taken(body: Any, verb: str, of_rbac: bool) -> None:
    """By all of the built-in rules, and by paths into it."""
    resource = {"resource": "clusterroles", "apiGroup": "rbac.authorization.k8s.io"}
    about = resource if of_rbac else {"resource": "pods", "namespace": "shop"}
    found = said(built_in(), record(verb=verb, objectRef=about, requestObject=body))
    assert {family for family, *_ in found} <= {OPERATIONS}
    for written in ("spec.containers[].securityContext.privileged", "rules[].verbs[]", "a[][]"):
        assert all(isinstance(text, str) for text in texts_at(body, path(written)))


def counts(told: list[Spec], rules: AuditRules) -> Counter[str]:
    """The lines of the page that no rule feeds."""
    births = Births(lambda: 0.0)
    counting = AuditCounting(
        births, Identities(("log",), limit=1_000), series_limit=1_000, rules=rules
    )
    reader = AuditReader()
    for number, each in enumerate(told):
        for found in reader.lines(line(**{**each, "auditID": str(number)})):
            counting.reached(found, "log")
    page = Page(counting.families(), births, Scrapers(births, lambda: 0.0))
    text = b"".join(page.render(Format.TEXT)[0]).decode()
    return Counter(each for each in text.splitlines() if FAMILY not in each)


@given(files, st.lists(events, max_size=8))
def test_rules_change_no_other_count(written: list[list[Any]], told: list[Spec]) -> None:
    """However many there are, and whatever they count."""
    told = [{**event(), **each, "annotations": FORBID} for each in told]
    book = book_of(written)
    if book is not None:
        assert counts(told, book) == counts(told, AuditRules())
