"""Arguments of a field as a tree whose leaves can be read again from any later request of the same shape.

A plan is made once for a document and a shape; values reach SQL only as parameters, read by the leaves' readers.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from graphql import (
    FieldNode,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLScalarType,
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    Undefined,
    ValueNode,
    VariableNode,
)
from graphql.execution.values import VariableValues

from compiler.graphql_types import FieldType, literal_value, nullable_type, type_of
from compiler.statement import Rejected

Read = Callable[[Mapping[str, Any]], Any]


@dataclass(frozen=True)
class ArgumentLeaf:
    """value: that of the request being planned, for decisions that the shape includes; read: that of any request."""

    read: Read
    value: Any


Tree = ArgumentLeaf | dict[str, Any] | list[Any] | None


def constant(value: Any) -> ArgumentLeaf:
    return ArgumentLeaf(lambda _: value, value)


def argument_tree(field: GraphQLField, node: FieldNode, variables: VariableValues) -> dict[str, Tree]:
    """Arguments given (or defaulted) of a field; an argument left out is absent, an explicit null is None."""
    given = {argument.name.value: argument.value for argument in node.arguments or ()}
    tree: dict[str, Tree] = {}
    for name, definition in field.args.items():
        branch: Any = _walk(given[name], type_of(definition), variables) if name in given else Undefined
        if branch is Undefined and definition.default_value is not Undefined:
            branch = _from_value(
                definition.default_value,
                type_of(definition),
                lambda _, value=definition.default_value: value,
            )
        if branch is not Undefined:
            tree[name] = branch
    return tree


def _walk(node: ValueNode, type_: FieldType, variables: VariableValues) -> Any:
    nullable = nullable_type(type_)
    if isinstance(node, VariableNode):
        name = node.name.value
        if name not in variables.coerced:
            return Undefined
        if variables.coerced[name] is None and isinstance(type_, GraphQLNonNull):
            raise Rejected("BAD_USER_INPUT", f"Variable ${name} must not be null where it stands.")
        return _from_value(variables.coerced[name], nullable, lambda values, name=name: values[name])
    if isinstance(node, NullValueNode):
        return None
    if isinstance(node, ObjectValueNode) and isinstance(nullable, GraphQLInputObjectType):
        members = {
            member.name.value: _walk(member.value, type_of(nullable.fields[member.name.value]), variables)
            for member in node.fields
        }
        given = {name: branch for name, branch in members.items() if branch is not Undefined}
        return {**_defaults(nullable, given), **given}
    if isinstance(nullable, GraphQLList):
        return _walk_list(node, nullable, variables)
    return constant(literal_value(node, nullable, {}))


def _defaults(type_: GraphQLInputObjectType, given: Mapping[str, Any]) -> dict[str, Tree]:
    return {
        name: _from_value(member.default_value, type_of(member), lambda _, value=member.default_value: value)
        for name, member in type_.fields.items()
        if name not in given and member.default_value is not Undefined
    }


def _walk_list(node: ValueNode, type_: GraphQLList[Any], variables: VariableValues) -> Tree:
    items = node.values if isinstance(node, ListValueNode) else [node]
    branches = [_walk(item, type_.of_type, variables) for item in items]
    if isinstance(nullable_type(type_.of_type), GraphQLInputObjectType):
        return [branch for branch in branches if branch is not Undefined]
    leaves = [branch if isinstance(branch, ArgumentLeaf) else constant(None) for branch in branches]
    return ArgumentLeaf(lambda values: [leaf.read(values) for leaf in leaves], [leaf.value for leaf in leaves])


def _from_value(value: Any, type_: FieldType, read: Read) -> Tree:
    nullable = nullable_type(type_)
    if value is None:
        return None
    if isinstance(nullable, GraphQLInputObjectType):
        return {
            name: _from_value(member, type_of(nullable.fields[name]), lambda values, name=name: read(values)[name])
            for name, member in value.items()
        }
    if isinstance(nullable, GraphQLList) and isinstance(nullable_type(nullable.of_type), GraphQLInputObjectType):
        return [
            _from_value(item, nullable.of_type, lambda values, index=index: read(values)[index])
            for index, item in enumerate(value)
        ]
    return ArgumentLeaf(read, value)


def variables_shape(
    types: Iterable[tuple[str, Any]], coerced: Mapping[str, Any], prefixes: frozenset[str]
) -> tuple[Any, ...]:
    """What of the variables can change the SQL: presence, nulls, keys, list lengths, Booleans, enums, id prefixes.

    types: of the operation's variables, by their names.
    """
    return tuple(_shape(coerced[name], type_, prefixes) if name in coerced else Undefined for name, type_ in types)


def _shape(value: Any, type_: Any, prefixes: frozenset[str]) -> Any:
    nullable = nullable_type(type_)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(nullable, GraphQLInputObjectType):
        members = sorted(value.items())
        return tuple((name, _shape(member, type_of(nullable.fields[name]), prefixes)) for name, member in members)
    if isinstance(nullable, GraphQLList):
        return _list_shape(value, nullable_type(nullable.of_type), prefixes)
    if isinstance(nullable, GraphQLEnumType):
        return str(value)
    return _prefix(value, prefixes) if _is_id(nullable) else "value"


def _list_shape(value: Any, item_type: Any, prefixes: frozenset[str]) -> Any:
    if isinstance(item_type, GraphQLInputObjectType):
        return tuple(_shape(item, item_type, prefixes) for item in value)
    if isinstance(item_type, GraphQLScalarType) and item_type.name == "_Any":
        return frozenset(_prefix(representation_id(item), prefixes) for item in value)
    return frozenset(_prefix(item, prefixes) for item in value) if _is_id(item_type) else "list"


def representation_id(value: Any) -> str:
    """The id in one of Federation's representations; empty when it holds none."""
    identifier = cast(dict[str, Any], value).get("id") if isinstance(value, dict) else None
    return identifier if isinstance(identifier, str) else ""


def _is_id(type_: Any) -> bool:
    return isinstance(type_, GraphQLScalarType) and type_.name == "ID"


def _prefix(value: Any, prefixes: frozenset[str]) -> str:
    prefix = str(value).partition("_")[0]
    return prefix if prefix in prefixes else ""
