"""From graphql-core's types back to what the schema files declared."""

from collections.abc import Mapping
from typing import Any

from graphql import GraphQLField, GraphQLInputObjectType, GraphQLObjectType, get_named_type

from compiler.declare import table_of
from compiler.mapping import Table

BACKREF = "strawberry-definition"


def object_type(definition: GraphQLField) -> GraphQLObjectType:
    type_ = get_named_type(definition.type)
    if not isinstance(type_, GraphQLObjectType):
        raise LookupError(f"{type_.name} is no object type")
    return type_


def input_type(definition: GraphQLField, argument: str) -> GraphQLInputObjectType:
    type_ = get_named_type(definition.args[argument].type)
    if not isinstance(type_, GraphQLInputObjectType):
        raise LookupError(f"{type_.name} is no input type")
    return type_


def table(type_: GraphQLObjectType) -> Table:
    return table_of(type_.extensions[BACKREF].origin)


def filter_fields(definition: GraphQLField) -> Mapping[str, Any]:
    """GraphQL name → what is compared, of a connection field's filter input."""
    return input_type(definition, "filter").extensions[BACKREF].origin.__filters__
