# SPDX-License-Identifier: Apache-2.0
"""Whose pod is it? From metadata of pods, ReplicaSets and Jobs to the workload above them.

Pure: no socket, no clock, no client library. ``wire`` knows how the API server spells an
object's metadata, ``informer`` takes what a list/watch shows of one kind, ``table`` keeps it
in some hundred bytes an object, ``owners`` follows the chain.
"""

from exporter.workloads.owners import FOLLOWED, Owners, Resource
from exporter.workloads.wire import MetadataObject

__all__ = ["FOLLOWED", "MetadataObject", "Owners", "Resource"]
