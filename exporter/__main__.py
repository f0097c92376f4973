# SPDX-License-Identifier: Apache-2.0
"""``python -m exporter`` is the command ``kube-event-metrics``."""

import sys

from exporter.cli import main

if __name__ == "__main__":
    sys.exit(main())
