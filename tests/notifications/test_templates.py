"""What a reader gets, line by line: golden/*.json rendered by amtool is golden/*.txt.

`python -m tests.notifications.golden_texts` writes them anew; read what has changed.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.notifications.golden_texts import CASES, rendered

pytestmark = pytest.mark.alertmanager


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_text_is_the_golden_one(case: Any) -> None:
    """Subject, an empty line, text."""
    assert rendered(case) == case.with_suffix(".txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_text_has_what_a_tired_person_needs(case: Any) -> None:
    """What, where, since when, how many, what to do, in short lines and without template debris."""
    data = json.loads(case.read_text(encoding="utf-8"))
    text = rendered(case)
    subject, _, body = text.partition("\n")
    firing = [alert for alert in data["alerts"] if alert["status"] == "firing"]
    where = {name: data["commonLabels"].get(name) for name in ("cluster", "namespace")}
    for name, value in where.items():
        assert value is None or f"{name} {value}" in subject
    assert subject.startswith("[resolved] ") is (not firing)
    assert ("Silence it: " in body) is bool(firing)
    for alert in data["alerts"][:20]:
        assert " ".join(alert["annotations"]["description"].split()) in body
        assert alert["annotations"]["runbook_url"] in body
    for debris in ("<no value>", "map[", "%!", "0001-01-01"):
        assert debris not in text
    assert "\n\n\n" not in text
    assert all(line == line.rstrip() for line in text.splitlines())
