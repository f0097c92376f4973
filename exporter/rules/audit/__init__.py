# SPDX-License-Identifier: Apache-2.0
"""The part of the rule language that is about audit events.

``language`` is the format of ``audit_rules``; ``selectors`` are the conditions that are decided
once for all requests of one kind, ``checks`` those that look at each request (``paths`` into its
body among them), ``conditions`` makes both of what is written, ``fields`` are for expressions,
``compiling`` makes the rules, ``checking`` finds those that are never reached, and ``rulebook`` is
asked for each audit event.
"""
