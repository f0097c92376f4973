# SPDX-License-Identifier: Apache-2.0
"""From an Event object as the API server sends it to the number of new occurrences it carries.

Pure: no socket, no clock, no client library. ``wire`` knows how the two API groups
spell an Event, ``record`` is the one spelling everything downstream sees, and
``ledger`` remembers what was counted so far.
"""

from exporter.events.ledger import Ledger
from exporter.events.record import EventRecord
from exporter.events.wire import EventObject, read_event, version_number

__all__ = ["EventObject", "EventRecord", "Ledger", "read_event", "version_number"]
