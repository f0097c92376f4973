# SPDX-License-Identifier: Apache-2.0
"""Models of client-go's two event recorders: what a cluster's components write, write for write.

Sans-I/O: they write to an EventStore and get `now`. `record` returns how many occurrences the API
server has newly shown by it: 0 if the recorder dropped the event or keeps it in memory, more than 1
where a later write carries the count of earlier ones. The same number goes into the ground truth.
"""

from __future__ import annotations

from exporter.demo.recorders.event_objects import GroundTruth, LabelSet, NameSource, ObjectRef
from exporter.demo.recorders.legacy import AGGREGATE_PREFIX, LegacyRecorder
from exporter.demo.recorders.series import SeriesRecorder

__all__ = [
    "AGGREGATE_PREFIX",
    "GroundTruth",
    "LabelSet",
    "LegacyRecorder",
    "NameSource",
    "ObjectRef",
    "SeriesRecorder",
]
