# SPDX-License-Identifier: Apache-2.0
"""Counters and gauges: families with one sample a series."""

from __future__ import annotations

from exporter.metrics.declaration import Declaration
from exporter.metrics.series import Amount, Describe, Family, Series
from exporter.metrics.text import Format, encode, exemplar_text, label_text, number


class _Sample(Series):
    __slots__ = ("prefix",)

    def __init__(
        self, values: tuple[str, ...], birth: int, dirty: list[Series], declaration: Declaration
    ) -> None:
        super().__init__(values, birth, dirty)
        labels = label_text(declaration.labels, values)
        self.prefix = encode(
            f"{declaration.name}{{{labels}}} " if labels else declaration.name + " "
        )
        """Of its line: all but the value."""

    def carry(self, labels: str) -> None:
        """Behind its own."""
        before, text = self.prefix[:-1], encode(labels)
        if before.endswith(b"}"):
            self.prefix = before[:-1] + b"," + text + b"} "
        else:
            self.prefix = before + b"{" + text + b"} "


class CounterSeries(_Sample):
    """A count that only rises."""

    __slots__ = ("describe", "detail", "value", "weight")

    def __init__(
        self,
        values: tuple[str, ...],
        birth: int,
        dirty: list[Series],
        declaration: Declaration,
        describe: Describe | None,
    ) -> None:
        super().__init__(values, birth, dirty, declaration)
        self.value = 0
        self.weight = 0
        self.detail: object = None
        self.describe = describe

    def inc(self, amount: int, detail: object = None) -> None:
        """Add occurrences; ``detail`` is what an exemplar can be made of."""
        self.value += amount
        if detail is not None:
            self.detail = detail
            self.weight = amount
        if not self.changed:
            self.changed = True
            self.dirty.append(self)

    def amount(self) -> Amount:
        """Its value, where there is any."""
        return self.value or None

    def add(self, amount: Amount) -> None:
        """As ``inc``."""
        if not isinstance(amount, int) or amount < 0:
            raise ValueError(f"{amount!r} is no amount of a counter")
        self.inc(amount)

    def reset(self) -> None:
        """To 0, and of no event."""
        self.value = 0
        self.detail = None

    def rise_to(self, total: int) -> None:
        """For totals that are kept elsewhere; never falls."""
        if total > self.value:
            self.inc(total - self.value)

    def text(self, format_: Format) -> bytes:
        """``name{...} 5``, with the exemplar in OpenMetrics."""
        if format_ is Format.OPENMETRICS and self.describe and self.detail is not None:
            exemplar = exemplar_text(self.describe(self.detail), self.weight)
            return self.prefix + encode(f"{self.value}{exemplar}")
        return self.prefix + str(self.value).encode()

    def zero(self) -> bytes:
        """``name{...} 0``."""
        return self.prefix + b"0"


class CounterFamily(Family[CounterSeries]):
    """Counters of one name."""

    def _born(self, values: tuple[str, ...], birth: int) -> CounterSeries:
        return CounterSeries(values, birth, self._dirty, self.declaration, self.describe)


class GaugeSeries(_Sample):
    """A value of this moment. It has no birth to show: a gauge at 0 would be a lie."""

    __slots__ = ("value",)

    def __init__(
        self, values: tuple[str, ...], birth: int, dirty: list[Series], declaration: Declaration
    ) -> None:
        super().__init__(values, birth, dirty, declaration)
        self.value = 0.0

    def set(self, value: float) -> None:
        """The value from now on; the same value again keeps the series alive."""
        if value == self.value:
            self.held = True
        else:
            self.value = value
            self.mark()

    def reset(self) -> None:
        """Nothing: it is of this moment, whoever shows it."""

    def text(self, format_: Format) -> bytes:  # noqa: ARG002 - the same in both
        """``name{...} 1.5``."""
        return self.prefix + number(self.value).encode()

    def zero(self) -> bytes:
        """As ``text``."""
        return self.text(Format.TEXT)


class GaugeFamily(Family[GaugeSeries]):
    """Gauges of one name; what they say has no beginning."""

    born_at_zero = False

    def _born(self, values: tuple[str, ...], birth: int) -> GaugeSeries:
        return GaugeSeries(values, birth, self._dirty, self.declaration)
