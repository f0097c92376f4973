# SPDX-License-Identifier: Apache-2.0
"""What happens in the demo's cluster: scenes on a stage, told as events by the recorders.

The `cast` is who plays and the `cluster` what they change; scenes (of a pod, of a workload, and
incidents) say in which order and after how long; the `story` puts them on the `stage`.
"""

from __future__ import annotations

from exporter.demo.story.cluster import Cluster
from exporter.demo.story.story import Story

__all__ = ["Cluster", "Story"]
