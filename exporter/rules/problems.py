# SPDX-License-Identifier: Apache-2.0
"""What is wrong with rule files, and whether the first of it ends their reading."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager


class RuleError(ValueError):
    """Something for which a rule file cannot be used.

    ``where`` it is: file, entry and key, as ``mine.yaml: backup-failed: samples[0].family``.
    """

    def __init__(self, where: str, problem: str) -> None:
        super().__init__(f"{where}: {problem}")
        self.where = where
        self.problem = problem


Report = Callable[[RuleError], None]
"""Is told of errors: it raises the first of them, or keeps each so that more are found."""


def at_once(error: RuleError) -> None:
    """Raise it."""
    raise error


@contextmanager
def told_to(report: Report) -> Iterator[None]:
    """What is wrong in here is reported, and ends what is done in here."""
    try:
        yield
    except RuleError as error:
        report(error)
