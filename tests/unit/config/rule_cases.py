"""Test files for ``rules test``: rules and events to make them of, and how they are run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from exporter.cli import main

RULES = """
families:
  kube_event_things_total: {type: counter, help: Things., labels: [namespace, thing]}
  kube_event_thing_seconds: {type: histogram, help: Time., labels: [namespace], buckets: [1, 10]}
lifecycles:
  thing: {key: [$uid], max_age: 1h}
rules:
  - id: thing-begun
    components: [things]
    kinds: [Thing]
    reasons: [Begun]
    opens: thing
  - id: thing-made
    components: [things]
    kinds: [Thing]
    reasons: [Made]
    message: '^Made (?P<thing>\\w+)'
    closes: thing
    optional: true
    samples:
      - {family: kube_event_things_total, labels: {namespace: $namespace, thing: $thing}}
      - {family: kube_event_thing_seconds, labels: {namespace: $namespace}, value: $elapsed}
"""
LAMP = 'kube_event_things_total{namespace="shop",thing="lamp"}'
CHAIR = 'kube_event_things_total{namespace="shop",thing="chair"}'
SECONDS = "kube_event_thing_seconds"
SHOP = '{namespace="shop"}'


def event(thing: str = "lamp", **fields: Any) -> dict[str, Any]:
    """An event in its short form."""
    return {
        "involvedObject": {"kind": "Thing", "namespace": "shop", "name": thing, "uid": "u"},
        "source": {"component": "things"},
        "type": "Normal",
        "reason": "Made",
        "message": f"Made {thing}",
        **fields,
    }


class Cases:
    """Writes a test file, runs it, and keeps what it printed."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self._path = folder / "rules_test.yaml"
        (folder / "rules.yaml").write_text(RULES, encoding="utf-8")

    def text(self, text: str) -> tuple[int, list[str]]:
        """Exit code, and the lines without the name of the file they begin with."""
        self._path.write_text(text, encoding="utf-8")
        code = main(["rules", "test", str(self._path)])
        out, err = self._capsys.readouterr()
        assert err == ""
        return code, [line.removeprefix(f"{self._path}: ") for line in out.splitlines()]

    def __call__(
        self, *events: dict[str, Any], samples: list[str], **keys: Any
    ) -> tuple[int, list[str]]:
        """The same for a file of one test."""
        test = {"name": "a test", "events": list(events), "samples": samples, **keys}
        return self.text(yaml.safe_dump({"rule_files": ["rules.yaml"], "tests": [test]}))


OK = (0, ["ok, 1 test"])
FAILED = "a test: FAIL (- expected, + got)"


def failing(*lines: str) -> tuple[int, list[str]]:
    """What one test that fails prints."""
    return 1, [FAILED, *(f"  {line}" for line in lines), "1 of 1 test failed"]
