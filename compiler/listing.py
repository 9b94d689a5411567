"""The list of a type: its connection, edge, filter and order inputs, made from what its fields declare."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, EnumType
from typing import Annotated, Any, NamedTuple

import strawberry

from compiler.comparison import enum_comparator
from compiler.declaration.place import DeclarationError, declaring_place, suggest
from compiler.declare import KEY, table_of
from compiler.mapping import Filter, Value


@strawberry.enum(description="Direction of a sort key.")
class OrderDirection(Enum):
    ASC = strawberry.enum_value("ASC", description="Smallest first.")
    DESC = strawberry.enum_value("DESC", description="Largest first.")


@strawberry.type(description="Where a page lies in its list (Relay).")
class PageInfo:
    has_next_page: bool = strawberry.field(description="Whether items follow this page.")
    has_previous_page: bool = strawberry.field(description="Whether items precede this page.")
    start_cursor: str | None = strawberry.field(
        description="Cursor of the first item of the page; null on an empty page."
    )
    end_cursor: str | None = strawberry.field(description="Cursor of the last item of the page; null on an empty page.")


class Listing(NamedTuple):
    """The four types of a list, to be named in the module of the entity."""

    connection: Any
    edge: Any
    filter: Any
    order: Any


@dataclass(frozen=True)
class ExtraFilter:
    """A filter member that is no field: its input type, description, and what it compares."""

    annotation: Any
    description: str
    compares: Any


def listing(cls: Any, comparators: Mapping[str, Any], extra: Mapping[str, ExtraFilter] | None = None) -> Listing:
    """Builds the list types of a table type. extra: GraphQL name → further members of its filter."""
    name = cls.__strawberry_definition__.name
    edge_members = {
        "cursor": (str, "Cursor of the item, for `after` and `before`."),
        "node": (cls, f"{name} itself."),
    }
    edge = _named(f"{name}Edge", cls.__module__, edge_members, f"{name} and its place in a list.")
    members = {
        "nodes": (list[cls], "Items of the page."),
        "edges": (list[edge], "Items of the page with their cursors."),
        "page_info": (PageInfo, "Place of the page in the list."),
        "total_count": (int, "Number of items in the whole list, before paging. Counted only when asked for."),
    }
    connection = _named(f"{name}Connection", cls.__module__, members, f"Page of a list of {name} objects.")
    return Listing(connection, edge, _filter_input(cls, name, comparators, extra or {}), _order_input(cls, name))


def filter_object(name: str, description: str, members: Mapping[str, tuple[Any, str]]) -> Any:
    """An input of comparators, for a nested member of a filter: name → (comparator, description)."""
    body = {
        attribute: strawberry.field(description=text, default=strawberry.UNSET)
        for attribute, (_, text) in members.items()
    }
    annotations = {attribute: annotation | None for attribute, (annotation, _) in members.items()}
    made = type(name, (), {"__annotations__": annotations, "__module__": __name__, **body})
    return strawberry.input(made, description=description)


def _named(name: str, module: str, fields: Mapping[str, tuple[Any, str]], description: str) -> Any:
    body = {attribute: strawberry.field(description=text) for attribute, (_, text) in fields.items()}
    annotations = {attribute: annotation for attribute, (annotation, _) in fields.items()}
    return strawberry.type(
        type(name, (), {"__annotations__": annotations, "__module__": module, **body}),
        description=description,
    )


def _order_input(cls: Any, name: str) -> Any:
    members = {
        key: strawberry.enum_value(key, description=f"Sort by {key.lower().replace('_', ' ')}.")
        for key in sorted(table_of(cls).orders)
    }
    values: Any = Enum(f"{name}OrderField", members, module=cls.__module__)
    field_enum = strawberry.enum(
        values,
        description=f"What {name} lists can be sorted by.",
    )
    body = {
        "__annotations__": {"field": field_enum, "direction": OrderDirection},
        "__module__": cls.__module__,
        "field": strawberry.field(description="What to sort by."),
        "direction": strawberry.field(
            description="Direction of this key; ascending unless said otherwise.",
            default=OrderDirection.ASC,
        ),
    }
    return strawberry.input(type(f"{name}Order", (), body), description=f"One sort key of a {name} list.")


class _FilterInput:
    """The input type of a list's filter, member by member."""

    def __init__(self) -> None:
        self._annotations: dict[str, Any] = {}
        self._body: dict[str, Any] = {}
        self._compared: dict[str, Any] = {}

    def add(self, name: str, annotation: Any, description: str, compares: Any = None) -> None:
        attribute = f"{name}_" if name in ("and", "or", "not") else name
        self._annotations[attribute] = annotation | None
        self._body[attribute] = strawberry.field(name=name, description=description, default=strawberry.UNSET)
        self._compared[name] = compares

    def make(self, name: str, module: str, description: str) -> Any:
        body = {"__annotations__": self._annotations, "__module__": module, **self._body}
        made: Any = strawberry.input(type(name, (), body), description=description)
        made.__filters__ = self._compared
        made.__declared_at__ = declaring_place()
        return made


def _filter_input(cls: Any, name: str, comparators: Mapping[str, Any], extra: Mapping[str, ExtraFilter]) -> Any:
    filter_input = _FilterInput()
    for field in cls.__strawberry_definition__.fields:
        mapping = field.metadata.get(KEY)
        if isinstance(mapping, Value) and mapping.filter is not None:
            member = field.graphql_name or _camel_case(field.python_name)
            annotation = _comparator(f"{name}.{member}", mapping.filter, comparators)
            filter_input.add(member, annotation, field.description or "", mapping.filter)
    for member, item in extra.items():
        filter_input.add(member, item.annotation, item.description, item.compares)
    if table_of(cls).archivable:
        filter_input.add("includeArchived", bool, "True: archived items are listed too. They are left out by default.")
    input_name = f"{name}Filter"
    self_type = Annotated[input_name, strawberry.lazy(cls.__module__)]
    filter_input.add("and", list[self_type], "All of these conditions hold.")
    any_of = "At least one of these conditions holds; an empty list holds for nothing."
    filter_input.add("or", list[self_type], any_of)
    filter_input.add("not", self_type, "This condition does not hold.")
    description = f"Condition on {name} objects; all members given must hold."
    return filter_input.make(input_name, cls.__module__, description)


def _comparator(name: str, declared: Filter, comparators: Mapping[str, Any]) -> Any:
    if isinstance(declared.comparator, EnumType):
        return enum_comparator(declared.comparator)
    if declared.comparator not in comparators:
        told = f"there is no comparator `{declared.comparator}`. {suggest(declared.comparator, comparators)}"
        raise DeclarationError(f"{declaring_place()}, {name}: {told}")
    return comparators[declared.comparator]


def _camel_case(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)
