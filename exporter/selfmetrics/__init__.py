# SPDX-License-Identifier: Apache-2.0
"""Metrics about the exporter itself: ``declarations`` says what they are, ``families`` reads the
rooms' own numbers when a page is made.
"""

from exporter.selfmetrics.declarations import BY_NAME, DECLARATIONS, ELECTION, WEB_AUTH
from exporter.selfmetrics.declarations_audit import AUDIT as RECEPTION
from exporter.selfmetrics.families import SelfMetrics, Watched
from exporter.selfmetrics.process import ProcessMetrics

__all__ = [
    "BY_NAME",
    "DECLARATIONS",
    "ELECTION",
    "WEB_AUTH",
    "RECEPTION",
    "ProcessMetrics",
    "SelfMetrics",
    "Watched",
]
