# SPDX-License-Identifier: Apache-2.0
"""What a candidate has seen and suffered: plain numbers, read by the self-metrics."""

from __future__ import annotations

from dataclasses import dataclass, field

from exporter.kube.telemetry import Failure

# The words of the watches' failures, without those that only a stream can have.
CAUSES = tuple(f for f in Failure if f not in (Failure.CLOSED_EARLY, Failure.ERROR_FRAME))


@dataclass(slots=True)
class ElectionTelemetry:
    """Of one candidate."""

    holder: str = ""
    """Who held the Lease when it was last read; ``""`` for nobody."""
    observed: bool = False
    """Whether the Lease, or that there is none, was ever read."""
    refused: str = ""
    """The verb that the server did not allow; ``""`` since the Lease was last in order."""
    last_failure: str = ""
    """Its cause and detail; ``""`` since the Lease was last in order."""
    transitions: int = 0
    """How often this candidate began to lead."""
    failures: dict[str, int] = field(default_factory=lambda: {c.value: 0 for c in CAUSES})
