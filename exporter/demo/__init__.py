# SPDX-License-Identifier: Apache-2.0
"""A demo cluster: an API server of our own, and a lively story that writes Events into it.

The server speaks LIST and WATCH of core/v1 Events as a kube-apiserver does, the recorders write as
client-go's do, and the story plays a believable cluster. The same server, scripted, serves tests:
see `ApiServer.on_list`, `ApiServer.on_watch` and the faults module.

An event's way: `story` decides that it happens, `recorders` write it, `store` keeps it, `server`
shows it; `demo_cluster` puts the four together.
"""

from __future__ import annotations

from exporter.demo.demo_cluster import DemoCluster
from exporter.demo.recorders import GroundTruth, LabelSet, LegacyRecorder, ObjectRef, SeriesRecorder
from exporter.demo.server import ApiServer, SeenRequest
from exporter.demo.store import EventStore
from exporter.demo.story import Cluster, Story

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
