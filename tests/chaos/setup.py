"""What a run is made of; with the same setup it makes the same decisions again."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass

ELECTION = (
    "--leader-election",
    "--leader-election.lease-duration=5s",
    "--leader-election.renew-deadline=4s",
    "--leader-election.retry-period=500ms",
)


@dataclass(frozen=True, slots=True)
class Setup:
    """One run. The seed decides what is written, broken and killed; not what the clock makes of it.

    ``sources`` are the addresses that a Prometheus each scrapes from. ``replicas`` exporters run
    at a time with ``flags``, each scraped as an instance of its own; with ``killing`` the first
    is killed again and again. With ``checkpoint`` each has a file of its own.
    """

    variant: str
    seed: int
    seconds: float
    killing: bool = False
    breaking: bool = True
    """Whether the API server breaks too."""
    checkpoint: bool = False
    limited: bool = True
    """Whether some events are born with a count, because a recorder had no tokens before."""
    sources: tuple[str, ...] = ("127.0.0.1",)
    replicas: int = 1
    flags: tuple[str, ...] = ()
    rate: float = 300.0
    """Acts a second, which are an occurrence or a few each."""

    def command(self) -> str:
        """What runs it from a shell."""
        words = [self.variant, "--seed", str(self.seed), "--seconds", f"{self.seconds:g}"]
        return shlex.join(("python", "-m", "tests.chaos", *words))


def kills(seed: int, seconds: float) -> Setup:
    """One exporter that dies at any moment and comes back, one Prometheus."""
    return Setup("kills", seed, seconds, killing=True, checkpoint=True)


def pair(seed: int, seconds: float) -> Setup:
    """One exporter that lives, and a pair of Prometheus servers on two addresses."""
    return Setup("pair", seed, seconds, sources=("127.0.0.1", "127.0.0.2"))


def failover(seed: int, seconds: float) -> Setup:
    """Two exporters of which the one that leads is killed again and again; one Prometheus scrapes
    both.

    Nothing else breaks: a gap in the standby's watch at that moment may double what it hides. Nor
    is an event born with a count: a standby that began after its first occurrence cannot tell it
    from one that returned.
    """
    return Setup(
        "failover",
        seed,
        seconds,
        killing=True,
        breaking=False,
        limited=False,
        replicas=2,
        flags=ELECTION,
    )


def forgetful(seed: int, seconds: float) -> Setup:
    """As ``kills``, without a checkpoint: what is lost then shows that a run can tell."""
    return Setup("forgetful", seed, seconds, killing=True)


VARIANTS: Mapping[str, Callable[[int, float], Setup]] = {
    "kills": kills,
    "pair": pair,
    "failover": failover,
    "forgetful": forgetful,
}
