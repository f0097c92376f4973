# SPDX-License-Identifier: Apache-2.0
"""What a rule adds, as it is applied."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from exporter.metrics.declaration import Declaration, MetricType
from exporter.rules.expressions import Groups, Number, Text, Texts

# Label sets of one sample that stand at 0 from the start.
_MOST_AT_START = 200

Labels = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sample:
    """A compiled ``SampleSpec``."""

    family: str
    labels: tuple[Text, ...]
    values: tuple[tuple[str, ...] | None, ...]
    """All values that each label can have; None where nobody knows."""
    value: Number | None = None
    elapsed: bool = False
    """Its value is the time since the opening."""
    each: int = -1
    """The label of which the event has several values at once; -1 for none."""
    every: Texts | None = None

    def label_sets(self, record: Any, groups: Groups) -> Sequence[Labels]:
        """One; of a label with several values, one for each of them."""
        labels = tuple([label(record, groups) for label in self.labels])
        if self.every is None:
            return (labels,)
        before, after = labels[: self.each], labels[self.each + 1 :]
        return [(*before, one, *after) for one in self.every(record, groups)]


def closed_label_sets(
    declarations: Iterable[Declaration], samples: Iterable[Sample]
) -> Iterable[tuple[str, Labels]]:
    """Of counters, the label sets that are known before anything happens.

    Not where a sample could give more of them than any alert reads.
    """
    counters = {d.name for d in declarations if d.type is MetricType.COUNTER}
    for sample in samples:
        columns = [values for values in sample.values if values is not None]
        few = math.prod(map(len, columns)) <= _MOST_AT_START
        if few and sample.family in counters and len(columns) == len(sample.values):
            for labels in itertools.product(*columns):
                yield sample.family, labels
