# SPDX-License-Identifier: Apache-2.0
"""Configuration: one table of options behind flags, environment, file and documentation."""

from exporter.config.loading import ConfigError, load_config
from exporter.config.settings import Config

__all__ = ["Config", "ConfigError", "load_config"]
