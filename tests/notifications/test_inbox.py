"""The demo's inbox shows what it gets, and refuses what is no notification."""

from __future__ import annotations

import http.client
import json
from typing import Any

import pytest

from deploy.demo.inbox import Inbox, Message, message

SLACK = {"channel": "#a", "attachments": [{"title": "Subject", "text": "One\ntwo\n", "color": "x"}]}
PAGER = {
    "event_action": "trigger",
    "payload": {"summary": "Subject", "custom_details": {"text": "One\ntwo\n"}},
}
WEBHOOK = {
    "status": "resolved",
    "alerts": [{"labels": {}}, {"labels": {}}],
    "groupLabels": {"namespace": "shop", "alertname": "A"},
}


@pytest.mark.parametrize("payload", [SLACK, PAGER])
def test_texts(payload: Any) -> None:
    """The same for a chat and for a pager."""
    arrived = message("chat", payload)
    assert arrived == Message("chat", "Subject", "One\ntwo\n")
    assert str(arrived) == "-- to chat: Subject\n  | One\n  | two\n"


def test_a_webhook_has_no_text() -> None:
    """It is for programs; what it is about is told in a line."""
    title = "resolved, 2 as JSON: alertname=A, namespace=shop"
    assert message("webhook", WEBHOOK) == Message("webhook", title, "")


@pytest.mark.parametrize("payload", [{}, [], None, {"attachments": []}, {"alerts": 3}])
def test_what_is_no_notification(payload: Any) -> None:
    """Whatever it is."""
    with pytest.raises(ValueError, match="no notification"):
        message("chat", payload)


def test_over_http() -> None:
    """The path is the receiver; what cannot be read is answered 400, and nothing is delivered."""
    arrived: list[Message] = []

    def post(body: str, length: int = 0) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", inbox.port, timeout=10)
        try:
            headers = {"Content-Length": str(length or len(body))}
            connection.request("POST", "/team-a", body, headers)
            return connection.getresponse().status
        finally:
            connection.close()

    with Inbox(arrived.append) as inbox:
        assert inbox.url == f"http://127.0.0.1:{inbox.port}"
        assert [post("{"), post("{}"), post(json.dumps(SLACK))] == [400, 400, 200]
        assert post("", 2 << 20) == 400
    assert [m.receiver for m in arrived] == ["team-a"]
