"""How look-ups of the root are printed: objects by their ids and other names."""

from collections.abc import Callable, Mapping
from typing import Any, cast

from graphql import GraphQLObjectType

from compiler.arguments import ArgumentLeaf, representation_id
from compiler.filter import parse_public_id, storable_text
from compiler.graphql_types import object_type, table
from compiler.mapping import Entities, Lookup, Refetch
from compiler.selection.page import MAXIMUM_PAGE_SIZE
from compiler.selection.row import implementations, single, spaced
from compiler.selection.walk import Site, text_parameter
from compiler.statement import Rejected, Statement, literal


def _lookup(mapping: Lookup, site: Site) -> list[str]:
    type_ = object_type(site.definition)
    given = site.arguments["by"]
    if len(given) != 1 or None in given.values():
        # Validation lets a variable pass that may be null.
        raise Rejected("BAD_USER_INPUT", "by must have exactly one member, and it must not be null.")
    ((member, value),) = given.items()
    if isinstance(value, dict):
        leaves = cast(dict[str, ArgumentLeaf], value)
        names = {name: _name_parameter(site.statement, leaf) for name, leaf in leaves.items()}
    elif member == "id":
        names = {"value": _id_parameter(site.statement, value, site.prefixes[table(type_).kind or ""])}
    else:
        names = {"value": text_parameter(site.statement, value)}
    template = mapping.conditions[member]
    text, joins = single(
        site.walk, type_, site.details, lambda other: site.statement.fill(template, {**names, "other": other})
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
    text, joins = single(site.walk, by_prefix[prefix], site.details, lambda other: f"{other}.id = {parameter}")
    site.joins.extend(joins)
    return [f"coalesce({text}, 'null')"]


def _entities(_: Entities, site: Site) -> list[str]:
    by_prefix = _types_by_prefix(site)
    leaf = site.arguments["representations"]

    def read(variables: Mapping[str, Any]) -> list[str]:
        return [_represented(value, by_prefix) for value in leaf.read(variables)]

    return [_refetch_many(by_prefix, ArgumentLeaf(read, [representation_id(value) for value in leaf.value]), site)]


def _represented(value: Any, by_prefix: Mapping[str, GraphQLObjectType]) -> str:
    """The id in a representation; empty when it is none of the type that the representation names."""
    identifier = representation_id(value)
    type_ = by_prefix.get(_prefix(identifier))
    return identifier if type_ is not None and value.get("__typename") == type_.name else ""


def _types_by_prefix(site: Site) -> dict[str, GraphQLObjectType]:
    return {site.prefixes[table(type_).kind or ""]: type_ for type_ in implementations(site)}


def _refetch_many(by_prefix: Mapping[str, GraphQLObjectType], leaf: ArgumentLeaf, site: Site) -> str:
    """One row for each id asked, in that order; only the types whose prefix occurs are looked at."""
    statement = site.statement
    count = statement.parameter(lambda binding: _count(leaf.read(binding.variables)), "integer")
    texts: list[str] = []
    joins: list[str] = []
    for prefix in sorted({_prefix(value) for value in leaf.value} & by_prefix.keys()):
        known = _ids_parameter(statement, leaf, prefix)
        text, joined = single(site.walk, by_prefix[prefix], site.details, _asked(known))
        texts.append(text)
        joins.extend(joined)
    name = statement.alias("list")
    text = f"coalesce({', '.join([*texts, literal('null')])})"
    asked = f"generate_series(1, {count}) as asked (place)"
    body = f"select string_agg({text}, ',' order by asked.place) as text from {asked}{spaced(joins)}"
    site.joins.append(f"left join lateral ({body}) {name} on true")
    return f"concat('[', {name}.text, ']')"


def _asked(known: str) -> Callable[[str], str]:
    return lambda other: f"{other}.id = ({known})[asked.place]"


def _name_parameter(statement: Statement, leaf: ArgumentLeaf) -> str:
    """Part of a name, as it is kept: without spaces around it."""
    return statement.parameter(lambda binding: storable_text(leaf.read(binding.variables)).strip(), "text")


def _id_parameter(statement: Statement, leaf: ArgumentLeaf, prefix: str) -> str:
    return statement.parameter(lambda binding: parse_public_id(leaf.read(binding.variables), prefix), "uuid")


def _ids_parameter(statement: Statement, leaf: ArgumentLeaf, prefix: str) -> str:
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


LOOKUPS: dict[type, Callable[[Any, Site], list[str]]] = {Lookup: _lookup, Refetch: _refetch, Entities: _entities}
