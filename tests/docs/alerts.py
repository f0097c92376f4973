"""The parts of docs/alerts.md."""

from __future__ import annotations

from tests.alerts.rules import Alert, alerts
from tests.docs.markdown import table
from tests.promql.known import recorded, rule_files


def parts() -> dict[str, str]:
    """By name."""
    return {
        "alerts": "\n\n".join(
            f"### {path.name}\n\n{_table([a for a in alerts() if a.file == path.name])}"
            for path in rule_files()
        ),
        "recording": table(
            ("record", "what"),
            ((f"`{name}`", _what(name)) for name in sorted(recorded())),
        ),
    }


def _table(of_file: list[Alert]) -> str:
    return table(
        ("alert", "severity", "for", "what"),
        (
            (
                f"[{alert.name}](runbooks/{alert.name}.md)",
                alert.rule["labels"]["severity"],
                alert.rule["for"],
                alert.rule["annotations"]["summary"],
            )
            for alert in of_file
        ),
    )


def _what(name: str) -> str:
    level, metric, operation = name.split(":")
    window = operation.removeprefix("increase")
    labels = ", ".join(level.split("_"))
    return f"`{metric}_total` gained within {window}, by cluster and {labels}"
