"""Functions that connectors add: `connectors.functions` made callable in mappings."""

from __future__ import annotations

from typing import Any

from connectors.functions import NamedFunction, declared
from hub.mapping.functions.base import FUNCTIONS, ArgumentRefused, Example, Function, Param, Run, Shape
from hub.mapping.values import ValueRefused, made, text_of

GROUP = "connectors"
_COST = 500


def adapted(named: NamedFunction) -> Function:
    """A connector's function as the notation calls it: text to text, nothing when that is empty."""

    def bind(*arguments: str) -> Run:
        if named.check is not None:
            try:
                named.check(*arguments)
            except ValueError as error:
                raise ArgumentRefused(str(error)) from None
        return lambda value: _called(named, text_of(value), arguments)

    params = tuple(Param(name) for name in named.params)
    examples = tuple(Example(*example) for example in named.examples)
    return Function(
        name=named.name,
        group=GROUP,
        doc=named.doc,
        params=params,
        takes="one",
        gives=_one,
        bind=bind,
        examples=examples,
        on_absent=False,
        may_drop=True,
        cost=_COST,
    )


def _one(_count: int) -> Shape:
    return "one"


def _called(named: NamedFunction, text: str, arguments: tuple[str, ...]) -> str:
    try:
        result: Any = named.run(text, *arguments)
    except ValueError as error:
        raise ValueRefused(str(error)) from None
    if type(result) is not str:
        raise ValueRefused(f"{named.name} gave a {type(result).__name__}, expected a text")
    return made(result)


FUNCTIONS.update({named.name: adapted(named) for named in declared()})
