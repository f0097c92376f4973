"""A family on docs/metrics.md: its values, how many series it can have, and a query."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from exporter.metrics.declaration import Declaration, MetricType, Stability
from tests.docs.catalogue import plural
from tests.docs.markdown import codes

# Labels that queries sum by only where there is nothing better.
_WIDE = ("namespace", "reason", "kind", "scope")
_MOST_BY = 2
_MOST_REASONS = 20
_UNITS = ((1e9, " GB"), (1e6, " MB"), (1e3, " kB"))
_REGISTRY = "registry"


@dataclass(frozen=True)
class Known:
    """What is known of the labels of a family."""

    declaration: Declaration
    values: Mapping[str, list[str]]
    """Of the labels of which all values are known."""
    combinations: int = 1
    """Of those values, that can occur."""
    bounds: Mapping[str, str] | None = None
    """What bounds each other label, in the plural; empty where it has one value."""

    def cardinality(self) -> str:
        """The most series, in words: ``12 x namespaces``."""
        factors = [str(self.combinations)] if self.values else []
        factors += [
            (self.bounds or {}).get(label, plural(label))
            for label in self.declaration.labels
            if label not in self.values
        ]
        series = " x ".join(filter(None, factors)) or "1"
        return f"{series}, {self.declaration.samples} samples each" if self._histogram else series

    def query(self) -> str:
        """An example, by type and labels."""
        name, by = self.declaration.name, ", ".join(self._by())
        if self._histogram:
            le = ", ".join(["le", *self._by()])
            return f"histogram_quantile(0.9, sum by ({le}) (rate({name}_bucket[1h])))"
        if self.declaration.type is MetricType.COUNTER:
            return f"sum by ({by}) (increase({name}[1h]))" if by else f"increase({name}[1h])"
        return f"time() - {name}" if name.endswith("_timestamp_seconds") else name

    def section(self) -> str:
        """The family's part of the page."""
        d = self.declaration
        facts = [d.type.value.capitalize()]
        facts += ["STABLE"] if d.stability is Stability.STABLE else []
        facts.append(f"labels {codes(d.labels)}" if d.labels else "no labels")
        facts.append(f"series: {self.cardinality()}")
        lines = [f"### `{d.name}`", d.help, "; ".join(facts) + "."]
        lines += [
            "\n".join(f"- `{label}`: {_values(label, v)}" for label, v in self.values.items())
        ]
        if d.buckets:
            lines.append(f"Buckets: {', '.join(_bucket(b, d.name) for b in d.buckets)}.")
        lines.append(f"```promql\n{self.query()}\n```")
        return "\n\n".join(line for line in lines if line)

    @property
    def _histogram(self) -> bool:
        return self.declaration.type is MetricType.HISTOGRAM

    def _by(self) -> list[str]:
        labels = self.declaration.labels
        telling = [name for name in labels if name in self.values or name == _REGISTRY]
        best = [name for name in telling if name not in _WIDE]
        if "cause" in best and _REGISTRY in best:
            best.remove(_REGISTRY)
        return (best or ([] if self._histogram else list(labels)))[:_MOST_BY]


def _values(label: str, values: list[str]) -> str:
    if label == "reason" and len(values) > _MOST_REASONS:
        return f"one of {len(values)} that the rules name, see [reasons](reasons.md)"
    return codes(values)


def _bucket(bound: float, name: str) -> str:
    if name.endswith("_bytes"):
        for size, unit in _UNITS:
            if bound >= size:
                return f"{bound / size:g}{unit}"
    return f"{bound:g}"
