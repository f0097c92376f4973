# SPDX-License-Identifier: Apache-2.0
"""The version of the installed distribution."""

from importlib.metadata import PackageNotFoundError, version

try:
    VERSION = version("kube-event-metrics")
except PackageNotFoundError:  # a checkout that was never installed
    VERSION = "0.0.0+unknown"
