"""The files of the Helm chart that are made: what it brings along of alerts and dashboards, for a
chart can read its own files alone, its schema's descriptions and options, and its table of values.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from dashboards.kit.board import Board
from exporter.config.options import OPTIONS, Option
from tests.alerts import prometheus_rule
from tests.chart.values import CHART, Json, Value, schema, values
from tests.docs.markdown import filled, table

SET_BY_VALUES = {
    *("kubeconfig", "context", "web.listen-address", "web.config.file", "web.telemetry-path"),
    "web.auth.kubernetes",
    *("events.namespace", "cluster.name", "label", "rules.file", "workload.labels"),
    *("checkpoint.path", "leader-election", "leader-election.namespace", "leader-election.name"),
    *("audit.webhook.listen-address", "audit.webhook.tls-cert-file", "audit.log.path"),
    *("audit.webhook.tls-key-file", "audit.webhook.tls-client-ca-file", "audit.only"),
    *("audit.webhook.token-file", "audit.webhook.config-file"),
}
"""Options that the chart has values of its own for, or that would contradict what it makes."""
_SCALAR = {"type": ["string", "number", "boolean"]}
_TEXTS = {"number": "7200", "boolean": "true"}


def files(boards: Iterable[Board]) -> dict[Path, str]:
    """Every generated file of the chart and what it should hold."""
    described = values()
    page = (CHART / "README.md").read_text(encoding="utf-8")
    return {
        # On one line each: a release holds them twice, and has room for 1 MiB.
        **{CHART / "files" / f"{b.uid}.json": _compact(b.json()) for b in boards},
        CHART / "files" / "rules.yaml": _rules(),
        CHART / "values.schema.json": json.dumps(_schema(described), indent=2) + "\n",
        CHART / "README.md": filled(page, {"values": _table(described)}),
    }


def _compact(text: str) -> str:
    return json.dumps(json.loads(text), ensure_ascii=False, separators=(",", ":")) + "\n"


def _rules() -> str:
    """The spec of deploy/prometheus/prometheus-rule.yaml; what comes before is the chart's own."""
    return "---\nspec:\n" + prometheus_rule.text().partition("\nspec:\n")[2]


def _table(described: Iterable[Value]) -> str:
    rows = ((f"`{value.name}`", value.shown, value.comment) for value in described)
    return table(("value", "default", "meaning"), rows)


def _schema(described: Iterable[Value]) -> Json:
    """The schema as it was written, with descriptions, and the options that `config` takes."""
    made = schema()
    for value in described:
        part = made
        for key in value.path:
            part = part.get("properties", {}).get(key, {})
        part["description"] = value.comment
    made["properties"]["config"]["properties"] = {
        option.name: {"description": option.help, **_type(option)}
        for option in OPTIONS
        if option.name not in SET_BY_VALUES
    }
    return made


def _type(option: Option) -> Json:
    if option.switch:
        return {"type": "boolean"}
    if option.choices:
        return {"enum": list(option.choices)}
    if option.repeatable:
        return {"anyOf": [_SCALAR, {"type": "array", "items": _SCALAR}]}
    return {"type": ["string", *(kind for kind, text in _TEXTS.items() if _reads(option, text))]}


def _reads(option: Option, text: str) -> bool:
    """Whether the option can be that: what the exporter would refuse, Helm refuses before."""
    try:
        option.parse(text)
    except ValueError:
        return False
    return True
