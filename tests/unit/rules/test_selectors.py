"""Names that rules are for: exact, or with a * at one end."""

from __future__ import annotations

import pytest

from exporter.rules.selectors import Names, Selector, SelectorError


@pytest.mark.parametrize(
    ("written", "inside", "outside"),
    [
        (["Failed"], ["Failed"], ["failed", "FailedMount", "", "Fail"]),
        (["A", "B"], ["A", "B"], ["AB", "C"]),
        (["OutOf*"], ["OutOf", "OutOfcpu"], ["OutO", "NotOutOfcpu", "outOfcpu"]),
        (["*-controller"], ["-controller", "job-controller"], ["job-controller-2", "controller"]),
        (["*"], ["", "anything"], []),
        (["A", "B*", "*C"], ["A", "B", "Bx", "C", "xC"], ["Ax", "xB", "Cx"]),
        (["external-resizer *"], ["external-resizer ebs"], ["external-resizer", "resizer ebs"]),
        ([""], [""], ["A"]),
        (["a.b"], ["a.b"], ["axb"]),
    ],
    ids=["exact", "two", "start", "end", "any", "mixed", "with a space", "empty", "no pattern"],
)
def test_a_name_is_exact_but_for_one_star(
    written: list[str], inside: list[str], outside: list[str]
) -> None:
    """The star stands for any text, none included; nothing else has a meaning."""
    names = Names(written)
    assert [name for name in inside if name not in names] == []
    assert [name for name in outside if name in names] == []


@pytest.mark.parametrize("written", ["a*b", "*a*", "**", "a**", "*a*b"])
def test_a_star_stands_once_at_an_end(written: str) -> None:
    """Elsewhere it is an error, which quotes it."""
    with pytest.raises(SelectorError) as caught:
        Names(["fine", written])
    assert repr(written) in str(caught.value)


@pytest.mark.parametrize(
    ("names", "exact"), [(["A", "B"], True), (["A", "B*"], False), (["*"], False), (["*B"], False)]
)
def test_exact_names_can_be_looked_up(names: list[str], exact: bool) -> None:
    """A name with a star cannot be a key."""
    assert Names(names).is_exact is exact


@pytest.mark.parametrize(
    ("names", "covered", "not_covered"),
    [
        (["*"], ["*", "A", "A*", "*A", ""], []),
        (["A"], ["A"], ["A*", "*A", "*", "B"]),
        (["A*"], ["A", "AB", "A*", "AB*"], ["*", "*A", "B*", "BA"]),
        (["*A"], ["A", "BA", "*A", "*BA"], ["*", "A*", "*B", "AB"]),
        (["A", "B"], ["A", "B"], ["*", "A*"]),
    ],
)
def test_names_cover_what_is_theirs_in_every_case(
    names: list[str], covered: list[str], not_covered: list[str]
) -> None:
    """A written name is covered if whatever it stands for is among the names."""
    known = Names(names)
    assert [name for name in covered if not known.covers(name)] == []
    assert [name for name in not_covered if known.covers(name)] == []


def selector(
    components: str = "kubelet", kinds: str = "Pod", reasons: str = "Failed", types: str = "*"
) -> Selector:
    """Names apart by commas."""
    return Selector(*(Names(names.split(",")) for names in (components, kinds, reasons, types)))


@pytest.mark.parametrize(
    ("event", "selected"),
    [
        (("Warning", "kubelet", "Pod", "Failed"), True),
        (("Normal", "kubelet", "Pod", "Failed"), False),
        (("Warning", "scheduler", "Pod", "Failed"), False),
        (("Warning", "kubelet", "Node", "Failed"), False),
        (("Warning", "kubelet", "Pod", "Killing"), False),
    ],
    ids=["all", "type", "component", "kind", "reason"],
)
def test_type_component_kind_and_reason_all_decide(
    event: tuple[str, str, str, str], selected: bool
) -> None:
    """One that is another's is enough."""
    assert selector(types="Warning").selects(*event) is selected


def test_combinations_are_as_they_are_written() -> None:
    """Each type with each component, kind and reason; a star stays a star."""
    found = list(selector("a,b*", "Pod", "R,S", "*").combinations())
    assert found == [
        ("*", "a", "Pod", "R"),
        ("*", "b*", "Pod", "R"),
        ("*", "a", "Pod", "S"),
        ("*", "b*", "Pod", "S"),
    ]


def test_a_selector_covers_a_combination_in_every_part() -> None:
    """Types too: what is for Warning alone leaves the others."""
    assert selector("*", "*", "Fail*").covers(("Warning", "kubelet", "Pod", "Failed"))
    assert not selector(types="Warning").covers(("*", "kubelet", "Pod", "Failed"))
    assert selector(types="Warning").covers(("Warning", "kubelet", "Pod", "Failed"))
    assert not selector(kinds="Node").covers(("*", "kubelet", "Pod", "Failed"))
