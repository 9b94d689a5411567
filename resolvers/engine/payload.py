"""Plain values of a payload, printed as the client selected them."""

from collections.abc import Sequence
from typing import Any, cast

from graphql import GraphQLLeafType, GraphQLObjectType, get_named_type, is_leaf_type
from graphql.execution.collect_fields import FieldDetails

from compiler.graphql_types import BACKREF
from compiler.plan import Planner
from resolvers.engine.write import Outcome


def project(planner: Planner, payload: GraphQLObjectType, fields: list[FieldDetails], outcome: Outcome) -> Any:
    """Value of one payload field: userErrors, warnings, or one of the outcome's own values by its GraphQL name."""
    name = fields[0].node.name.value
    if name == "__typename":
        return payload.name
    values = {"userErrors": outcome.user_errors, "warnings": outcome.warnings, **outcome.values}
    return _print(planner, get_named_type(payload.fields[name].type), fields, values.get(name))


def _print(planner: Planner, type_: Any, fields: list[FieldDetails], value: Any) -> Any:
    if value is None:
        return None
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_print(planner, type_, fields, item) for item in cast(Sequence[Any], value)]
    if is_leaf_type(type_):
        return _leaf(type_, value)
    return {key: _member(planner, type_, inner, value) for key, inner in planner.subselection(type_, fields)}


def _member(planner: Planner, type_: GraphQLObjectType, fields: list[FieldDetails], value: Any) -> Any:
    name = fields[0].node.name.value
    if name == "__typename":
        return type_.name
    definition = type_.fields[name]
    return _print(
        planner,
        get_named_type(definition.type),
        fields,
        getattr(value, definition.extensions[BACKREF].python_name),
    )


def _leaf(type_: GraphQLLeafType, value: Any) -> Any:
    return value.value if hasattr(value, "value") else type_.serialize(value)
