"""Checks every declaration of a schema when it is built: what cannot be meant is told with its field, file and line."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

from graphql import GraphQLField, GraphQLInputObjectType, GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema

from compiler.checking.choices import templates
from compiler.checking.template import mistakes
from compiler.declaration.place import DeclarationError, SourcePlace, place_of, suggest
from compiler.declare import mapping_of
from compiler.graphql_types import BACKREF, input_type, object_type, table
from compiler.mapping import Condition, Filter, Lookup, Many, One, OneOf, Order, Rows, Table, Value


def check_declarations(schema: GraphQLSchema, prefixes: Mapping[str, str]) -> None:
    """prefixes: kind → prefix of its ids. Raises DeclarationError with a line for each mistake."""
    told: dict[tuple[SourcePlace | None, str], str] = {}
    for coordinate, place, mistake in _Checker(schema, prefixes).told():
        # A field that types inherit is one declaration.
        told.setdefault((place, mistake), f"{place or 'unknown place'}, {coordinate}: {mistake}")
    if told:
        raise DeclarationError("\n".join(told.values()))


class _Checker:
    def __init__(self, schema: GraphQLSchema, prefixes: Mapping[str, str]) -> None:
        self.prefixes = prefixes
        types = list(schema.type_map.values())
        self.interfaces = [type_ for type_ in types if isinstance(type_, GraphQLInterfaceType)]
        self.objects = [type_ for type_ in types if isinstance(type_, GraphQLObjectType)]
        self.inputs = [type_ for type_ in types if isinstance(type_, GraphQLInputObjectType)]
        self.reached: set[str] = set()
        self.filters: set[Filter] = set()
        self.orders: set[Order] = set()

    def told(self) -> Iterator[tuple[str, SourcePlace | None, str]]:
        for type_ in [*self.interfaces, *self.objects]:
            for name, definition in type_.fields.items():
                declared = definition.extensions.get(BACKREF)
                for mistake in self._field(type_.name, mapping_of(declared), definition):
                    yield f"{type_.name}.{name}", place_of(declared), mistake
        for type_ in self.inputs:
            for name, mistake in self._filter_input(type_):
                yield f"{type_.name}.{name}", _origin(type_).__declared_at__, mistake
        for type_ in self.objects:
            if hasattr(_origin(type_), "__table__"):
                for mistake in self._table(type_.name, table(type_)):
                    yield type_.name, _origin(type_).__declared_at__, mistake

    def _field(self, owner: str, mapping: Any, definition: GraphQLField) -> Iterator[str]:
        match mapping:
            case Value():
                yield from self._value(mapping, definition)
            case One():
                self._reach(owner, object_type(definition).name)
                for source in (mapping.source, mapping.on):
                    yield from _source(source, definition, "self", "parent", "other")
                yield from mistakes(mapping.wall or "", ["self"], restricted=True)
            case OneOf():
                yield from _source(mapping.on, definition, "self", "parent")
            case Rows():
                yield from _source(mapping.source, definition, "self", "parent", "other")
                yield from mistakes(mapping.order, ["other"])
            case Many():
                yield from self._many(owner, mapping, definition)
            case Lookup():
                self._reach(owner, object_type(definition).name)
                yield from _lookup(mapping, definition)
            case _:
                pass

    def _value(self, mapping: Value, definition: GraphQLField) -> Iterator[str]:
        yield from _source(mapping.expression, definition, "self", "parent")
        if mapping.kind is not None:
            yield from self._kind(mapping.kind)
        if mapping.order is not None:
            self.orders.add(mapping.order)
            yield from mistakes(mapping.order.expression, ["self"])
        if mapping.filter is not None:
            self.filters.add(mapping.filter)
            yield from mistakes(mapping.filter.expression, ["self"])

    def _many(self, owner: str, mapping: Many, definition: GraphQLField) -> Iterator[str]:
        node = object_type(object_type(definition).fields["nodes"])
        self._reach(owner, node.name)
        yield from _source(mapping.on, definition, "self", "parent", "other")
        keys = table(node).orders
        for key, _ in mapping.default_keys:
            if key not in keys:
                yield f"`{key}` is no sort key of {node.name}. {suggest(key, keys)}"

    def _filter_input(self, type_: GraphQLInputObjectType) -> Iterator[tuple[str, str]]:
        """Members that are no fields, which have been looked at."""
        for name, compared in getattr(_origin(type_), "__filters__", {}).items():
            if isinstance(compared, Condition):
                yield from ((name, mistake) for mistake in mistakes(compared.sql, ["self"]))
            for declared in _comparisons(compared):
                if declared not in self.filters:
                    kinds = self._kind(declared.kind) if declared.kind else ()
                    yield from ((name, mistake) for mistake in [*kinds, *mistakes(declared.expression, ["self"])])

    def _table(self, name: str, declared: Table) -> Iterator[str]:
        yield from mistakes(declared.wall or "", ["self"], restricted=True)
        yield from mistakes(declared.fence or "", ["self"])
        for order in declared.orders.values():
            if order not in self.orders:
                yield from mistakes(order.expression, ["self"])
        if declared.kind is None:
            return
        yield from self._kind(declared.kind)
        if name not in self.reached:
            yield (
                f'no field of another type leads to it. Add the way back, such as `many("{name}", …)`, to the type that'
                " it belongs to, or a look-up to a query class."
            )

    def _kind(self, kind: str) -> Iterator[str]:
        if kind not in self.prefixes:
            told = "have no prefix: give them one in portfolio/identity.py."
            yield f"ids of kind `{kind}` {told} {suggest(kind, self.prefixes)}"

    def _reach(self, owner: str, reached: str) -> None:
        if owner != reached:
            self.reached.add(reached)


def _origin(type_: Any) -> Any:
    declared = type_.extensions.get(BACKREF)
    return declared.origin if declared is not None else None


def _source(source: Any, definition: GraphQLField, *names: str) -> Iterator[str]:
    try:
        for template, arguments in templates(source, definition):
            yield from mistakes(template, [*names, *arguments])
    except DeclarationError as error:
        yield str(error)


def _lookup(mapping: Lookup, definition: GraphQLField) -> Iterator[str]:
    members = input_type(definition, "by").fields
    for name in members.keys() ^ mapping.conditions.keys():
        yield f"`by` has a member `{name}` or a condition for it, but not both."
    for name in members.keys() & mapping.conditions.keys():
        nested = members[name].type
        names: Iterable[str] = nested.fields if isinstance(nested, GraphQLInputObjectType) else ["value"]
        yield from mistakes(mapping.conditions[name], ["other", *names])


def _comparisons(compared: Any) -> Iterator[Filter]:
    if isinstance(compared, Filter):
        yield compared
    elif isinstance(compared, Mapping):
        for member in cast(Mapping[str, Any], compared).values():
            yield from _comparisons(member)
