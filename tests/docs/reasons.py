"""The tables of docs/reasons.md: every reason that is known, and what is made of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache

from exporter.rules.language import RuleSpec
from exporter.rules.rulebook import Rule
from tests.catalogue.reading import Entry, Known, combinations, entries, example
from tests.docs.catalogue import Catalogue, catalogue
from tests.docs.markdown import codes, table

ONLY_COUNTED = "only `kube_events_total`"
_FEW = 4
# Said in columns of their own, or true of everything.
_UNTOLD = ("reason", "kind", "type", "namespace", "component")
_Written = Sequence[tuple[RuleSpec, Rule]]


def parts() -> dict[str, str]:
    """By name."""
    return {"reasons": "\n\n".join([*_components(_known()), *_others()])}


def _known() -> dict[tuple[str, ...], dict[Known, None]]:
    """What is known, by components that write the same."""
    by_component: dict[str, dict[Known, None]] = {}
    for entry in entries():
        for component in entry.components:
            by_component.setdefault(component, {}).update(_of(entry, component))
    alike: dict[tuple[Known, ...], list[str]] = {}
    for component, known in by_component.items():
        same = tuple(k._replace(component="") for k in known)
        alike.setdefault(same, []).append(component)
    return {tuple(c): by_component[c[0]] for c in sorted(alike.values(), key=_by_name)}


def _by_name(components: list[str]) -> str:
    return components[0].lstrip("<").lower()


def _of(entry: Entry, component: str) -> dict[Known, None]:
    return {
        Known(type_, component, kind, entry.reason): None
        for type_ in entry.types
        for kind in entry.kinds
    }


def _components(known: dict[tuple[str, ...], dict[Known, None]]) -> Iterable[str]:
    told = catalogue()
    for components, combined in known.items():
        yield f"## {', '.join(c.replace('<', '').replace('>', '') for c in components)}"
        merged: dict[tuple[str, str, str], dict[str, None]] = {}
        for type_, component, kind, reason in combined:
            found = _candidates(type_, example(component), kind, reason)
            key = (reason, _counted(found, told), codes(spec.id for spec, _ in found))
            merged.setdefault(key, {})[kind] = None
        yield table(
            ("reason", "kind", "counted in", "rules"),
            (
                (f"`{reason}`", ", ".join(kinds), counted, rules)
                for (reason, counted, rules), kinds in merged.items()
            ),
        )


def _others() -> Iterable[str]:
    """What rules name beyond the facts: newer, older or rarer than the sources that were read."""
    told = catalogue()
    rows = [
        (
            codes([reason]),
            ", ".join(spec.kinds),
            codes(spec.components),
            _counted([(spec, rule)], told),
        )
        for spec, rule in told.written()
        for reason in spec.reasons
        if not any(
            reason in (known.reason, "*") and rule.selector.selects(*known)
            for entry in entries()
            for known in combinations(entry)
        )
    ]
    if rows:
        yield "## Others"
        yield table(("reason", "kind", "component", "counted in"), sorted(rows))


def _candidates(type_: str, component: str, kind: str, reason: str) -> _Written:
    chosen = catalogue().book.rules_for(type_, component, kind, reason)
    written = _by_id()
    return [written[rule.id] for subject in chosen for rule in subject]


@cache
def _by_id() -> dict[str, tuple[RuleSpec, Rule]]:
    return {spec.id: (spec, rule) for spec, rule in catalogue().written()}


def _counted(rules: _Written, told: Catalogue) -> str:
    found = [_fed(family, rules, told) for family in told.feeds(rules)]
    for _, rule in rules:
        if rule.opens:
            found.append(f"opens [`{rule.opens.lifecycle}`](metrics.md#lifecycles)")
        if rule.closes and not any(sample.elapsed for sample in rule.samples):
            found.append(f"closes [`{rule.closes.lifecycle}`](metrics.md#lifecycles)")
    return " <br> ".join(dict.fromkeys(found)) or ONLY_COUNTED


def _fed(family: str, rules: _Written, told: Catalogue) -> str:
    feeds = told.feeds(rules)[family]
    said = []
    for place, label in enumerate(told.declarations[family].labels):
        values = feeds.values(place)
        if values and label not in _UNTOLD:
            few = codes(values) if len(values) <= _FEW else f"{len(values)} values"
            said.append(f"{label}: {few}")
    return f"[`{family}`](metrics.md#{family})" + (f" {'; '.join(said)}" if said else "")
