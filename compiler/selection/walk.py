"""The walk over a selection: the members of each object, and where each field stands when it is printed.

What prints each kind of field is handed in, because it may walk on below that field.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from graphql import (
    FragmentDefinitionNode,
    GraphQLEnumType,
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
)
from graphql.execution.collect_fields import FieldDetails, FragmentDetails, collect_subfields
from graphql.execution.values import VariableValues

from compiler.arguments import ArgumentLeaf, argument_tree
from compiler.cursor import CursorKey
from compiler.declare import access_of, mapping_of
from compiler.filter import resolve_instant, storable_text
from compiler.graphql_types import BACKREF, named_type
from compiler.mapping import Entities, Source
from compiler.selection.page import size_binder
from compiler.statement import Binding, Instant, Rejected, Statement, literal, print_members

Selection = list[tuple[str, list[FieldDetails]]]

_PLAIN = {"Date": "date", "Int": "integer"}


@dataclass(frozen=True)
class Catalogue:
    """What the compiler must be told of a schema: kind → id prefix, and the secret that signs cursors."""

    schema: GraphQLSchema
    prefixes: Mapping[str, str]
    cursor_key: CursorKey


@dataclass
class Walk:
    """One operation for one class of viewers: its scopes, and whether it is restricted to portfolios.

    printers: type of a mapping → what prints such a field as pieces of text.
    """

    printers: ClassVar[Mapping[type, Callable[[Any, Site], list[str]]]] = {}

    catalogue: Catalogue
    operation: OperationDefinitionNode
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: VariableValues
    scopes: frozenset[str]
    restricted: bool
    statement: Statement = field(init=False)

    def __post_init__(self) -> None:
        self.statement = Statement(self.restricted, self.catalogue.prefixes)
        self._details = {name: FragmentDetails(definition) for name, definition in self.fragments.items()}

    def subselection(self, type_: GraphQLObjectType, details: list[FieldDetails]) -> Selection:
        collected = collect_subfields(
            self.catalogue.schema, self._details, self.variables, self.operation, type_, details
        )
        return list(collected.grouped_field_set.items())

    def print_object(
        self, type_: GraphQLObjectType, alias: str, parent: str, selection: Selection
    ) -> tuple[str, list[str]]:
        """Text expression of an object whose row is `alias`, and the joins that it needs."""
        joins: list[str] = []
        members = [(key, self._print_field(type_, (alias, parent), details, joins)) for key, details in selection]
        return print_members(members), joins

    def _print_field(
        self, type_: GraphQLObjectType, aliases: tuple[str, str], details: list[FieldDetails], joins: list[str]
    ) -> list[str]:
        node = details[0].node
        if node.name.value == "__typename":
            return [literal(f'"{type_.name}"')]
        definition = type_.fields[node.name.value]
        declared = definition.extensions.get(BACKREF)
        coordinate = f"{type_.name}.{node.name.value}"
        access = access_of(declared)
        if access is not None and access.scope not in self.scopes:
            raise Rejected("FORBIDDEN", f"{coordinate} needs a key with scope {access.scope}.")
        arguments = argument_tree(definition, node, self.variables) if definition.args else {}
        mapping: Any = Entities() if coordinate == "Query._entities" else mapping_of(declared)
        printer = self.printers.get(mapping.__class__)
        if printer is None:
            raise LookupError(f"{coordinate} has no mapping")
        return printer(mapping, Site(self, coordinate, definition, aliases, details, arguments, joins))


@dataclass(frozen=True)
class Site:
    """A field where it is selected. aliases: the row that carries it and the row above; joins: those of the object."""

    walk: Walk
    coordinate: str
    definition: GraphQLField
    aliases: tuple[str, str]
    details: list[FieldDetails]
    arguments: Mapping[str, Any]
    joins: list[str]

    @property
    def statement(self) -> Statement:
        return self.walk.statement

    @property
    def alias(self) -> str:
        return self.aliases[0]

    @property
    def prefixes(self) -> Mapping[str, str]:
        return self.walk.catalogue.prefixes

    def fill(self, source: Source, **names: str) -> str:
        """A template's text: arguments are texts, words of an enumeration, days, whole numbers, instants (relative ones
        included) or numbers of rows; a function chooses by what is given."""
        template = source if isinstance(source, str) else source(self.arguments)
        filled = {"self": self.alias, "parent": self.aliases[1], **names}
        for name, leaf in self.arguments.items():
            if isinstance(leaf, ArgumentLeaf) and f"{{{name}}}" in template:
                filled[name] = self._parameter(name, leaf)
        return self.statement.fill(template, filled)

    def print_object(self, type_: GraphQLObjectType, alias: str) -> tuple[str, list[str]]:
        return self.walk.print_object(type_, alias, self.alias, self.walk.subselection(type_, self.details))

    def _parameter(self, name: str, leaf: ArgumentLeaf) -> str:
        parameter, type_ = self.statement.parameter, named_type(self.definition.args[name])
        if name == "first":
            return parameter(size_binder(leaf, self.coordinate, name), "integer")
        if isinstance(type_, GraphQLEnumType):
            return parameter(lambda binding: [str(word.value) for word in leaf.read(binding.variables)], "text[]")
        if type_.name == "String":
            return text_parameter(self.statement, leaf)
        if type_.name in _PLAIN:
            return parameter(lambda binding: leaf.read(binding.variables), _PLAIN[type_.name])
        return self._instant(name, leaf)

    def _instant(self, name: str, leaf: ArgumentLeaf) -> str:
        def read(binding: Binding) -> datetime:
            return resolve_instant(leaf.read(binding.variables), binding.now)

        parameter = self.statement.parameter(read, "timestamptz")
        self.statement.instants.append(Instant(f"`{name}` of {self.coordinate}", parameter, read))
        return parameter


def text_parameter(statement: Statement, leaf: ArgumentLeaf) -> str:
    return statement.parameter(lambda binding: storable_text(leaf.read(binding.variables)), "text")
