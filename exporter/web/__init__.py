# SPDX-License-Identifier: Apache-2.0
"""From text to HTTP: the metrics page, health, and a landing page."""
