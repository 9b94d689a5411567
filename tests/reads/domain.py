"""How the oracle is told of a domain: one file each in `domains/`, written from the descriptions of the schema.

Whatever is not named there is the column of the same name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.reads.oracle import View
    from tests.reads.world import TenantBuilder

Row = Mapping[str, Any]
Sees = Callable[["View", Row], bool]
# Type of the nodes, which rows belong to the row whose list it is, and the default order.
ListOf = tuple[str, Callable[["View", Row, Row], bool], str]
ValuesOf = Callable[["View", Row], list[Row]]

# Types that a score, an assignment, a report may be about, by the field that leads to them.
SUBJECTS = ("Organization", "Portfolio", "Product", "Initiative")


def everyone(_: View, __: Row) -> bool:
    return True


def nobody(_: View, __: Row) -> bool:
    return False


def home_of(column: str) -> Sees:
    """Seen by whoever sees the portfolio of the node that the column names."""
    return lambda view, row: view.home(row[column]) in view.granted


@dataclass(frozen=True)
class Entity:
    """An entity: its table, its id's prefix, and who sees it of the viewers that are limited to portfolios."""

    table: str
    prefix: str
    sees: Sees
    # Who sees it of all viewers.
    fence: Sees = everyone
    is_linked: bool = False
    is_searched: bool = False


@dataclass(frozen=True)
class Domain:
    """What the fields of a domain mean, by their place in the schema, such as `Team.lead`."""

    entities: Mapping[str, Entity]
    lists: Mapping[str, ListOf] = field(default_factory=dict)
    # Single related objects: type, and the column that holds its id.
    ones: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    # Of those, the ones that are shown to whoever sees the row, wall or no wall.
    without_wall: frozenset[str] = frozenset()
    # Fields that lead to one of the subjects by `subject_id`.
    subjects: frozenset[str] = frozenset()
    # Objects that are part of the row.
    parts: frozenset[str] = frozenset()
    scalars: Mapping[str, Callable[[View, Row], Any]] = field(default_factory=dict)
    value_lists: Mapping[str, tuple[str, ValuesOf]] = field(default_factory=dict)
    # What a filter compares where it is no column of that name, by its path in the filter or by type and path.
    compared: Mapping[str, Callable[[View, Row], Any]] = field(default_factory=dict)
    # Prefix of the ids that a filter takes; null: of any kind.
    filtered_ids: Mapping[str, str | None] = field(default_factory=dict)
    # Adds rows to a tenant of the world, after all that was there before.
    fill: Callable[[TenantBuilder], None] = lambda _: None


def everything(type_name: str, order: str = "ID") -> ListOf:
    return type_name, lambda _, __, ___: True, order


def pointing(type_name: str, column: str, order: str = "ID") -> ListOf:
    return type_name, lambda _, row, other: other[column] == row["id"], order
