# SPDX-License-Identifier: Apache-2.0
"""The three times of a leader election, which are only safe in their order."""

from __future__ import annotations

from dataclasses import dataclass

# client-go tools/leaderelection, JitterFactor: how much longer than asked for a wait can be.
JITTER_FACTOR = 1.2


@dataclass(frozen=True, slots=True)
class LeaseTiming:
    """Seconds; the defaults are those of Kubernetes' own components.

    That two never lead at once rests on the order: whoever does not hold the Lease waits for
    longer than its holder goes on without having renewed it. Raises ``ValueError`` otherwise.
    """

    lease_duration: float = 15.0
    """Without a change of the Lease for so long, another may take it."""
    renew_deadline: float = 10.0
    """Without a renewal for so long, the leader ceases to be one."""
    retry_period: float = 2.0
    """Between two looks at the Lease, and between two renewals."""

    def __post_init__(self) -> None:
        if self.renew_deadline >= self.lease_duration:
            raise ValueError(
                f"leader-election.renew-deadline, {self.renew_deadline:g}s, must be shorter than "
                f"leader-election.lease-duration, {self.lease_duration:g}s"
            )
        if self.retry_period * JITTER_FACTOR >= self.renew_deadline:
            raise ValueError(
                f"leader-election.renew-deadline, {self.renew_deadline:g}s, must be more than "
                f"{JITTER_FACTOR} times leader-election.retry-period, {self.retry_period:g}s"
            )
