# SPDX-License-Identifier: Apache-2.0
"""What dashboards are made of. Wrong families, labels and legends are errors when building."""
