"""What a field's declaration comes to: plain records that the planner reads. compiler/declare.py makes them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

# A template, or a function that chooses one by the arguments given.
Source = str | Callable[[Mapping[str, Any]], str]


@dataclass(frozen=True)
class Order:
    """A sort key: the expression and its SQL type, by which a cursor's text is read back."""

    expression: str
    sql_type: str


@dataclass(frozen=True)
class Filter:
    """comparator: its name, or the enum whose values are compared. normalized: compared in lower case."""

    expression: str
    comparator: Any
    sql_type: str
    kind: str | None = None
    normalized: bool = False


@dataclass(frozen=True)
class Condition:
    """A filter's truth value: `sql` holds when it is true, and does not hold when it is false."""

    sql: str


@dataclass(frozen=True)
class Value:
    """A scalar printed from an expression. kind: the entity whose public id it is."""

    expression: Source
    kind: str | None = None
    order: Order | None = None
    filter: Filter | None = None


@dataclass(frozen=True)
class One:
    """A related row, or null. source replaces the type's table; missing: the object is printed even without a row."""

    type_name: str
    on: Source
    source: Source | None = None
    missing: bool = False
    wall: str | None = None


@dataclass(frozen=True)
class Part:
    """An object that is a view of the same row."""


@dataclass(frozen=True)
class OneOf:
    """A row of one of several types by its id: the types are those of the field's interface."""

    on: str


@dataclass(frozen=True)
class Rows:
    """A bounded list, in the order given. source: a FROM item that defines the alias {other}.

    check: sees the values of the arguments with every request, and raises Rejected when the list would be too long.
    """

    type_name: str
    source: Source
    order: str
    check: Callable[[Mapping[str, Any]], None] | None = None


@dataclass(frozen=True)
class Many:
    """A connection: keyset pages over a type's table."""

    type_name: str
    on: str
    order: str = "ID"

    @cached_property
    def default_keys(self) -> list[tuple[str, bool]]:
        """Names of the sort keys, and whether each descends."""
        parts = (part.strip().partition(" ") for part in self.order.split(","))
        return [(name, direction == "desc") for name, _, direction in parts]


@dataclass(frozen=True)
class Lookup:
    """Root look-up by one of several unique names: argument `by`, member → condition on {other} with {value}."""

    type_name: str
    conditions: Mapping[str, str]


@dataclass(frozen=True)
class Refetch:
    """Root look-up of any object by its public id: `node` (one) and `nodes` (a list in the order asked)."""

    many: bool


@dataclass(frozen=True)
class Entities:
    """Federation's look-up of objects by representations: `__typename` and `id`."""


@dataclass(frozen=True)
class Access:
    """Scope that a key needs for the field."""

    scope: str


@dataclass(frozen=True)
class Table:
    """A type's table. kind: that of its ids. wall: what a row must meet for a viewer with grants, with {granted}.

    fence: what a row must meet for every viewer, whatever the key.
    """

    name: str
    kind: str | None = None
    wall: str | None = None
    fence: str | None = None
    archivable: bool = False
    orders: Mapping[str, Order] = field(default_factory=dict[str, Order])
