"""Rule files together: people add their own beside the built-in catalogue."""

from __future__ import annotations

import pytest

from exporter.metrics.declaration import MetricType
from exporter.rules.loading import load
from exporter.rules.problems import RuleError
from exporter.rules.reserved import EVENTS, LAST_SEEN, LIFECYCLES
from exporter.rules.reserved_audit import AUDIT
from exporter.rules.rulebook import RuleBook
from exporter.selfmetrics import DECLARATIONS as SELF
from tests.unit.rules.observing import observe, rules

_FAMILIES = """
families:
  kube_event_things_total: {type: counter, help: Things., labels: [namespace, thing]}
  kube_event_thing_seconds: {type: histogram, help: Time., labels: [namespace], buckets: [1, 5]}
"""
_LIFECYCLES = """
lifecycles:
  thing: {key: [$uid, $what], max_age: 1m}
"""
_PAIR = """
rules:
  - {id: begins, components: [c], reasons: [B], message: '(?P<what>.*)', opens: thing}
  - {id: ends, components: [c], reasons: [E], message: '(?P<what>.*)', closes: thing}
"""


def own(body: str, id_: str = "mine") -> str:
    """A file of one rule and nothing else."""
    head = f"rules:\n  - id: {id_}\n    components: [c]\n    reasons: [R]\n"
    return head + "".join(f"    {line}\n" for line in body.strip().splitlines())


def book_of(*files: tuple[str, str]) -> RuleBook:
    """Of files on a clock that stands still."""
    return load(files, lambda: 0.0)


def ids(book: RuleBook, component: str = "c", kind: str = "Pod", reason: str = "R") -> list[str]:
    """The rules to look at for such a Warning, in their order."""
    return [rule.id for file in book.rules_for("Warning", component, kind, reason) for rule in file]


class TestFamilyNames:
    """Families stand on one page, in two formats."""

    @pytest.mark.parametrize(
        "name",
        [
            "kube_events_total",
            "kube_event_lifecycle_closed_total",
            "kube_audit_requests_total",
            "kube_event_metrics_scrapers_total",
            "process_cpu_seconds_total",
            "python_gc_collections_total",
        ],
    )
    def test_the_exporters_own_names_are_taken(self, name: str) -> None:
        """A family of somebody's file would stand on the page twice."""
        text = f"families:\n  {name}: {{type: counter, help: X., labels: []}}"
        with pytest.raises(RuleError, match=rf"^test.yaml: families: {name}: .* own$"):
            rules(text)

    def test_every_family_of_the_house_is_among_them(self) -> None:
        """Counters and gauges of the pipeline and of the exporter itself."""
        own_ones = [EVENTS, LAST_SEEN, *LIFECYCLES, *AUDIT, *SELF]
        for declaration in own_ones:
            histogram = declaration.type is not MetricType.COUNTER
            type_ = "histogram" if histogram else "counter"
            buckets = ", buckets: [1]" if histogram else ""
            text = f"{{type: {type_}, help: X., labels: []{buckets}}}"
            with pytest.raises(RuleError, match=r"own$"):
                rules(f"families:\n  {declaration.name}: {text}")

    @pytest.mark.parametrize("other", ["kube_event_x", "kube_event_x_created"])
    def test_a_counter_and_a_histogram_are_told_apart_without_total(self, other: str) -> None:
        """OpenMetrics calls a counter's family by its name without it."""
        text = f"""
families:
  kube_event_x_total: {{type: counter, help: X., labels: []}}
  {other}: {{type: histogram, help: X., labels: [], buckets: [1]}}
"""
        with pytest.raises(RuleError, match=rf"{other}: cannot be told from kube_event_x_total"):
            rules(text)

    def test_a_histograms_samples_have_names_too(self) -> None:
        """A family cannot be called like the sum of another."""
        text = """
families:
  kube_event_x: {type: histogram, help: X., labels: [], buckets: [1]}
  kube_event_x_sum: {type: histogram, help: X., labels: [], buckets: [1]}
"""
        with pytest.raises(RuleError, match="kube_event_x_sum: cannot be told from kube_event_x"):
            rules(text)


class TestFilesTogether:
    """People add files of their own beside the built-in catalogue."""

    def test_a_family_of_another_file_can_be_fed(self) -> None:
        """Families are common to all files."""
        sample = "{family: kube_event_things_total, labels: {namespace: $namespace, thing: a}}"
        book = book_of(("a", _FAMILIES), ("b", own(f"samples: [{sample}]")))
        (found,) = observe(book, component="c", reason="R")
        assert found.labels == ("shop", "a")

    def test_a_cause_table_of_another_file_can_be_used(self) -> None:
        """Tables are common to all files."""
        table = "causes: {why: [{cause: here, pattern: back}]}"
        sample = "{family: kube_event_things_total, labels: {namespace: a, thing: why($message)}}"
        book = book_of(("a", _FAMILIES), ("b", own(f"samples: [{sample}]")), ("c", table))
        (found,) = observe(book, component="c", reason="R", message="back")
        assert found.labels == ("a", "here")

    def test_a_lifecycle_of_another_file_can_be_opened(self) -> None:
        """Lifecycles are common to all files."""
        book = book_of(
            ("a", _LIFECYCLES + _PAIR), ("b", own("message: '(?P<what>.*)'\nopens: thing"))
        )
        assert set(book.lifecycles) == {"thing"}
        observe(book, component="c", reason="R")
        assert len(book.lifecycles["thing"]) == 1

    def test_rules_stand_in_the_order_of_the_files(self) -> None:
        """Among rules of the same events the first file's come first."""
        book = book_of(("a", own("", "one")), ("b", own("", "two")))
        assert ids(book) == ["one", "two"]

    def test_rules_stand_in_the_order_of_their_file(self) -> None:
        """However they are written: exact, with a star, for several reasons."""
        text = """
rules:
  - {id: r1, components: [c], reasons: ['*'], message: one}
  - {id: r2, components: [c], reasons: [R], message: two}
  - {id: r3, components: ['*'], reasons: [Q, R], message: three}
  - {id: r4, components: [c], kinds: ['*'], reasons: ['R*', R]}
"""
        assert ids(rules(text)) == ["r1", "r2", "r3", "r4"]

    def test_files_do_not_shadow_each_other(self) -> None:
        """An event is read by the first rule that matches in each of them."""
        sample = "samples: [{family: kube_event_things_total, labels: {namespace: a, thing: %s}}]"
        book = book_of(
            ("a", _FAMILIES),
            ("b", own(sample % "one", "one")),
            ("c", own(sample % "two", "two")),
        )
        found = observe(book, component="c", reason="R")
        assert [o.labels for o in found] == [("a", "one"), ("a", "two")]

    def test_files_of_one_name_do_not_either(self) -> None:
        """Somebody's own file may be called as a built-in one is."""
        sample = "samples: [{family: kube_event_things_total, labels: {namespace: a, thing: %s}}]"
        book = book_of(
            ("a", _FAMILIES),
            ("pods.yaml", own(sample % "one", "one")),
            ("pods.yaml", own(sample % "two", "two")),
        )
        found = observe(book, component="c", reason="R")
        assert [o.labels for o in found] == [("a", "one"), ("a", "two")]

    @pytest.mark.parametrize(
        ("text", "entry"),
        [
            (_FAMILIES, "families: kube_event_things_total"),
            (_LIFECYCLES, "lifecycles: thing"),
            ("causes: {why: []}", "causes: why"),
        ],
        ids=["family", "lifecycle", "cause table"],
    )
    def test_nothing_is_declared_twice(self, text: str, entry: str) -> None:
        """A second declaration would change the first's meaning: the error names both files."""
        with pytest.raises(RuleError) as caught:
            book_of(("a.yaml", text), ("b.yaml", text))
        assert str(caught.value) == f"b.yaml: {entry}: is declared in a.yaml"

    @pytest.mark.parametrize(
        ("types", "matched"),
        [
            ("", ["Normal", "Warning", "Info", "Custom", "CustomError", ""]),
            ("types: [Info]", ["Info"]),
            ("types: [Warning, 'Custom*']", ["Warning", "Custom", "CustomError"]),
            ("types: ['']", [""]),
        ],
    )
    def test_an_event_can_have_any_type(self, types: str, matched: list[str]) -> None:
        """Kubernetes knows two of them and takes what it is given: a rule can be for others."""
        book = book_of(("a", own(types)))
        every = ["Normal", "Warning", "Info", "Custom", "CustomError", ""]
        assert [type_ for type_ in every if book.rules_for(type_, "c", "Pod", "R")] == matched


class TestReplacing:
    """A rule of a later file takes the place of the rule of its id."""

    _SAMPLE = "samples: [{family: kube_event_things_total, labels: {namespace: a, thing: %s}}]"
    _FILE = (
        _FAMILIES
        + """
rules:
  - {id: r1, components: [c], reasons: [R], message: one, SAMPLE}
  - {id: r2, components: [c], reasons: [R], message: one|two, SAMPLE}
  - {id: r3, components: [c], reasons: [R], SAMPLE}
"""
    )
    for _thing in ("one", "two", "three"):
        _FILE = _FILE.replace("SAMPLE", _SAMPLE % _thing, 1)

    def test_it_stands_where_the_other_stood(self) -> None:
        """In its file and in its place, before what came behind it."""
        mine = own("message: one|two\n" + self._SAMPLE % "mine", "r2")
        book = book_of(("a.yaml", self._FILE), ("own.yaml", mine))
        assert ids(book) == ["r1", "r2", "r3"]
        for message, thing in (("one", "one"), ("two", "mine"), ("", "three")):
            (found,) = observe(book, component="c", reason="R", message=message)
            assert found.labels == ("a", thing)

    def test_it_may_be_for_other_events(self) -> None:
        """Those of the replaced rule fall to what stands behind it."""
        mine = "rules: [{id: r1, components: [c], reasons: [S]}]"
        book = book_of(("a.yaml", self._FILE), ("own.yaml", mine))
        assert ids(book) == ["r2", "r3"]
        assert ids(book, reason="S") == ["r1"]

    def test_an_empty_rule_switches_one_off(self) -> None:
        """Its events come to nothing, and not to what stands behind it."""
        book = book_of(("a.yaml", self._FILE), ("own.yaml", own("message: one", "r1")))
        assert observe(book, component="c", reason="R", message="one") == []
        assert len(observe(book, component="c", reason="R", message="two")) == 1

    def test_the_last_file_has_the_last_word(self) -> None:
        """Of three rules of one id the third counts, in the first one's place."""
        mine = [own(f"message: one|two\n{self._SAMPLE % thing}", "r2") for thing in ("x", "y")]
        book = book_of(("a.yaml", self._FILE), ("b.yaml", mine[0]), ("c.yaml", mine[1]))
        (found,) = observe(book, component="c", reason="R", message="two")
        assert found.labels == ("a", "y")
        assert ids(book) == ["r1", "r2", "r3"]

    def test_an_error_names_the_file_that_replaced(self) -> None:
        """That is where it is to be put right."""
        with pytest.raises(RuleError, match=r"^own.yaml: r2: opens: no lifecycle 'nothing'"):
            book_of(("a.yaml", self._FILE), ("own.yaml", own("opens: nothing", "r2")))

    def test_what_it_leaves_nothing_is_told_of_both_files(self) -> None:
        """A rule that takes all events of those behind it is most likely a mistake."""
        with pytest.raises(RuleError) as caught:
            book_of(("a.yaml", self._FILE), ("own.yaml", own("", "r2")))
        said = str(caught.value)
        assert said.startswith(
            "a.yaml: r3: is never reached: all its events go to r2 (own.yaml) before it"
        )

    def test_a_lifecycle_can_be_switched_off(self) -> None:
        """By replacing every rule that opens or closes it: no pair of it is shown any more."""
        mine = """
rules:
  - {id: begins, components: [c], reasons: [B]}
  - {id: ends, components: [c], reasons: [E]}
"""
        book = book_of(("a.yaml", _LIFECYCLES + _PAIR), ("own.yaml", mine))
        assert book.lifecycles == {}

    def test_half_a_lifecycle_cannot(self) -> None:
        """It would open without end; the error names the rule that was replaced."""
        mine = "rules: [{id: ends, components: [c], reasons: [E]}]"
        with pytest.raises(RuleError) as caught:
            book_of(("a.yaml", _LIFECYCLES + _PAIR), ("own.yaml", mine))
        said = "a.yaml: lifecycles: thing: no rule closes it; ends did, and was replaced"
        assert str(caught.value) == said
