"""Which requests a condition of an audit rule means."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.audit.events import ALLOW, failure, record
from tests.unit.rules.audit.speaking import FAMILY, counting, is_meant, rules, said

ANN: dict[str, Any] = {"username": "ann", "groups": ["dev", "system:authenticated"]}
BOB: dict[str, Any] = {"username": "bob", "groups": ["ops"]}
NODE: dict[str, Any] = {"username": "system:node:a", "groups": ["system:nodes"]}
EXEC: dict[str, Any] = {
    "verb": "get",
    "objectRef": {"resource": "pods", "subresource": "exec", "namespace": "shop", "name": "web-0"},
    "responseStatus": {"code": 101},
}
SCALE: dict[str, Any] = {
    "verb": "patch",
    "objectRef": {"apiGroup": "apps", "resource": "deployments", "subresource": "scale"},
}
HEALTH: dict[str, Any] = {"verb": "get", "requestURI": "/livez?verbose", "objectRef": None}


@pytest.mark.parametrize(
    ("condition", "fields", "expected"),
    [
        ("verbs: []", {}, True),
        ("verbs: [create]", {}, True),
        ("verbs: [get, list]", {}, False),
        ("verbs: [write]", {}, True),
        ("verbs: [read]", {}, False),
        ("verbs: [read]", {"verb": "watch"}, True),
        ("verbs: [other]", {"verb": "brew"}, True),
        ('api_groups: [""]', {}, True),
        ('api_groups: [""]', SCALE, False),
        ("api_groups: [apps, batch]", SCALE, True),
        ("api_groups: ['*.k8s.io']", {"objectRef": {"apiGroup": "a.k8s.io"}}, True),
        ("resources: [pods]", {}, True),
        ("resources: [pods]", {**EXEC, "stage": "ResponseComplete"}, False),
        ("resources: [pods/exec]", EXEC, True),
        ("resources: [pods/*]", EXEC, True),
        ("resources: [pods/*]", {}, False),
        ("resources: ['*/exec']", EXEC, True),
        ("resources: ['*/scale']", EXEC, False),
        ("resources: ['*/scale']", SCALE, True),
        ("resources: ['*']", EXEC, True),
        ("resources: ['*']", HEALTH, False),
        ("resources: ['']", HEALTH, True),
        ("resources: ['']", {}, False),
        ("verbs: [get]", HEALTH, True),
        ("user_classes: [user]", {}, True),
        ("user_classes: [node, system]", {}, False),
        ("user_classes: [node]", {"user": NODE}, True),
        ("user_classes: [impersonated]", {}, False),
        ("user_classes: [impersonated]", {"user": NODE, "impersonatedUser": BOB}, True),
        ("user_classes: [user]", {"user": NODE, "impersonatedUser": BOB}, False),
        ("user_classes: [user]", {"impersonatedUser": BOB}, True),
        ("verbs: [create]", {"responseStatus": failure(403)}, False),
        ("codes: [ok]", {"responseStatus": {"code": 101}}, True),
        ("codes: [failed]", {"responseStatus": failure(403)}, True),
        ("codes: [403]", {"responseStatus": failure(403)}, True),
        ("codes: ['404', 5xx]", {"responseStatus": failure(403)}, False),
        ("codes: ['404', 5xx]", {"responseStatus": failure(504)}, True),
        ("codes: []", {"responseStatus": failure(403)}, True),
        ("codes: []", {"responseStatus": None}, True),
        ("namespace: ^sh", {}, True),
        ("namespace: ^kube", {}, False),
        ("namespace: ^$", {"objectRef": {"resource": "nodes"}}, True),
        ("name: ^web-", {}, True),
        ("user: ^ann$", {}, True),
        ("user: ^bob$", {"impersonatedUser": BOB}, False),
        ("impersonated_user: ^bob$", {"impersonatedUser": BOB}, True),
        ("impersonated_user: ^bob$", {}, False),
        ("user_group: ^dev$", {"user": ANN}, True),
        ("user_group: ^ops$", {"user": ANN, "impersonatedUser": BOB}, False),
        ("impersonated_group: ^ops$", {"user": ANN, "impersonatedUser": BOB}, True),
        ("user_group: ^dev$", {"user": {"username": "ann", "groups": {"dev": 1}}}, False),
        ("source: ^10", {"sourceIPs": ["10.0.0.1", "192.0.2.7"]}, False),
        ("source: ^192", {"sourceIPs": ["10.0.0.1", "192.0.2.7"]}, True),
        ("source: ^192", {"sourceIPs": None}, False),
        ("user_agent: ^kubectl/", {}, True),
        ("uri: verbose$", HEALTH, True),
        ("annotation: ^mine/", {"annotations": {**ALLOW, "mine/x": "y"}}, True),
        ("annotation: ^mine/", {"annotations": {**ALLOW, "other": "mine/"}}, False),
        ("annotation: ^mine/", {"annotations": None}, False),
        ("annotation: ^authorization", {"annotations": {**ALLOW, "mine/x": "y"}}, False),
        ("namespace: ^shop$, name: ^web-0$, verbs: [create]", {}, True),
        ("namespace: ^shop$, name: ^db", {}, False),
    ],
)
def test_a_condition_means_some_requests(
    condition: str, fields: dict[str, Any], expected: bool
) -> None:
    """All that is written holds for them; what is left out holds for any, but for the code."""
    assert is_meant(condition, **fields) is expected


def test_a_request_that_lasts_is_meant_when_it_begins_by_rules_that_say_so() -> None:
    """By the others when it is over; so each rule counts it once."""
    book = rules(
        f"resources: [pods/exec], {counting('over')}",
        f"resources: [pods/exec], stage: started, {counting('started')}",
    )
    assert said(book, record(**EXEC, stage="ResponseStarted")) == [(FAMILY, "started")]
    assert said(book, record(**EXEC)) == [(FAMILY, "over")]
    refused = {**EXEC, "responseStatus": failure(400)}
    assert said(book, record(**refused, stage="ResponseStarted")) == []


@pytest.mark.parametrize("way", ["query", "body"])
def test_a_dry_run_is_meant_by_rules_that_ask_for_it_alone(way: str) -> None:
    """Who deletes can ask for one in the body, as kubectl does."""
    book = rules(
        f"dry_run: true, verbs: [delete], {counting('dry')}",
        f"verbs: [delete], {counting('real')}",
    )
    where: dict[str, Any] = {"requestURI": "/api/v1/namespaces/shop/pods/web-0?dryRun=All"}
    if way == "body":
        where = {"requestObject": {"kind": "DeleteOptions", "dryRun": ["All"]}}
    assert said(book, record(verb="delete", **where)) == [(FAMILY, "dry")]
    assert said(book, record(verb="delete")) == [(FAMILY, "real")]
    assert said(book, record(verb="delete", requestObject={"dryRun": []})) == [(FAMILY, "real")]


@pytest.mark.parametrize(
    ("exception", "fields", "silent"),
    [
        ("verbs: [create]", {}, True),
        ("verbs: [patch]", {}, False),
        ("user: ^ann$", {}, True),
        ("user: ^ann$, name: ^db", {}, False),
        ("codes: [404]", {}, False),
        ("user_classes: [impersonated]", {"impersonatedUser": BOB}, True),
        ("body: [{paths: [a], values: [1]}]", {"requestObject": {"a": 1}}, True),
        ("body: [{paths: [a], values: [1]}]", {}, False),
    ],
)
def test_an_exception_silences_what_it_means(
    exception: str, fields: dict[str, Any], silent: bool
) -> None:
    """All of it must hold; of the code it says nothing unless it does."""
    assert is_meant(f"verbs: [write], except: [{{{exception}}}]", **fields) is not silent


def test_a_long_text_excepts_nobody_and_hides_nothing() -> None:
    """Who makes it longer than patterns are safe on chooses what stands at its beginning."""
    uri = "/api/v1/secrets?labelSelector=a" + "b" * 5_000 + "&x=y"
    assert is_meant("uri: ^/api/v1/secrets", requestURI=uri)
    assert is_meant("except: [{uri: '^[^&]+$'}]", requestURI=uri)
    assert not is_meant("except: [{uri: '^[^&]+$'}]", requestURI=uri[:100])
