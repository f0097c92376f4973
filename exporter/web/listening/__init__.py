# SPDX-License-Identifier: Apache-2.0
"""Listening: sockets, TLS whose files change, and a bound on connections; knows no HTTP."""

from exporter.web.listening.files import FileError, Followed, read_file
from exporter.web.listening.listener import Bounds, Listener

__all__ = [
    "Bounds",
    "FileError",
    "Followed",
    "Listener",
    "read_file",
]
