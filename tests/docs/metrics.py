"""The parts of docs/metrics.md."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from exporter.audit import Undecodable as Unreadable
from exporter.election.telemetry import CAUSES
from exporter.kube.frames import Undecodable
from exporter.kube.telemetry import FRAME_TYPES, Failure, Relist
from exporter.metrics.declaration import Declaration
from exporter.rules import reserved
from exporter.rules.language import RuleFile
from exporter.rules.reserved import LIFECYCLES
from exporter.rules.reserved_audit import AUDIT, CLOSED, SOURCES
from exporter.rules.rulebook import Rule
from exporter.selfmetrics import DECLARATIONS, RECEPTION
from exporter.selfmetrics.declarations_audit import OF_EACH_SOURCE
from exporter.web.reviews import Kind, Outcome, Result
from tests.docs.catalogue import Catalogue, Feeds, catalogue
from tests.docs.families import Known
from tests.docs.markdown import codes, table

OWN = (*DECLARATIONS, *RECEPTION)
_SOURCES = list(SOURCES)
# By family and label, of labels that no rule feeds; what is not here is bounded by what it names.
VALUES: Mapping[tuple[str, str], list[str]] = {
    **{(d.name, "source"): _SOURCES for d in OF_EACH_SOURCE},
    ("kube_event_metrics_audit_undecodable_total", "cause"): [str(each) for each in Unreadable],
    ("kube_event_metrics_audit_webhook_refused_total", "cause"): [
        "too_large",
        "not_event_list",
        "unauthorized",
        "overloaded",
        "slow",
        "not_saved",
    ],
    ("kube_event_metrics_audit_log_gaps_total", "cause"): ["rotated_away", "truncated"],
    ("kube_event_metrics_frames_total", "type"): list(FRAME_TYPES),
    ("kube_event_metrics_lease_failures_total", "cause"): [str(cause) for cause in CAUSES],
    ("kube_event_metrics_relists_total", "cause"): [str(cause) for cause in Relist],
    ("kube_event_metrics_undecodable_total", "cause"): [str(cause) for cause in Undecodable],
    ("kube_event_metrics_watch_failures_total", "cause"): [str(cause) for cause in Failure],
    ("kube_event_metrics_web_reviews_total", "kind"): [str(kind) for kind in Kind],
    ("kube_event_metrics_web_reviews_total", "result"): [str(result) for result in Result],
    ("kube_event_metrics_web_token_requests_total", "result"): [str(each) for each in Outcome],
    ("kube_event_metrics_workload_watch_failures_total", "cause"): [
        str(cause) for cause in Failure
    ],
}
# The two every event feeds: their labels multiply to nonsense.
_WIDEST = {
    reserved.EVENTS.name: 'sum by (reason) (increase(kube_events_total{type="Warning"}[1h]))',
    reserved.LAST_SEEN.name: (
        "time() - max by (kind, reason) (kube_event_last_seen_timestamp_seconds)"
    ),
}

# What people come for, in the order of a pod's life; other files follow by name.
_FIRST = (
    "pod-creation.yaml",
    "scheduling.yaml",
    "image-pulls.yaml",
    "containers.yaml",
    "probes.yaml",
    "pod-lifecycles.yaml",
    "evictions.yaml",
    "volumes.yaml",
    "nodes.yaml",
    "node-problems.yaml",
    "kubelet.yaml",
)


def parts() -> dict[str, str]:
    """By name."""
    known = catalogue()
    return {
        "contents": _contents(known),
        "events": "\n\n".join(_widest(d) for d in (reserved.EVENTS, reserved.LAST_SEEN)),
        "subjects": "\n\n".join(_subjects(known)),
        "pairs": _pairs(known),
        "audit-families": "\n\n".join(known.section() for known in _all_audit(known)),
        "lifecycle-families": _compact(_pair(d, known) for d in LIFECYCLES),
        "exporter-families": _compact(_own(d) for d in OWN),
        "exporter-values": table(
            ("family", "label", "values"),
            (
                (f"`{family}`", f"`{label}`", codes(sorted(values)))
                for (family, label), values in sorted(VALUES.items())
            ),
        ),
    }


def queries() -> list[str]:
    """Every example on the page."""
    known = catalogue()
    feeds = known.feeds()
    fed = [_known(d, feeds.get(d.name, Feeds()), known).query() for d in known.book.declarations]
    audit = _all_audit(known)
    rest = [*audit, *(_pair(d, known) for d in LIFECYCLES), *(_own(d) for d in OWN)]
    return [*_WIDEST.values(), *fed, *(known.query() for known in rest)]


def _contents(known: Catalogue) -> str:
    rows = [
        (f"[{_title(name)}](#{_title(name).lower().replace(' ', '-')})", _links(file.families))
        for name, file in _in_order(known)
    ]
    events = (reserved.EVENTS.name, reserved.LAST_SEEN.name)
    audit = [d.name for d in (*AUDIT, *known.book.audit.declarations)]
    rows = [("[All events](#all-events)", _links(events)), *rows]
    rows.append(("[Audit events](#audit-events)", _links(audit)))
    return table(("subject", "families"), rows)


def _in_order(known: Catalogue) -> list[tuple[str, RuleFile]]:
    """The files that declare families."""
    places = {name: place for place, name in enumerate(_FIRST)}
    return sorted(
        ((name, file) for name, file in known.files.items() if file.families),
        key=lambda named: (places.get(named[0], len(_FIRST)), named[0]),
    )


def _links(names: Iterable[str]) -> str:
    return " <br> ".join(f"[`{name}`](#{name})" for name in names)


def _title(file: str) -> str:
    return file.removesuffix(".yaml").replace("-", " ").capitalize()


def _widest(declaration: Declaration) -> str:
    section = Known(declaration, {}).section()
    query = Known(declaration, {}).query()
    facts = f"series: {Known(declaration, {}).cardinality()}."
    return section.replace(facts, "series: combinations that occur.").replace(
        query, _WIDEST[declaration.name]
    )


def _subjects(known: Catalogue) -> Iterator[str]:
    feeds = known.feeds()
    for name, file in _in_order(known):
        yield f"## {_title(name)}"
        for family in file.families:
            found = feeds.get(family, Feeds())
            yield _known(known.declarations[family], found, known).section()


def _known(declaration: Declaration, feeds: Feeds, known: Catalogue) -> Known:
    bounds = {label: known.bounds(declaration.name, label) for label in declaration.labels}
    return _fed(declaration, feeds, bounds)


def _fed(declaration: Declaration, feeds: Feeds, bounds: Mapping[str, str]) -> Known:
    values: dict[str, list[str]] = {}
    places: list[int] = []
    for place, label in enumerate(declaration.labels):
        found = feeds.values(place)
        if found is not None:
            values[label] = found
            places.append(place)
    return Known(declaration, values, feeds.combinations(places), bounds)


def _all_audit(known: Catalogue) -> list[Known]:
    feeds = known.audit_feeds()
    fed = [
        _fed(declaration, feeds[declaration.name], {})
        for declaration in known.book.audit.declarations
    ]
    return [*map(_audit, AUDIT), *fed]


def _audit(declaration: Declaration) -> Known:
    values = dict(CLOSED[declaration.name])
    combinations = 1
    for found in values.values():
        combinations *= len(found)
    # These come with a resource, and multiply nothing.
    bounds = dict.fromkeys(("group", "subresource", "version", "removed_release"), "")
    return Known(declaration, values, combinations, bounds)


def _pairs(known: Catalogue) -> str:
    return table(
        ("lifecycle", "opened by", "closed by", "one for each", "abandoned after", "measured in"),
        (
            (
                f"`{name}`",
                _reasons(r for _, r in known.written() if r.opens and r.opens.lifecycle == name),
                _closings(name, known),
                codes(spec.key),
                spec.max_age,
                codes(_measured(name, known)),
            )
            for name, spec in sorted(known.lifecycles.items())
        ),
    )


def _reasons(rules: Iterable[Rule]) -> str:
    return codes(
        dict.fromkeys(reason for rule in rules for reason in rule.selector.reasons.written)
    )


def _closings(name: str, known: Catalogue) -> str:
    by_outcome: dict[str, list[Rule]] = {}
    for _, rule in known.written():
        if rule.closes and rule.closes.lifecycle == name:
            by_outcome.setdefault(rule.outcome, []).append(rule)
    return " <br> ".join(f"{outcome}: {_reasons(rules)}" for outcome, rules in by_outcome.items())


def _measured(name: str, known: Catalogue) -> list[str]:
    return sorted(
        {
            sample.family
            for _, rule in known.written()
            if rule.closes and rule.closes.lifecycle == name
            for sample in rule.samples
            if sample.elapsed
        }
    )


def _pair(declaration: Declaration, known: Catalogue) -> Known:
    """A family of every lifecycle."""
    by_lifecycle = known.book.outcomes()
    outcomes = sorted({outcome for found in by_lifecycle.values() for outcome in found})
    values = {"lifecycle": sorted(known.lifecycles), "outcome": outcomes}
    sets = len(by_lifecycle)
    if "outcome" in declaration.labels:
        sets = sum(len(found) for found in by_lifecycle.values())
    return Known(declaration, {label: values[label] for label in declaration.labels}, sets)


def _own(declaration: Declaration) -> Known:
    values = {
        label: VALUES[declaration.name, label]
        for label in declaration.labels
        if (declaration.name, label) in VALUES
    }
    combinations = 1
    for found in values.values():
        combinations *= len(found)
    return Known(declaration, values, combinations, {"version": "", "python": "", "build": ""})


def _compact(rows: Iterable[Known]) -> str:
    return table(
        ("family", "type", "labels", "what", "series", "example"),
        (
            (
                f"`{known.declaration.name}`",
                known.declaration.type.value,
                codes(known.declaration.labels),
                known.declaration.help,
                known.cardinality(),
                f"`{known.query()}`",
            )
            for known in rows
        ),
    )
