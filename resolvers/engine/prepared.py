"""What an operation says whatever its variables are: worked out once and used by every run."""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    get_variable_values,
)
from graphql.execution.collect_fields import FragmentDetails, collect_fields
from graphql.execution.get_variable_signature import GraphQLVariableSignature, get_variable_signature
from graphql.execution.values import VariableValues, VariableValueSource

from compiler.graphql_types import declared_type, nullable_type, type_of
from compiler.selection.walk import Selection

# Of these scalars, a JSON value of the right kind is the coerced one.
_PLAIN: dict[str, Callable[[Any], bool]] = {
    "ID": lambda value: type(value) is str,
    "String": lambda value: type(value) is str,
    "Boolean": lambda value: type(value) is bool,
    "Int": lambda value: type(value) is int and -(1 << 31) <= value < 1 << 31,
}


class Prepared:
    """One operation of a document that was validated against the schema. Nothing is worked out before it is needed."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode, node: OperationDefinitionNode) -> None:
        self.schema, self.document, self.node = schema, document, node
        self.name = node.name.value if node.name else None

    @cached_property
    def fragments(self) -> dict[str, FragmentDefinitionNode]:
        return {item.name.value: item for item in self.document.definitions if isinstance(item, FragmentDefinitionNode)}

    @cached_property
    def root(self) -> GraphQLObjectType:
        root = self.schema.get_root_type(self.node.operation)
        assert root is not None, "validation refuses an operation type that the schema lacks"
        return root

    @cached_property
    def variable_types(self) -> tuple[tuple[str, Any], ...]:
        definitions = self.node.variable_definitions or ()
        return tuple((item.variable.name.value, declared_type(self.schema, item.type)) for item in definitions)

    def coerce(self, given: Mapping[str, Any]) -> VariableValues | list[GraphQLError]:
        """The variables' values as the schema's types have them, or what is wrong with them, at most ten errors."""
        plain = self._plain_variables
        if plain is not None and all(fits(given.get(signature.name)) for signature, fits in plain):
            coerced = {signature.name: given[signature.name] for signature, _ in plain}
            sources = {signature.name: VariableValueSource(signature, given[signature.name]) for signature, _ in plain}
            return VariableValues(sources, coerced)
        definitions = self.node.variable_definitions or ()
        return get_variable_values(self.schema, definitions, dict(given), max_errors=10, hide_suggestions=True)

    @cached_property
    def _plain_variables(self) -> list[tuple[GraphQLVariableSignature, Callable[[Any], bool]]] | None:
        """Null: there is one whose values have to be looked into."""
        found: list[tuple[GraphQLVariableSignature, Callable[[Any], bool]]] = []
        for definition in self.node.variable_definitions or ():
            signature = get_variable_signature(self.schema, definition)
            if isinstance(signature, GraphQLError):
                return None
            fits = _PLAIN.get(getattr(nullable_type(type_of(signature)), "name", ""))
            if fits is None:
                return None
            found.append((signature, fits))
        return found

    def select(self, variables: VariableValues) -> Selection:
        """The root fields by their response names."""
        return self._selected if self._selected is not None else self._collect(variables)

    @cached_property
    def _selected(self) -> Selection | None:
        """Null: variables may decide which fields they are."""
        items = self.node.selection_set.selections
        plain = all(isinstance(item, FieldNode) and not item.directives for item in items)
        return self._collect(VariableValues({}, {})) if plain else None

    def _collect(self, variables: VariableValues) -> Selection:
        details = {key: FragmentDetails(value) for key, value in self.fragments.items()}
        collected = collect_fields(self.schema, details, variables, self.root, self.node)
        return list(collected.grouped_field_set.items())
