"""The price of an operation: worked out once for a document, summed up for each request's variables.

A scalar is free, an object costs 1, a list its length times an item. The length is the greatest that its arguments say,
else the default page of whatever takes `first`; of other lists nothing is known, so they count 5.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from graphql import FieldNode, IntValueNode, ListValueNode, OperationDefinitionNode, ValueNode, VariableNode

from api import limits

_LENGTHS = ("first", "last", "ids", "representations")


@dataclass(frozen=True)
class Length:
    """Of a list: the greatest that a literal or a variable says; where none does, the usual one."""

    usual: int
    literal: int | None = None
    variables: frozenset[str] = frozenset()

    def of(self, given: Mapping[str, int | None]) -> int:
        said = (self.literal, *(given.get(name) for name in self.variables))
        return max((length for length in said if length is not None), default=self.usual)


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
        self._names = tuple(sorted({name for length in lengths for name in length.variables}))
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
    # Coercion takes 100.0 for 100.
    is_whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    return int(value) if is_whole and not isinstance(value, bool) and value >= 0 else None


def list_length(field: FieldNode, usual: int) -> Length:
    """By all arguments that say something of it: clients send `first` and `last` together, one of them null."""
    values = [argument.value for argument in field.arguments or () if argument.name.value in _LENGTHS]
    literals = [length for length in map(literal_length, values) if length is not None]
    variables = frozenset(value.name.value for value in values if isinstance(value, VariableNode))
    return Length(usual, max(literals, default=None), variables)


def literal_length(value: ValueNode | None) -> int | None:
    """What a number of items or a list of ids says of the length; null for anything else."""
    if isinstance(value, IntValueNode) and len(value.value) <= limits.INTEGER_DIGITS:
        return max(0, int(value.value))
    if isinstance(value, ListValueNode):
        return len(value.values)
    return None
