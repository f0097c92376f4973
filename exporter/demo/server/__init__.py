# SPDX-License-Identifier: Apache-2.0
"""The API server: HTTP on loopback over a store, access rules, and scripted misbehaviour.

A request goes from `events_api` (what is asked, and whether it may be) to a page or a `watches`
watch, whose frames leave through `frame_stream`, the one place where faults are acted out.
"""

from __future__ import annotations

from exporter.demo.server.apiserver import ApiServer
from exporter.demo.server.request_log import SeenRequest

__all__ = ["ApiServer", "SeenRequest"]
