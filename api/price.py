"""The price of an operation: worked out once for a document, summed up for each request's variables.

A scalar is free, an object costs 1, a list its length times an item. The length is `first` or `last`, else the default
page of whatever takes them; of other lists nothing is known, so they count 5.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from graphql import FieldNode, IntValueNode, ListValueNode, OperationDefinitionNode, ValueNode, VariableNode

from api import limits


@dataclass(frozen=True)
class Length:
    """Of a list: known from the document, or from a variable when that is given."""

    known: int
    variable: str | None = None

    def of(self, given: Mapping[str, int | None]) -> int:
        length = given.get(self.variable) if self.variable else None
        return self.known if length is None else length


@dataclass(frozen=True)
class Term:
    """The items of one field: as many as the longest of the lengths (none: one), each `item` and a set."""

    lengths: frozenset[Length]
    item: int
    child: int

    def cost(self, given: Mapping[str, int | None], costs: list[int]) -> int:
        count = max((length.of(given) for length in self.lengths), default=1)
        return count * (self.item + costs[self.child])


@dataclass(frozen=True)
class SetPrice:
    """Of one selection set: what is fixed, and terms that point to sets priced before it."""

    fixed: int
    terms: tuple[Term, ...]


class Price:
    """Of one operation, whose set is the last of the prices. Summed up once for the lengths that variables give."""

    def __init__(self, prices: Iterable[SetPrice], operation: OperationDefinitionNode) -> None:
        self._prices = tuple(prices)
        lengths = (length for price in self._prices for term in price.terms for length in term.lengths)
        self._names = tuple(sorted({length.variable for length in lengths if length.variable}))
        self._defaults = {
            item.variable.name.value: literal_length(item.default_value)
            for item in operation.variable_definitions or ()
        }
        self._sum = lru_cache(maxsize=100)(self._sum_up)

    def of(self, variables: Mapping[str, Any]) -> int:
        return self._sum(
            tuple(_length(variables[name]) if name in variables else self._defaults.get(name) for name in self._names)
        )

    def _sum_up(self, lengths: tuple[int | None, ...]) -> int:
        """A set that is reached by many paths is summed up once."""
        given = dict(zip(self._names, lengths, strict=True))
        costs: list[int] = []
        for price in self._prices:
            costs.append(price.fixed + sum(term.cost(given, costs) for term in price.terms))
        return costs[-1]


def _length(value: Any) -> int | None:
    """What coercion will refuse counts as if it were not given."""
    if isinstance(value, list):
        return len(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def list_length(field: FieldNode) -> Length | None:
    """By its arguments: first, last or ids; null when it has none of them."""
    for argument in field.arguments or ():
        if argument.name.value in ("first", "last", "ids"):
            value = argument.value
            if isinstance(value, VariableNode):
                return Length(limits.DEFAULT_PAGE, value.name.value)
            known = literal_length(value)
            return None if known is None else Length(known)
    return None


def literal_length(value: ValueNode | None) -> int | None:
    """What a number of items or a list of ids says of the length; null for anything else."""
    if isinstance(value, IntValueNode) and len(value.value) <= limits.INTEGER_DIGITS:
        return max(0, int(value.value))
    if isinstance(value, ListValueNode):
        return len(value.values)
    return None
