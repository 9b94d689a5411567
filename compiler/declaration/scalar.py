"""Scalars between their declaration and their class, which gives them their column's name."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, TypedDict

from compiler.comparison import ComparatorName
from compiler.mapping import Filter, Order, Source, Value


class ScalarOptions(TypedDict, total=False):
    """filter: a comparator's name (compiler/comparison.py) or an enum; filter_expression: what it compares, if not
    what is shown; normalized: in lower case. order: True, or the expression to sort by. sql_type: as in PostgreSQL.
    kind: of the entity whose public id it is."""

    filter: ComparatorName | type[StrEnum]
    filter_expression: str
    normalized: bool
    order: Literal[True] | str
    sql_type: str
    kind: str


class ColumnOptions(ScalarOptions, total=False):
    """field: the GraphQL name, where Python cannot spell it."""

    field: str


@dataclass(frozen=True)
class PendingScalar:
    column: str | None
    sql: Source | None
    options: ScalarOptions

    def resolve(self, field_name: str) -> Value:
        expression = self.sql or "{self}." + (self.column or field_name)
        return Value(expression, self.options.get("kind"), self._order(expression), self._filter(expression))

    def _order(self, expression: Source) -> Order | None:
        order = self.options.get("order")
        if order is None:
            return None
        return Order(str(expression if order is True else order), self._sql_type)

    def _filter(self, expression: Source) -> Filter | None:
        comparator = self.options.get("filter")
        if comparator is None:
            return None
        compared = str(self.options.get("filter_expression", expression))
        normalized = self.options.get("normalized", False)
        return Filter(compared, comparator, self._sql_type, self.options.get("kind"), normalized)

    @property
    def _sql_type(self) -> str:
        return self.options.get("sql_type", "text")
