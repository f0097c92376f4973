# SPDX-License-Identifier: Apache-2.0
"""From a record to observations: what events mean, as data.

In the order a file goes: ``language`` is its format, ``reading`` takes its text apart,
``compiling`` makes its rules (``selectors``, ``patterns``, ``expressions``, ``functions``),
``checking`` sees what is wrong with all of them together, ``loading`` gives the ``rulebook``,
which is asked for each event; ``lifecycles`` pairs openings with closings, ``priming`` learns
from the first list what was open. ``catalogue/`` holds the built-in rules; no reason is named
in code.
"""
