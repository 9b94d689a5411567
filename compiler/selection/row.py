"""One row of a type's table, printed; and what keeps a row from a viewer."""

from collections.abc import Callable

from graphql import GraphQLInterfaceType, GraphQLObjectType, GraphQLUnionType
from graphql.execution.collect_fields import FieldDetails

from compiler.graphql_types import named_type, table
from compiler.mapping import Table
from compiler.selection.walk import Site, Walk


def single(
    walk: Walk, type_: GraphQLObjectType, details: list[FieldDetails], condition: Callable[[str], str]
) -> tuple[str, list[str]]:
    """One row of a table type by a condition, as a lateral join of its text; the text is null when there is no row."""
    declared = table(type_)
    alias = walk.statement.alias(declared.name)
    where = [f"{alias}.tenant_id = {walk.statement.tenant}", condition(alias), *walls(walk, declared, alias)]
    printed, joins = walk.print_object(type_, alias, alias, walk.subselection(type_, details))
    name = walk.statement.alias("item")
    body = f"select {printed} as text from {declared.name} {alias}{spaced(joins)} where {' and '.join(where)} limit 1"
    return f"{name}.text", [f"left join lateral ({body}) {name} on true"]


def walls(walk: Walk, declared: Table, alias: str) -> list[str]:
    conditions = [declared.fence, declared.wall if walk.restricted else None]
    return [walk.statement.fill(condition, {"self": alias}) for condition in conditions if condition]


def implementations(site: Site) -> list[GraphQLObjectType]:
    named = named_type(site.definition)
    schema = site.walk.catalogue.schema
    is_abstract = isinstance(named, GraphQLInterfaceType | GraphQLUnionType)
    types = schema.get_possible_types(named) if is_abstract else [named]
    return sorted((type_ for type_ in types if isinstance(type_, GraphQLObjectType)), key=lambda type_: type_.name)


def spaced(joins: list[str]) -> str:
    return "".join(f"\n{join}" for join in joins)
