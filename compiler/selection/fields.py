"""How each kind of field is printed: a function a word of compiler/declare.py."""

from collections.abc import Callable, Mapping
from typing import Any

from graphql import GraphQLEnumType, GraphQLList, GraphQLNonNull

from compiler.arguments import ArgumentLeaf
from compiler.filter import filter_sql
from compiler.graphql_types import filter_fields, named_type, nullable_type, object_type, table, type_of
from compiler.mapping import Many, One, OneOf, Part, Rows, Table, Value
from compiler.selection.connection import ConnectionWriter
from compiler.selection.page import plan_page
from compiler.selection.row import implementations, single, spaced, walls
from compiler.selection.walk import Site
from compiler.statement import Statement, print_list, print_scalar


def _value(mapping: Value, site: Site) -> list[str]:
    expression = site.fill(mapping.expression)
    type_ = type_of(site.definition)
    nullable = not isinstance(type_, GraphQLNonNull)
    named = named_type(site.definition)
    name = "Enum" if isinstance(named, GraphQLEnumType) else named.name
    if isinstance(nullable_type(type_), GraphQLList):
        return [print_list(name, expression, nullable=nullable)]
    prefix = site.prefixes[mapping.kind] if mapping.kind else None
    return print_scalar(name, expression, nullable=nullable, prefix=prefix)


def _part(_: Part, site: Site) -> list[str]:
    type_ = object_type(site.definition)
    printed, joins = site.walk.print_object(
        type_, site.alias, site.aliases[1], site.walk.subselection(type_, site.details)
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
    if site.walk.restricted and wall:
        on.append(site.statement.fill(wall, {"self": other}))
    site.joins.append(f"left join {source} {other} on {' and '.join(on)}")
    printed, joins = site.print_object(type_, other)
    site.joins.extend(joins)
    return [printed if mapping.missing else f"case when {other}.tenant_id is null then 'null' else {printed} end"]


def _one_of(mapping: OneOf, site: Site) -> list[str]:
    target = site.fill(mapping.on)
    texts: list[str] = []
    for type_ in implementations(site):
        text, joins = single(site.walk, type_, site.details, lambda other: f"{other}.id = {target}")
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
    body = f"select string_agg({printed}, ',' order by {order}) as text from {source}{spaced(joins)}"
    site.joins.append(f"left join lateral ({body}) {name} on true")
    return ["'['", f"{name}.text", "']'"]


def _check(check: Callable[[Mapping[str, Any]], None], site: Site) -> None:
    leaves = {name: leaf for name, leaf in site.arguments.items() if isinstance(leaf, ArgumentLeaf)}
    site.statement.checks.append(
        lambda binding: check({name: leaf.read(binding.variables) for name, leaf in leaves.items()})
    )


def _many(mapping: Many, site: Site) -> list[str]:
    connection_type = object_type(site.definition)
    node_type = object_type(connection_type.fields["nodes"])
    declared = table(node_type)
    page = plan_page(site.statement, declared, site.arguments, mapping, site.coordinate)
    other = site.statement.alias(declared.name)
    writer = ConnectionWriter(site.walk, page, node_type, other, lambda: _members(mapping, site, declared, other))
    name = site.statement.alias("page")
    site.joins.append(f"left join lateral ({writer.write(connection_type, site.details)}) {name} on true")
    return [f"{name}.text"]


def _members(mapping: Many, site: Site, declared: Table, other: str) -> list[str]:
    """Conditions of a whole list: tenant, relation, wall, filter."""
    where = [f"{other}.tenant_id = {site.statement.tenant}", site.fill(mapping.on, other=other)]
    where += walls(site.walk, declared, other)
    conditions = dict(site.arguments.get("filter") or {})
    if declared.archivable:
        where.append(_archived(site.statement, conditions.pop("includeArchived", None), other))
    if conditions:
        where.append(filter_sql(site.statement, conditions, filter_fields(site.definition), other))
    return [part for part in where if part != "true"]


def _archived(statement: Statement, include: ArgumentLeaf | None, alias: str) -> str:
    """Archived rows stay out of lists unless they are asked for."""
    hidden = f"{alias}.archived_at is null"
    if include is None:
        return hidden
    return f"({hidden} or {statement.parameter(lambda binding: include.read(binding.variables), 'boolean')})"


FIELDS: dict[type, Callable[[Any, Site], list[str]]] = {
    Value: _value,
    Part: _part,
    One: _one,
    OneOf: _one_of,
    Rows: _rows,
    Many: _many,
}
