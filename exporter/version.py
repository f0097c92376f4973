# SPDX-License-Identifier: Apache-2.0
"""The version of the installed distribution, and whether its hot modules are compiled."""

from importlib.metadata import PackageNotFoundError, version

COMPILED = not __file__.endswith(".py")
"""This module is compiled with the others, or not at all."""
BUILD = "compiled" if COMPILED else "pure"

try:
    VERSION = version("kube-event-metrics")
except PackageNotFoundError:  # a checkout that was never installed
    VERSION = "0.0.0+unknown"
