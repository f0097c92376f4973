# SPDX-License-Identifier: Apache-2.0
"""From a record to observations: what events mean, as data.

In the order a file goes: ``language`` is its format, ``reading`` takes its text apart,
``declaring`` knows the families, cause tables and lifecycles of all files, ``compiling`` makes
their rules (``selectors``, ``patterns``, ``expressions``, ``functions``, ``sampling``),
``checking`` sees what is wrong with all of them together, ``loading`` gives the ``rulebook``,
which is asked for each event; ``lifecycles`` pairs openings with closings, ``priming`` learns
from the first list what was open. ``review`` tells all that is wrong with files, and what they
do (``problems``, ``places``). ``audit`` is the part about audit events. ``catalogue/`` and
``audit_catalogue/`` hold the built-in rules; no reason and no operation is named in code.
"""
