# SPDX-License-Identifier: Apache-2.0
"""Which of several replicas leads: an election through a Lease (coordination.k8s.io/v1).

``lease`` (how the API server spells it), ``request`` (what can be asked, what a refusal
means), ``sight`` (what was seen of the Lease, and is it free?), ``trouble`` (failures, told
once), ``publication`` (what the leader says with it) and ``candidate`` (the state machine)
are pure; ``telemetry`` are their numbers, ``hooks`` whom they tell. ``elector`` is the loop
that does the I/O, ``place`` finds the pod's namespace.

The leader publishes a payload with its Lease; who takes over is handed the last one. The
room does not know what it says.
"""

from exporter.election.candidate import Candidate
from exporter.election.elector import Elector
from exporter.election.hooks import Hooks
from exporter.election.lease import PAYLOAD_LIMIT_BYTES, LeasePlace, PayloadTooLargeError
from exporter.election.place import lease_place
from exporter.election.telemetry import ElectionTelemetry

__all__ = [
    "PAYLOAD_LIMIT_BYTES",
    "Candidate",
    "ElectionTelemetry",
    "Elector",
    "Hooks",
    "LeasePlace",
    "PayloadTooLargeError",
    "lease_place",
]
