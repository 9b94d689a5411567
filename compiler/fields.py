"""How each kind of field is printed: a function a word of compiler/declare.py."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLUnionType,
    get_named_type,
    get_nullable_type,
)

from compiler.arguments import Leaf, representation_id
from compiler.connection import ConnectionWriter
from compiler.filter import filter_sql, parse_public_id, resolve_instant, storable_text
from compiler.graphql_types import filter_fields, object_type, table
from compiler.mapping import Entities, Lookup, Many, One, OneOf, Part, Refetch, Rows, Source, Table, Value
from compiler.page import MAXIMUM_PAGE_SIZE, plan_page, size_binder
from compiler.statement import Rejected, literal, print_list, print_scalar

if TYPE_CHECKING:
    from graphql.execution.collect_fields import FieldDetails

    from compiler.plan import Planner
    from compiler.statement import Statement


_PLAIN = {"Date": "date", "Int": "integer"}


@dataclass(frozen=True)
class Site:
    """A field where it is selected. aliases: the row that carries it and the row above; joins: those of the object."""

    planner: Planner
    coordinate: str
    definition: GraphQLField
    aliases: tuple[str, str]
    details: list[FieldDetails]
    arguments: Mapping[str, Any]
    joins: list[str]

    @property
    def statement(self) -> Statement:
        return self.planner.statement

    @property
    def alias(self) -> str:
        return self.aliases[0]

    @property
    def prefixes(self) -> Mapping[str, str]:
        return self.planner.catalogue.prefixes

    def fill(self, source: Source, **names: str) -> str:
        """A template's text: arguments are texts, words of an enumeration, days, whole numbers, instants (relative ones
        included) or numbers of rows; a function chooses by what is given."""
        template = source if isinstance(source, str) else source(self.arguments)
        filled = {"self": self.alias, "parent": self.aliases[1], **names}
        for name, leaf in self.arguments.items():
            if isinstance(leaf, Leaf) and f"{{{name}}}" in template:
                filled[name] = self._parameter(name, leaf)
        return self.statement.fill(template, filled)

    def print_object(self, type_: GraphQLObjectType, alias: str) -> tuple[str, list[str]]:
        return self.planner.print_object(type_, alias, self.alias, self.planner.subselection(type_, self.details))

    def _parameter(self, name: str, leaf: Leaf) -> str:
        parameter, type_ = self.statement.parameter, get_named_type(self.definition.args[name].type)
        if name == "first":
            return parameter(size_binder(leaf, self.coordinate, name), "integer")
        if isinstance(type_, GraphQLEnumType):
            return parameter(lambda binding: [str(word.value) for word in leaf.read(binding.variables)], "text[]")
        if type_.name == "String":
            return _text_parameter(self.statement, leaf)
        if type_.name in _PLAIN:
            return parameter(lambda binding: leaf.read(binding.variables), _PLAIN[type_.name])
        return parameter(lambda binding: resolve_instant(leaf.read(binding.variables), binding.now), "timestamptz")


def print_field(mapping: Any, site: Site) -> list[str]:
    """Pieces of text that print the field's value."""
    printer = _PRINTERS.get(type(mapping))
    if printer is None:
        raise LookupError(f"{site.coordinate} has no mapping")
    return printer(mapping, site)


def _value(mapping: Value, site: Site) -> list[str]:
    expression = site.fill(mapping.expression)
    type_ = site.definition.type
    nullable = not isinstance(type_, GraphQLNonNull)
    named = get_named_type(type_)
    name = "Enum" if isinstance(named, GraphQLEnumType) else named.name
    if isinstance(get_nullable_type(type_), GraphQLList):
        return [print_list(name, expression, nullable=nullable)]
    prefix = site.prefixes[mapping.kind] if mapping.kind else None
    return print_scalar(name, expression, nullable=nullable, prefix=prefix)


def _part(_: Part, site: Site) -> list[str]:
    type_ = object_type(site.definition)
    printed, joins = site.planner.print_object(
        type_, site.alias, site.aliases[1], site.planner.subselection(type_, site.details)
    )
    site.joins.extend(joins)
    return [printed]


def _one(mapping: One, site: Site) -> list[str]:
    type_ = object_type(site.definition)
    declared = table(type_)
    other = site.statement.alias(declared.name)
    source = site.fill(mapping.source, other=other) if mapping.source else declared.name
    on = [f"{other}.tenant_id = {site.statement.tenant}", site.fill(mapping.on, other=other)]
    if declared.fence:
        on.append(site.statement.fill(declared.fence, {"self": other}))
    wall = declared.wall if mapping.wall is None else mapping.wall
    if site.planner.restricted and wall:
        on.append(site.statement.fill(wall, {"self": other}))
    site.joins.append(f"left join {source} {other} on {' and '.join(on)}")
    printed, joins = site.print_object(type_, other)
    site.joins.extend(joins)
    return [printed if mapping.missing else f"case when {other}.tenant_id is null then 'null' else {printed} end"]


def _one_of(mapping: OneOf, site: Site) -> list[str]:
    target = site.fill(mapping.on)
    texts = []
    for type_ in _implementations(site):
        text, joins = single(site.planner, type_, site.details, lambda other: f"{other}.id = {target}")
        site.joins.extend(joins)
        texts.append(text)
    return [f"coalesce({', '.join(texts)}, 'null')"]


def _rows(mapping: Rows, site: Site) -> list[str]:
    type_ = object_type(site.definition)
    other = site.statement.alias("row")
    source = site.fill(mapping.source, other=other)
    if mapping.check is not None:
        _check(mapping.check, site)
    printed, joins = site.print_object(type_, other)
    name = site.statement.alias("list")
    order = site.statement.fill(mapping.order, {"other": other})
    body = f"select string_agg({printed}, ',' order by {order}) as text from {source}{_spaced(joins)}"
    site.joins.append(f"left join lateral ({body}) {name} on true")
    return ["'['", f"{name}.text", "']'"]


def _check(check: Callable[[Mapping[str, Any]], None], site: Site) -> None:
    leaves = {name: leaf for name, leaf in site.arguments.items() if isinstance(leaf, Leaf)}
    site.statement.checks.append(
        lambda binding: check({name: leaf.read(binding.variables) for name, leaf in leaves.items()})
    )


def _many(mapping: Many, site: Site) -> list[str]:
    connection_type = object_type(site.definition)
    node_type = object_type(connection_type.fields["nodes"])
    declared = table(node_type)
    page = plan_page(site.statement, declared, site.arguments, mapping.order, site.coordinate)
    other = site.statement.alias(declared.name)
    writer = ConnectionWriter(site.planner, page, node_type, other, lambda: _members(mapping, site, declared, other))
    name = site.statement.alias("page")
    site.joins.append(f"left join lateral ({writer.write(connection_type, site.details)}) {name} on true")
    return [f"{name}.text"]


def _members(mapping: Many, site: Site, declared: Table, other: str) -> list[str]:
    """Conditions of a whole list: tenant, relation, wall, filter."""
    where = [f"{other}.tenant_id = {site.statement.tenant}", site.fill(mapping.on, other=other)]
    where += _wall(site.planner, declared, other)
    conditions = dict(site.arguments.get("filter") or {})
    if declared.archivable:
        where.append(_archived(site.statement, conditions.pop("includeArchived", None), other))
    if conditions:
        where.append(filter_sql(site.statement, conditions, filter_fields(site.definition), other))
    return [part for part in where if part != "true"]


def _archived(statement: Statement, include: Leaf | None, alias: str) -> str:
    """Archived rows stay out of lists unless they are asked for."""
    hidden = f"{alias}.archived_at is null"
    if include is None:
        return hidden
    return f"({hidden} or {statement.parameter(lambda binding: include.read(binding.variables), 'boolean')})"


def _lookup(mapping: Lookup, site: Site) -> list[str]:
    type_ = object_type(site.definition)
    given = site.arguments["by"]
    if len(given) != 1 or None in given.values():
        # Validation lets a variable pass that may be null.
        raise Rejected("BAD_USER_INPUT", "by must have exactly one member, and it must not be null.")
    ((member, value),) = given.items()
    if isinstance(value, dict):
        names = {name: _name_parameter(site.statement, leaf) for name, leaf in value.items()}
    elif member == "id":
        names = {"value": _id_parameter(site.statement, value, site.prefixes[table(type_).kind or ""])}
    else:
        names = {"value": _text_parameter(site.statement, value)}
    template = mapping.conditions[member]
    text, joins = single(
        site.planner, type_, site.details, lambda other: site.statement.fill(template, {**names, "other": other})
    )
    site.joins.extend(joins)
    return [f"coalesce({text}, 'null')"]


def _refetch(mapping: Refetch, site: Site) -> list[str]:
    by_prefix = _types_by_prefix(site)
    if mapping.many:
        return [_refetch_many(by_prefix, site.arguments["ids"], site)]
    leaf = site.arguments["id"]
    prefix = _prefix(leaf.value)
    if prefix not in by_prefix:
        return ["'null'"]
    parameter = _id_parameter(site.statement, leaf, prefix)
    text, joins = single(site.planner, by_prefix[prefix], site.details, lambda other: f"{other}.id = {parameter}")
    site.joins.extend(joins)
    return [f"coalesce({text}, 'null')"]


def _entities(_: Entities, site: Site) -> list[str]:
    by_prefix = _types_by_prefix(site)
    leaf = site.arguments["representations"]

    def read(variables: Mapping[str, Any]) -> list[str]:
        return [_represented(value, by_prefix) for value in leaf.read(variables)]

    return [_refetch_many(by_prefix, Leaf(read, [representation_id(value) for value in leaf.value]), site)]


def _represented(value: Any, by_prefix: Mapping[str, GraphQLObjectType]) -> str:
    """The id in a representation; empty when it is none of the type that the representation names."""
    identifier = representation_id(value)
    type_ = by_prefix.get(_prefix(identifier))
    return identifier if type_ is not None and value.get("__typename") == type_.name else ""


def _types_by_prefix(site: Site) -> dict[str, GraphQLObjectType]:
    return {site.prefixes[table(type_).kind or ""]: type_ for type_ in _implementations(site)}


def _refetch_many(by_prefix: Mapping[str, GraphQLObjectType], leaf: Leaf, site: Site) -> str:
    """One row for each id asked, in that order; only the types whose prefix occurs are looked at."""
    statement = site.statement
    count = statement.parameter(lambda binding: _count(leaf.read(binding.variables)), "integer")
    texts: list[str] = []
    joins: list[str] = []
    for prefix in sorted({_prefix(value) for value in leaf.value} & by_prefix.keys()):
        known = _ids_parameter(statement, leaf, prefix)
        text, joined = single(site.planner, by_prefix[prefix], site.details, _asked(known))
        texts.append(text)
        joins.extend(joined)
    name = statement.alias("list")
    text = f"coalesce({', '.join([*texts, literal('null')])})"
    asked = f"generate_series(1, {count}) as asked (place)"
    body = f"select string_agg({text}, ',' order by asked.place) as text from {asked}{_spaced(joins)}"
    site.joins.append(f"left join lateral ({body}) {name} on true")
    return f"concat('[', {name}.text, ']')"


def _asked(known: str) -> Callable[[str], str]:
    return lambda other: f"{other}.id = ({known})[asked.place]"


def single(
    planner: Planner, type_: GraphQLObjectType, details: list[FieldDetails], condition: Callable[[str], str]
) -> tuple[str, list[str]]:
    """One row of a table type by a condition, as a lateral join of its text; the text is null when there is no row."""
    declared = table(type_)
    alias = planner.statement.alias(declared.name)
    where = [f"{alias}.tenant_id = {planner.statement.tenant}", condition(alias), *_wall(planner, declared, alias)]
    printed, joins = planner.print_object(type_, alias, alias, planner.subselection(type_, details))
    name = planner.statement.alias("item")
    body = f"select {printed} as text from {declared.name} {alias}{_spaced(joins)} where {' and '.join(where)} limit 1"
    return f"{name}.text", [f"left join lateral ({body}) {name} on true"]


def _wall(planner: Planner, declared: Table, alias: str) -> list[str]:
    walls = [declared.fence, declared.wall if planner.restricted else None]
    return [planner.statement.fill(wall, {"self": alias}) for wall in walls if wall]


def _implementations(site: Site) -> list[GraphQLObjectType]:
    named = get_named_type(site.definition.type)
    schema = site.planner.catalogue.schema
    is_abstract = isinstance(named, GraphQLInterfaceType | GraphQLUnionType)
    types = schema.get_possible_types(named) if is_abstract else [named]
    return sorted((type_ for type_ in types if isinstance(type_, GraphQLObjectType)), key=lambda type_: type_.name)


def _spaced(joins: list[str]) -> str:
    return "".join(f"\n{join}" for join in joins)


def _text_parameter(statement: Statement, leaf: Leaf) -> str:
    return statement.parameter(lambda binding: storable_text(leaf.read(binding.variables)), "text")


def _name_parameter(statement: Statement, leaf: Leaf) -> str:
    """Part of a name, as it is kept: without spaces around it."""
    return statement.parameter(lambda binding: storable_text(leaf.read(binding.variables)).strip(), "text")


def _id_parameter(statement: Statement, leaf: Leaf, prefix: str) -> str:
    return statement.parameter(lambda binding: parse_public_id(leaf.read(binding.variables), prefix), "uuid")


def _ids_parameter(statement: Statement, leaf: Leaf, prefix: str) -> str:
    """The ids of one type at the places where they were asked, null at the others."""

    def read(binding: Any) -> list[Any]:
        return [parse_public_id(value, prefix) for value in leaf.read(binding.variables)]

    return statement.parameter(read, "uuid[]")


def _count(values: list[Any]) -> int:
    if len(values) > MAXIMUM_PAGE_SIZE:
        message = f"{len(values)} objects are asked for; at most {MAXIMUM_PAGE_SIZE}."
        raise Rejected("BAD_USER_INPUT", message, MAXIMUM_PAGE_SIZE, len(values))
    return len(values)


def _prefix(value: Any) -> str:
    return str(value).partition("_")[0]


_PRINTERS: dict[type, Callable[[Any, Site], list[str]]] = {
    Value: _value,
    Part: _part,
    One: _one,
    OneOf: _one_of,
    Rows: _rows,
    Many: _many,
    Lookup: _lookup,
    Refetch: _refetch,
    Entities: _entities,
}
