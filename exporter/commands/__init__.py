# SPDX-License-Identifier: Apache-2.0
"""The sub-commands, one file each. Each takes a configuration and returns an exit code."""
