"""The built-in catalogue, as the pages tell it: files, families, and what feeds them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import product

from exporter.metrics.declaration import Declaration
from exporter.rules.language import LifecycleSpec, RuleFile, RuleSpec
from exporter.rules.loading import built_in, built_in_audit, load
from exporter.rules.reading import read_rule_file
from exporter.rules.rulebook import Rule, RuleBook
from exporter.rules.samples import Sample
from exporter.rules.selectors import Names

_EXPRESSION = re.compile(r"(?:(\w+)\()?\$(\w+)\)?\Z")
# Words for what bounds a label of which nobody knows the values.
_BOUNDS = {"$reason": "reasons", "$kind": "kinds", "$component": "components"}


@dataclass
class Feeds:
    """What all rules together put into the labels of a family."""

    sets: set[tuple[str | None, ...]] = field(default_factory=set)
    """Label sets; None stands for a value that nobody knows."""

    def values(self, place: int) -> list[str] | None:
        """Of one label; None where some are not known."""
        found = {labels[place] for labels in self.sets}
        return None if None in found or not found else sorted(v for v in found if v is not None)

    def combinations(self, places: Iterable[int]) -> int:
        """Different combinations of the labels at these places."""
        chosen = list(places)
        return len({tuple(labels[place] for place in chosen) for labels in self.sets})


@dataclass(frozen=True)
class Catalogue:
    """Files and rules, as they are written and as they are applied."""

    files: Mapping[str, RuleFile]
    """Those about events."""
    book: RuleBook

    @property
    def lifecycles(self) -> dict[str, LifecycleSpec]:
        """By name, in the order of their files."""
        return {name: spec for f in self.files.values() for name, spec in f.lifecycles.items()}

    @property
    def declarations(self) -> dict[str, Declaration]:
        """Families by name."""
        return {declaration.name: declaration for declaration in self.book.declarations}

    def written(self) -> Iterator[tuple[RuleSpec, Rule]]:
        """Every rule, both ways."""
        specs = {spec.id: spec for file in self.files.values() for spec in file.rules}
        for rule in self.book.all():
            yield specs[rule.id], rule

    def feeds(self, rules: Iterable[tuple[RuleSpec, Rule]] | None = None) -> dict[str, Feeds]:
        """By family; of these rules, else of all."""
        found: dict[str, Feeds] = {}
        for spec, rule in self.written() if rules is None else rules:
            for written, sample in zip(spec.samples, rule.samples, strict=True):
                labels = self.declarations[sample.family].labels
                columns = [
                    _values(written.labels[label], rule, sample, place)
                    for place, label in enumerate(labels)
                ]
                found.setdefault(sample.family, Feeds()).sets.update(product(*columns))
        return found

    def audit_feeds(self) -> dict[str, Feeds]:
        """The same of the rules for audit events."""
        found: dict[str, Feeds] = {}
        for rule in self.book.audit.all():
            for sample in rule.samples:
                columns = [values or (None,) for values in sample.values]
                found.setdefault(sample.family, Feeds()).sets.update(product(*columns))
        return found

    def bounds(self, family: str, label: str) -> str:
        """What bounds the values of a label that are not known, in one word or two."""
        written = {
            sample.labels[label]
            for spec, _ in self.written()
            for sample in spec.samples
            if sample.family == family
        }
        words = {_BOUNDS[text] for text in written if text in _BOUNDS}
        return words.pop() if len(words) == 1 else plural(label)


def plural(label: str) -> str:
    """As many as there are of what a label names."""
    if label.endswith("y"):
        return f"{label[:-1]}ies"
    return f"{label}s"


@cache
def catalogue() -> Catalogue:
    """The built-in one."""
    of_audit = {name for name, _ in built_in_audit()}
    files = {name: read_rule_file(name, text) for name, text in built_in() if name not in of_audit}
    return Catalogue(files, load(built_in(), lambda: 0.0))


def _values(written: str, rule: Rule, sample: Sample, place: int) -> tuple[str | None, ...]:
    """What a label can be by one rule: what the engine knows, or the rule's selector says."""
    known = sample.values[place]
    if known is not None:
        return known
    said = _EXPRESSION.match(written)
    function, name = (said[1] or "", said[2]) if said else ("", "")
    texts = _selected(rule, name) or _alternatives(rule, name)
    if function not in ("", "lower") or not texts:
        return (None,)
    return tuple(text.lower() if function else text for text in texts)


def _selected(rule: Rule, name: str) -> tuple[str, ...]:
    selected: dict[str, Names] = {
        "reason": rule.selector.reasons,
        "kind": rule.selector.kinds,
        "component": rule.selector.components,
        "type": rule.selector.types,
    }
    names = selected.get(name)
    return tuple(names.written) if names and names.is_exact else ()


def _alternatives(rule: Rule, name: str) -> tuple[str, ...]:
    """Of a named group that is nothing but words: ``(?P<probe>Liveness|Readiness)``."""
    pattern = rule.message.pattern if rule.message else ""
    words = re.search(rf"\(\?P<{name}>([A-Za-z_]+(?:\|[A-Za-z_]+)*)\)", pattern)
    return tuple(words[1].split("|")) if words else ()
