from __future__ import annotations

import pytest

from connectors.functions import NamedFunction, checked, declared
from connectors.sap_s4.functions import alpha


def named(name: str, *examples: tuple[str, str, str]) -> NamedFunction:
    return NamedFunction(name=name, doc="Does nothing.", run=str, examples=examples)


def test_every_declared_function_has_its_connectors_name_and_another_no_other_has() -> None:
    names = [function.name for function in declared()]
    assert "sap_s4.alpha" in names
    assert len(names) == len(set(names))


@pytest.mark.parametrize("name", ["alpha", "rest.alpha", "acme.Alpha", "acme.a.b", "acme."])
def test_a_name_that_is_not_the_connectors_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"acme: expected a name acme\.…"):
        checked("acme", named(name, ("a", name, "a")))


def test_a_function_without_example_is_refused() -> None:
    with pytest.raises(ValueError, match=r"acme\.clean: expected at least one example, found none"):
        checked("acme", named("acme.clean"))


@pytest.mark.parametrize(
    ("text", "length", "result"),
    [
        ("4711", "10", "0000004711"),
        ("TG-1", "10", "TG-1"),
        ("0042", "4", "0042"),
        ("٣", "4", "٣"),
        ("", "4", ""),
    ],
)
def test_alpha_pads_what_is_only_digits(text: str, length: str, result: str) -> None:
    assert alpha(text, length) == result


def test_alpha_refuses_what_does_not_fit() -> None:
    with pytest.raises(ValueError, match="expected at most 3 characters, found '4711'"):
        alpha("4711", "3")
