# SPDX-License-Identifier: Apache-2.0
"""``python -m exporter`` is the command ``kube-event-metrics``."""

import sys

if __name__ == "__main__":
    try:
        from exporter.cli import main

        code = main()
    except KeyboardInterrupt:
        code = 130
    sys.exit(code)
