# SPDX-License-Identifier: Apache-2.0
"""On what terms clients are served: ``--web.config.file`` and ``--audit.webhook.config-file``, in
the format of Prometheus' exporter-toolkit (docs/web-configuration.md there).
"""

from exporter.web.terms.current import Current
from exporter.web.terms.gate import Gate
from exporter.web.terms.reading import Terms, followed_terms, read_terms
from exporter.web.terms.tls_files import TlsFiles

__all__ = ["Current", "Gate", "Terms", "TlsFiles", "followed_terms", "read_terms"]
