"""How the pictures in docs/ look: the same wherever they are shown, and whenever they are made."""

from __future__ import annotations

from typing import Any

STYLE: Any = {
    "svg.hashsalt": "kube-event-metrics",
    "svg.fonttype": "path",  # looks the same wherever it is shown
    "font.size": 8.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 9.5,
    "axes.titlelocation": "left",
}
NAMELESS: Any = {"Date": None, "Creator": None}
"""Of a file: the same picture is the same file."""
