# SPDX-License-Identifier: Apache-2.0
"""From a record to observations: what events mean, as data.

``language`` is the file format, ``loading`` turns files into a ``RuleBook`` or says
what is wrong with them, ``rulebook`` applies it, ``functions`` is the closed set of
functions a label or value may use, ``lifecycles`` pairs openings with closings.
``catalogue/`` holds the built-in rules; no reason is named in code.
"""
