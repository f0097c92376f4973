# SPDX-License-Identifier: Apache-2.0
"""kube-event-metrics: every occurrence of every Kubernetes Event, counted once.

The rooms, in the order data flows: ``kube`` (bytes to frames), ``events`` (frames
to records and new occurrences), ``rules`` (records to observations), ``metrics``
(observations to exposition text), ``web`` (text to HTTP). ``pipeline`` joins the
middle ones, ``app`` wires the whole house.
"""
