# SPDX-License-Identifier: Apache-2.0
"""From the API server's bytes to frames: LIST and WATCH of one resource, for ever.

``frames`` (line to typed frame), ``intake`` (what of it can be used), ``request`` (what can
be asked), ``backoff`` and ``listwatch`` (what to ask next, what an answer means) are pure;
``consumer`` is whom they talk to. ``kubeconfig``, ``proxies`` and ``connection``
(configuration, credentials, TLS) and ``watcher`` (the loop) do the I/O. The room does not
know what an Event is: the object type is a parameter.
"""
