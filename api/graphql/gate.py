"""The gate: a query is parsed, measured, priced and validated before anything works for it."""

import re
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FloatValueNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    IntValueNode,
    OperationDefinitionNode,
    OperationType,
    StringValueNode,
    Visitor,
    parse,
    validate,
    visit,
)

from api import limits
from api.graphql.measure import Measurer, check
from api.graphql.parameters import Parameters
from api.graphql.price import Price
from api.http.strict_json import parse_json, refuse_unstorable
from resolvers.engine.prepared import Prepared
from runtime.refusal import ErrorCode, Refusal

# Only texts with one of these can hold a literal that nothing could store.
_SUSPECT = re.compile(r"\\u|\d{21}|[eE]\+?\d{3}")


@dataclass(frozen=True)
class ValidatedRequest:
    """An operation that passed the gate."""

    text: str
    operation: Prepared
    variables: dict[str, Any]
    cost: int


class Invalid(Exception):
    """The document breaks rules of GraphQL or of the schema; at most ten errors with their places."""

    def __init__(self, code: ErrorCode, errors: list[GraphQLError]) -> None:
        super().__init__(code)
        self.code = code
        self.errors = errors


@dataclass
class Candidate:
    """An operation of a document, measured."""

    operation: Prepared
    price: Price


@dataclass
class Document:
    """A parsed and measured document; `valid` once the schema's rules were checked."""

    node: DocumentNode
    operations: list[Candidate]
    valid: bool = False

    def choose(self, name: str | None) -> Candidate:
        found = [item for item in self.operations if name in (None, item.operation.name)]
        if len(found) == 1:
            return found[0]
        if not self.operations:
            raise Refusal(ErrorCode.BAD_REQUEST, "The document has no operation.")
        message = "operationName must name one of the document's operations."
        raise Refusal(ErrorCode.BAD_REQUEST, message)


@dataclass
class Gate:
    """Knows one schema. Documents are kept by their text, the least recently used go first."""

    schema: GraphQLSchema
    documents_kept: int = 1_000
    # A parsed document takes about 40 times the memory of its text.
    text_kept: int = 2 << 20
    _documents: OrderedDict[str, Document] = field(default_factory=OrderedDict)
    _size: int = 0

    def admit(self, parameters: Parameters, *, anonymous: bool = False) -> ValidatedRequest:
        """Raises Refusal or Invalid. Who asks anonymously learns only that somebody is there."""
        document = self._documents.get(parameters.text) or self._read(parameters.text)
        chosen = document.choose(parameters.operation_name)
        cost = chosen.price.of(parameters.variables)
        check(ErrorCode.COST_LIMIT, "points of cost", limits.COST, cost)
        if chosen.operation.node.operation is OperationType.SUBSCRIPTION:
            message = "Subscriptions need a connection that stays open."
            raise Refusal(ErrorCode.OPERATION_NOT_ALLOWED, message)
        if anonymous and not _asks_only_who_is_there(chosen.operation.node):
            raise Refusal(ErrorCode.UNAUTHENTICATED, "Send an API key: Authorization: Bearer fsk_…")
        if not document.valid:
            self._validate(document)
        self._keep(parameters.text, document)
        return ValidatedRequest(
            parameters.text,
            chosen.operation,
            parameters.variables,
            cost,
        )

    def _read(self, text: str) -> Document:
        node = _parse(text)
        definitions = node.definitions
        fragments = [item for item in definitions if isinstance(item, FragmentDefinitionNode)]
        measurer = Measurer(self.schema, {item.name.value: item for item in fragments})
        operations = [
            Candidate(Prepared(self.schema, node, item), measurer.measure_operation(item))
            for item in definitions
            if isinstance(item, OperationDefinitionNode)
        ]
        for fragment in fragments:
            measurer.measure_fragment(fragment)
        return Document(node, operations)

    def _validate(self, document: Document) -> None:
        errors = validate(
            self.schema,
            document.node,
            max_errors=limits.ERRORS,
            hide_suggestions=True,
            allow_empty_selection_sets=False,
        )
        if errors:
            # graphql-core adds one more that says it stopped.
            code = ErrorCode.GRAPHQL_VALIDATION_FAILED
            raise Invalid(code, errors[: limits.ERRORS])
        document.valid = True

    def _keep(self, text: str, document: Document) -> None:
        if text not in self._documents:
            self._documents[text] = document
            self._size += len(text)
        self._documents.move_to_end(text)
        while len(self._documents) > self.documents_kept or self._size > self.text_kept:
            dropped, _ = self._documents.popitem(last=False)
            self._size -= len(dropped)


def _parse(text: str) -> DocumentNode:
    try:
        document = parse(text, max_tokens=limits.TOKENS, allow_empty_selection_sets=False)
    except GraphQLSyntaxError as error:
        # graphql-core has no other sign of these two.
        if error.description.startswith("Document contains more than"):
            actual = limits.TOKENS + 1
            check(ErrorCode.QUERY_TOO_COMPLEX, "tokens", limits.TOKENS, actual)
        if error.description.startswith("Document is nested too deeply"):
            raise Refusal(ErrorCode.QUERY_TOO_DEEP, "The query nests too deeply.") from None
        raise Invalid(ErrorCode.GRAPHQL_PARSE_FAILED, [error]) from None
    if _SUSPECT.search(text):
        visit(document, _Literals())
    return document


class _Literals(Visitor):
    """Holds literals to what is asked of JSON. graphql-core refuses half surrogate pairs by itself."""

    def enter_string_value(self, node: StringValueNode, *_: Any) -> None:
        refuse_unstorable(node.value)

    def enter_int_value(self, node: IntValueNode, *_: Any) -> None:
        parse_json(node.value.encode())

    def enter_float_value(self, node: FloatValueNode, *_: Any) -> None:
        parse_json(node.value.encode())


def _asks_only_who_is_there(operation: OperationDefinitionNode) -> bool:
    return operation.operation is OperationType.QUERY and all(
        isinstance(item, FieldNode) and item.name.value == "__typename" for item in operation.selection_set.selections
    )
