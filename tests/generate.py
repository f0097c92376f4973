"""Write the files that are made from the code: ``python -m tests.generate [--check]``.

With ``--check`` nothing is written: what is missing or stale is named, and the exit code is 1.
"""

from __future__ import annotations

import sys
from pathlib import Path

from dashboards.boards import boards
from dashboards.kit.files import files
from deploy.demo import settings
from tests.alerts import mixin, prometheus_rule
from tests.chart import files as chart
from tests.docs.pages import PAGES
from tests.golden import cases

_ROOT = Path(__file__).resolve().parent.parent


def generated() -> dict[Path, bytes]:
    """Every generated file and what it should hold."""
    made_boards = boards()
    pages = {path: page().encode() for path, page in PAGES.items()}
    made = {
        **chart.files(made_boards),
        prometheus_rule.PATH: prometheus_rule.text(),
        mixin.PATH: mixin.text(),
        settings.COMPOSE_ALERTMANAGER: settings.compose_alertmanager(),
    }
    return {
        **pages,
        **cases.generated(),
        **files(made_boards, _ROOT),
        **{path: text.encode() for path, text in made.items()},
    }


def main(arguments: list[str]) -> int:
    """0: all files are up to date (now); 1: some are not; 2: usage."""
    if arguments not in ([], ["--check"]):
        print(__doc__, file=sys.stderr)
        return 2
    stale = [
        (path, content)
        for path, content in generated().items()
        if not path.is_file() or path.read_bytes() != content
    ]
    for path, content in stale:
        name = path.relative_to(_ROOT).as_posix()
        if arguments:
            print(f"{name}: stale; python -m tests.generate renews it")
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            print(f"{name}: written")
    return 1 if arguments and stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
