"""Replicas that contend for one Lease, in any weather.

Exactness: at no moment do two of them believe to lead, whatever is delayed, lost, refused,
paused, stopped or killed, and however their clocks differ, as long as these run at about the
same rate. Who takes over is handed the payload that stood in the Lease then. And once all is
well again, one leads.
"""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from tests.property.replicas import CALM, TIMING, Fate, Replica, Weather, World

# Their rates differ by less than the lease's duration from its deadline: 1.2 / 0.9 < 15 / 10.
_RATES = (1.0, 0.9, 1.2)
_SECONDS = st.sampled_from([0.0, 0.02, 0.3, 2.0, 2.5, 4.0, 7.0, 9.0, 10.5, 12.0, 16.0, 25.0])
_DELAYS = st.sampled_from([0.01, 0.01, 1.0, 4.9, 5.5, 9.0, 14.0])
_WEATHER = st.builds(Weather, there=_DELAYS, back=_DELAYS, fate=st.sampled_from(Fate))


class Election(RuleBasedStateMachine):
    """What can happen to them."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World(self.one_leads_at_most)
        self.deleted = float("-inf")
        self.published = 0

    @initialize(rates=st.tuples(st.sampled_from(_RATES), st.sampled_from(_RATES)))
    def two(self, rates: tuple[float, float]) -> None:
        for rate in rates:
            self.world.start(rate)

    def _any(self, data: st.DataObject) -> Replica:
        """More often than not the one whose troubles matter most."""
        running = self.world.running
        leaders = [replica for replica in running if replica.leads]
        return data.draw(st.sampled_from([*(2 * leaders), *running]), "replica")

    @property
    def leaders(self) -> list[Replica]:
        return [replica for replica in self.world.replicas if replica.leads]

    @rule(seconds=_SECONDS)
    def time_passes(self, seconds: float) -> None:
        self.world.run(seconds)

    @rule(data=st.data(), weather=_WEATHER, seconds=_SECONDS)
    def weather_changes(self, data: st.DataObject, weather: Weather, seconds: float) -> None:
        """For one of them, from its next request on."""
        self._any(data).weather = weather
        self.world.run(seconds)

    @rule(data=st.data())
    def weather_calms_down(self, data: st.DataObject) -> None:
        self._any(data).weather = CALM
        self.world.run(0.02)

    @rule(data=st.data(), pause=_SECONDS, seconds=_SECONDS)
    def pause(self, data: st.DataObject, pause: float, seconds: float) -> None:
        """A process or its machine stands still; its clock does not."""
        self._any(data).awake_from = self.world.time + pause
        self.world.run(seconds)

    @precondition(lambda self: self.leaders)
    @rule()
    def publish(self) -> None:
        """The leader has something to say."""
        leader = self.leaders[0]
        self.published += 1
        assert leader.candidate.publish(f"progress {self.published}", leader.now)
        self.world.rouse(leader)

    @precondition(lambda self: len(self.world.running) > 1)
    @rule(data=st.data())
    def stop(self, data: st.DataObject) -> None:
        replica = self._any(data)
        self.world.stop(replica)
        assert not replica.leads

    @precondition(lambda self: len(self.world.running) > 1)
    @rule(data=st.data())
    def kill(self, data: st.DataObject) -> None:
        self.world.kill(self._any(data))

    @precondition(lambda self: len(self.world.running) < 3 and not self.gone)
    @rule(rate=st.sampled_from(_RATES))
    def start(self, rate: float) -> None:
        self.world.start(rate)

    @precondition(lambda self: self.world.server.document)
    @rule()
    def touch(self) -> None:
        """Somebody labels the Lease: a new version of the same holder."""
        self.world.server.touch()

    @precondition(lambda self: all(r.telemetry.holder for r in self.world.running))
    @rule()
    def delete(self) -> None:
        """All have seen the Lease held, and somebody deletes it."""
        self.world.server.delete()
        self.deleted = self.world.time

    @property
    def gone(self) -> bool:
        """Whether one may hold a deleted Lease that who starts now cannot know of."""
        return self.world.time < self.deleted + TIMING.renew_deadline / min(_RATES)

    @rule()
    def all_is_well(self) -> None:
        """With nothing in the way, one of those that run leads within a lease and some looks."""
        for replica in self.world.replicas:
            replica.weather = CALM
            replica.awake_from = 0.0
        # What was on its way is answered or given up first.
        self.world.run(20.0 + TIMING.lease_duration / min(_RATES) + 3 * TIMING.retry_period)
        (leader,) = self.leaders
        assert self.world.server.holder == leader.name

    def one_leads_at_most(self) -> None:
        assert len(self.leaders) <= 1, [replica.name for replica in self.leaders]


TestElection = Election.TestCase
TestElection.settings = settings(max_examples=500, stateful_step_count=30, deadline=None)
