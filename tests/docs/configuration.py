"""The tables of docs/configuration.md."""

from __future__ import annotations

from exporter.cli import COMMANDS
from exporter.config.options import OPTIONS, Option
from tests.docs.markdown import table


def parts() -> dict[str, str]:
    """By name."""
    return {
        "options": table(("flag", "default", "meaning"), map(_row, OPTIONS)),
        "commands": table(
            ("command", "what it does"), ((f"`{name}`", text) for name, text in COMMANDS.items())
        ),
    }


def _row(option: Option) -> tuple[str, str, str]:
    meaning = option.help
    if option.choices:
        meaning += f" One of {', '.join(option.choices)}."
    return (
        f"`--{option.name}` <br> `{option.environment}`",
        f"`{option.default}`" if option.default else "",
        meaning,
    )
