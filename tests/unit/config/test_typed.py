from __future__ import annotations

from typing import Any

import msgspec
import pytest

from exporter.config.typed import TypedError, converted, without


class Leaf(msgspec.Struct, forbid_unknown_fields=True):
    color: str
    sizes: list[int] = []


class Branch(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    leaf_list: list[Leaf] = []
    twig: Leaf | None = None
    names: dict[str, str] = {}
    choice: list[Leaf] | Leaf = []


def problem(value: Any) -> TypedError:
    with pytest.raises(TypedError) as caught:
        converted(value, Branch)
    return caught.value


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"leafLists": []}, "leafLists: no such key; did you mean leafList?"),
        ({"leafList": [{}, {"colour": "x"}]}, "leafList[0]: Object missing required field `color`"),
        (
            {"leafList": [{"color": "x"}, {"colour": "x"}]},
            "leafList[1].colour: no such key; did you mean color?",
        ),
        ({"twig": {"colors": "x"}}, "twig.colors: no such key; did you mean color?"),
        ({"choice": {"size": []}}, "choice.size: no such key; did you mean sizes?"),
        ({"choice": [{"size": []}]}, "choice[0].size: no such key; did you mean sizes?"),
        # A key of elsewhere is no guess.
        ({"color": "x"}, "color: no such key"),
        ({"names": {"a": 5}}, "names[...]: Expected `str`, got `int`"),
        ({"names": {True: "a"}}, "names: a key is no text; put it between quotes"),
        ("x", "Expected `object`, got `str`"),
    ],
)
def test_what_is_wrong_is_told_with_its_key(value: Any, said: str) -> None:
    """A misspelt one with the nearest of those that can stand there."""
    assert str(problem(value)) == said


def test_a_value_of_the_type_is_converted() -> None:
    """With what is left out."""
    assert converted({"twig": {"color": "x"}}, Branch) == Branch(twig=Leaf("x"))


@pytest.mark.parametrize("place", ["leafList[1]", "twig", ""])
def test_a_key_that_is_not_known_can_be_left_out(place: str) -> None:
    """So that what else is wrong is found; the value that was read stays as it is."""
    value: dict[str, Any] = {"leafList": [{"color": "a"}, {"color": "b"}], "twig": {"color": "c"}}
    good = converted(value, Branch)
    inner = {"leafList[1]": value["leafList"][1], "twig": value["twig"], "": value}[place]
    inner["other.key[0]"] = 5
    error = problem(value)
    assert (error.place, error.unknown) == (place, "other.key[0]")
    assert converted(without(value, error), Branch) == good
    assert inner["other.key[0]"] == 5
