# SPDX-License-Identifier: Apache-2.0
"""On what terms clients are served: ``--web.config.file``, in the format of Prometheus'
exporter-toolkit (docs/web-configuration.md there).
"""

from exporter.web.terms.gate import Gate
from exporter.web.terms.reading import Terms, read_terms
from exporter.web.terms.security import refusal

__all__ = ["Gate", "Terms", "read_terms", "refusal"]
