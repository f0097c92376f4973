# SPDX-License-Identifier: Apache-2.0
"""``rules test``: users' own cases for their rules, events in and samples out.

``language`` is the format of a test file, ``events`` and ``audit_events`` complete the events of a
case, ``samples`` reads and compares sample lines, ``running`` runs a file and tells.
"""
