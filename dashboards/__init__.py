# SPDX-License-Identifier: Apache-2.0
"""The Grafana dashboards, made from the declarations of the metrics.

``kit`` knows queries, panels and layout, ``boards`` what to ask; ``python -m tests.generate``
writes the JSON files beside this one, and their ConfigMaps in deploy/.
"""
