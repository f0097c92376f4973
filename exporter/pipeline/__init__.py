# SPDX-License-Identifier: Apache-2.0
"""The pipeline: an Event object or an audit record in, counters and histograms changed.

Joins the rooms in the middle of the house: ``events`` and ``audit`` (what is new?), ``rules``
(what does it mean?) and ``metrics`` (count it). No I/O: it is driven by the list/watch of a
scope, or by ``replay``.
"""

from exporter.pipeline.audit_counting import AuditCounting
from exporter.pipeline.counting import Counting
from exporter.pipeline.journal import Journal
from exporter.pipeline.scope import Scope

__all__ = ["AuditCounting", "Counting", "Journal", "Scope"]
