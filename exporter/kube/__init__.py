# SPDX-License-Identifier: Apache-2.0
"""From the API server's bytes to frames: LIST and WATCH of one resource, for ever.

``framing`` (bytes to lines), ``frames`` (line to typed frame), ``backoff`` and
``listwatch`` (what to ask next, what an answer means) are pure. ``connection``
(configuration, credentials, TLS) and ``watcher`` (the loop) do the I/O. The room does
not know what an Event is: the object type is a parameter.
"""
