# SPDX-License-Identifier: Apache-2.0
"""A demo cluster: an API server of our own, and a lively story that writes Events into it.

The server speaks LIST and WATCH of core/v1 Events as a kube-apiserver does, the recorders write as
client-go's do, and the story plays a believable cluster. The same server, scripted, serves tests:
see `ApiServer.on_list`, `ApiServer.on_watch` and the faults module.
"""

from __future__ import annotations

from exporter.demo.apiserver import ApiServer
from exporter.demo.cluster import Cluster
from exporter.demo.demo_cluster import DemoCluster
from exporter.demo.event_objects import GroundTruth, LabelSet, ObjectRef
from exporter.demo.recorders import LegacyRecorder, SeriesRecorder
from exporter.demo.request_log import SeenRequest
from exporter.demo.store import EventStore
from exporter.demo.story import Story

__all__ = [
    "ApiServer",
    "Cluster",
    "DemoCluster",
    "EventStore",
    "GroundTruth",
    "LabelSet",
    "LegacyRecorder",
    "ObjectRef",
    "SeenRequest",
    "SeriesRecorder",
    "Story",
]
