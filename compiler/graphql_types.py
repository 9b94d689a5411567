"""From graphql-core's types back to what the schema files declared.

graphql-core leaves open of what its lists and its non-nulls are made; here that is said.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, cast

import graphql
from graphql import (
    ExecutionResult,
    GraphQLArgument,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    TypeNode,
    ValueNode,
    get_named_type,
)
from graphql.execution.get_variable_signature import GraphQLVariableSignature

from compiler.declare import table_of
from compiler.mapping import Table

BACKREF = "strawberry-definition"

Nullable: TypeAlias = GraphQLNamedType | GraphQLList[Any]
FieldType: TypeAlias = Nullable | GraphQLNonNull[Any]

_graphql: Any = graphql
nullable_type: Callable[[FieldType], Nullable] = _graphql.get_nullable_type
execute: Callable[..., ExecutionResult] = _graphql.execute_sync
declared_type: Callable[[GraphQLSchema, TypeNode], FieldType | None] = _graphql.type_from_ast
literal_value: Callable[[ValueNode, FieldType, Mapping[str, Any]], Any] = _graphql.value_from_ast


def type_of(declared: GraphQLField | GraphQLArgument | GraphQLInputField | GraphQLVariableSignature) -> FieldType:
    return cast(Any, declared).type


def named_type(declared: GraphQLField | GraphQLArgument | GraphQLInputField) -> GraphQLNamedType:
    return get_named_type(type_of(declared))


def object_type(definition: GraphQLField) -> GraphQLObjectType:
    type_ = named_type(definition)
    if not isinstance(type_, GraphQLObjectType):
        raise LookupError(f"{type_.name} is no object type")
    return type_


def input_type(definition: GraphQLField, argument: str) -> GraphQLInputObjectType:
    type_ = named_type(definition.args[argument])
    if not isinstance(type_, GraphQLInputObjectType):
        raise LookupError(f"{type_.name} is no input type")
    return type_


def table(type_: GraphQLObjectType) -> Table:
    return table_of(type_.extensions[BACKREF].origin)


def filter_fields(definition: GraphQLField) -> Mapping[str, Any]:
    """GraphQL name → what is compared, of a connection field's filter input."""
    return input_type(definition, "filter").extensions[BACKREF].origin.__filters__
