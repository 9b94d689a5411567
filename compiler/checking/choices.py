"""Every template that a field may come to: a function chooses one by the arguments that are given."""

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLNonNull,
    Undefined,
)

from compiler.arguments import Tree, constant
from compiler.declaration.place import DeclarationError, suggest
from compiler.graphql_types import named_type, nullable_type, type_of
from compiler.mapping import Source

_ABSENT = object()


class _Given(Mapping[str, Any]):
    """The arguments of one choice, which tells a function that asks for one that the field does not have."""

    def __init__(self, values: Mapping[str, Any], known: Mapping[str, GraphQLArgument]) -> None:
        self._values, self._known = values, known

    def __getitem__(self, name: str) -> Any:
        if name not in self._known:
            raise DeclarationError(f"its function asks for an argument `{name}`. {suggest(name, self._known)}")
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def templates(source: Source | None, definition: GraphQLField) -> Iterator[tuple[str, list[str]]]:
    """Each template with the arguments that it may name, once for each way in which a function may choose."""
    arguments = definition.args
    if source is None:
        return
    if isinstance(source, str):
        yield source, [name for name, argument in arguments.items() if _is_certain(argument) and _is_filled(argument)]
        return
    for values in product(*(_choices(argument) for argument in arguments.values())):
        given = {name: value for name, value in zip(arguments, values, strict=True) if value is not _ABSENT}
        yield source(_Given(given, arguments)), [name for name in given if _is_filled(arguments[name])]


def _choices(argument: GraphQLArgument) -> list[Tree | object]:
    named = named_type(argument)
    if isinstance(named, GraphQLEnumType) and named is nullable_type(type_of(argument)):
        given: list[Tree | object] = [constant(word.value) for word in named.values.values()]
    else:
        given = [constant(None)]
    return given if _is_certain(argument) else [_ABSENT, *given]


def _is_certain(argument: GraphQLArgument) -> bool:
    return isinstance(type_of(argument), GraphQLNonNull) or argument.default_value is not Undefined


def _is_filled(argument: GraphQLArgument) -> bool:
    return not isinstance(named_type(argument), GraphQLInputObjectType)
