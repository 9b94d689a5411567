"""Keyset pages: order, cursor conditions and limits of one connection."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from compiler.arguments import ArgumentLeaf
from compiler.cursor import CursorKey
from compiler.mapping import Many, Order, Table
from compiler.statement import Binding, Rejected, Statement

DEFAULT_PAGE_SIZE = 20
MAXIMUM_PAGE_SIZE = 100


@dataclass(frozen=True)
class SortKey:
    name: str
    order: Order
    descending: bool


@dataclass(frozen=True)
class Page:
    """How one connection is cut. size_sql: parameter of the page size; backward: counted from the end."""

    keys: Sequence[SortKey]
    size_sql: str
    backward: bool
    cursor: ArgumentLeaf | None
    scope: str

    def order_sql(self, statement: Statement, alias: str) -> str:
        nulls = "first" if self.backward else "last"
        parts: list[str] = []
        for key, expression in zip(self.keys, self.values(statement, alias), strict=True):
            direction = "desc" if key.descending != self.backward else "asc"
            parts.append(f"{expression} {direction} nulls {nulls}")
        return ", ".join(parts)

    def values(self, statement: Statement, alias: str) -> list[str]:
        return [statement.fill(key.order.expression, {"self": alias}) for key in self.keys]

    def keyset_sql(self, statement: Statement, alias: str, cursor_key: CursorKey) -> str:
        """Items strictly beyond the cursor in the direction of travel; nulls are last in any order."""
        if self.cursor is None:
            return "true"
        leaf = self.cursor
        bounds: list[str] = []
        for index, key in enumerate(self.keys):
            binder = cursor_key.value_binder(
                lambda binding: leaf.read(binding.variables), self.scope, len(self.keys), index
            )
            bounds.append(f"{statement.parameter(binder, 'text')}::{key.order.sql_type}")
        condition = "false"
        for key, expression, bound in reversed(
            list(zip(self.keys, self.values(statement, alias), bounds, strict=True))
        ):
            sign = "<" if key.descending != self.backward else ">"
            beyond = f"{expression} {sign} {bound}"
            if self.backward:
                beyond = f"({beyond} or ({bound} is null and {expression} is not null))"
            elif key.name != "ID":
                beyond = f"({beyond} or ({bound} is not null and {expression} is null))"
            equal = f"{expression} is not distinct from {bound}"
            condition = beyond if condition == "false" else f"({beyond} or ({equal} and {condition}))"
        return condition


def plan_page(statement: Statement, table: Table, tree: Mapping[str, Any], declared: Many, coordinate: str) -> Page:
    """Reads the paging arguments of a connection. Raises Rejected for a contradiction or a size out of range."""
    first, last = tree.get("first"), tree.get("last")
    if first is not None and last is not None:
        raise Rejected("BAD_USER_INPUT", f"{coordinate}: give `first` or `last`, not both.")
    backward = last is not None
    size = last if backward else first
    if tree.get("after") is not None and tree.get("before") is not None:
        raise Rejected(
            "BAD_USER_INPUT",
            f"{coordinate}: give `after` with `first`, or `before` with `last`, not both cursors.",
        )
    cursor = tree.get("before") if backward else tree.get("after")
    if cursor is None and (tree.get("after") or tree.get("before")) is not None:
        raise Rejected("BAD_USER_INPUT", f"{coordinate}: `after` goes with `first`, `before` with `last`.")
    keys = _sort_keys(table, tree.get("orderBy"), declared.default_keys, coordinate)
    scope = f"{coordinate}|{','.join(key.name + ('-' if key.descending else '+') for key in keys)}"
    size_sql = statement.parameter(size_binder(size, coordinate, "last" if backward else "first"), "integer")
    return Page(keys, size_sql, backward, cursor, scope)


def size_binder(leaf: ArgumentLeaf | None, coordinate: str, name: str) -> Any:
    def read(binding: Binding) -> int:
        size = DEFAULT_PAGE_SIZE if leaf is None else leaf.read(binding.variables)
        if not 0 <= size <= MAXIMUM_PAGE_SIZE:
            raise Rejected(
                "BAD_USER_INPUT",
                f"{coordinate}: `{name}` is {size}; it must be 0 to {MAXIMUM_PAGE_SIZE}.",
                MAXIMUM_PAGE_SIZE,
                size,
            )
        return size

    return read


def _sort_keys(table: Table, tree: Any, default_keys: list[tuple[str, bool]], coordinate: str) -> list[SortKey]:
    if tree:
        wanted = [
            (_enum_name(item["field"]), _enum_name(item["direction"]) == "DESC") for item in tree if item is not None
        ]
    else:
        wanted = default_keys
    if len(wanted) > len(table.orders):
        raise Rejected(
            "BAD_USER_INPUT",
            f"{coordinate}: `orderBy` has at most {len(table.orders)} keys.",
            len(table.orders),
            len(wanted),
        )
    keys = [SortKey(name, table.orders[name], descending) for name, descending in wanted]
    return (
        keys if any(key.name == "ID" for key in keys) else [*keys, SortKey("ID", table.orders["ID"], descending=False)]
    )


def _enum_name(leaf: ArgumentLeaf) -> str:
    return str(getattr(leaf.value, "value", leaf.value))
