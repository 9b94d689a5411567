"""The schema that clients see, and the way of an operation through it: reads are compiled, changes are written and then read."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import asyncpg
import orjson
import strawberry.federation
from graphql import (
    DocumentNode,
    ExecutionResult,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLObjectType,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableNode,
    execute,
    get_argument_values,
    get_named_type,
    get_operation_ast,
    get_variable_values,
    visit,
)
from graphql.execution.collect_fields import FieldDetails, FragmentDetails, collect_fields
from graphql.execution.values import VariableValues
from graphql.language.visitor import Visitor
from strawberry.schema.config import StrawberryConfig
from strawberry.types.arguments import convert_arguments

import schema
from compiler.cursor import CursorKey
from compiler.graphql_types import BACKREF, table
from compiler.plan import Catalogue, Selection
from portfolio.identity import PREFIX_OF_KIND
from resolvers import Mutation
from resolvers.payload import project
from resolvers.read import Operation, Reader
from resolvers.write import Change, Outcome, WriteContext, change
from runtime.clock import Clock
from runtime.postgres import Database
from runtime.refusal import ErrorCode, Refusal
from runtime.viewer import Viewer
from schema.scalars import SCALARS

# Answered from the schema itself, without any database.
_META_FIELDS = frozenset({"__schema", "__type", "__typename", "_service"})


class Schema(strawberry.federation.Schema):
    """Folioscope's schema. `run` answers an operation that the gate let through."""

    def __init__(self) -> None:
        super().__init__(
            query=schema.Query,
            mutation=Mutation,
            types=schema.ENTITIES,
            config=StrawberryConfig(scalar_map=SCALARS, disable_field_suggestions=True),
            federation_version="2.9",
        )
        self.graphql = self._schema

    def catalogue(self, cursor_secret: bytes) -> Catalogue:
        return Catalogue(self.graphql, PREFIX_OF_KIND, CursorKey.from_secret(cursor_secret))


class Executor:
    """Runs validated operations of one schema on one database."""

    def __init__(self, schema_: Schema, database: Database, clock: Clock, cursor_secret: bytes, encryption_key: bytes) -> None:
        self.schema, self.database, self.clock, self.encryption_key = schema_, database, clock, encryption_key
        self.reader = Reader(schema_.catalogue(cursor_secret), database, clock)

    async def run(self, document: DocumentNode, text: str, name: str | None, variables: Mapping[str, Any] | None, context: "Context") -> ExecutionResult:
        """Data as orjson.Fragment (bytes that PostgreSQL printed) or plain values. Errors of the client come back, others are raised."""
        node = get_operation_ast(document, name)
        if node is None:
            raise Refusal(ErrorCode.BAD_REQUEST, "Say with operationName which of the document's operations to run.")
        coerced = get_variable_values(self.schema.graphql, node.variable_definitions or (), dict(variables or {}), max_errors=10, hide_suggestions=True)
        if not isinstance(coerced, VariableValues):
            return ExecutionResult(None, [_user_input(error) for error in coerced])
        fragments = {item.name.value: item for item in document.definitions if isinstance(item, FragmentDefinitionNode)}
        root = self.schema.graphql.get_root_type(node.operation)
        assert root is not None
        details = {key: FragmentDetails(value) for key, value in fragments.items()}
        grouped = list(collect_fields(self.schema.graphql, details, coerced, root, node).grouped_field_set.items())
        meta = [item for item in grouped if item[1][0].node.name.value in _META_FIELDS]
        data = [item for item in grouped if item[1][0].node.name.value not in _META_FIELDS]
        if not data:
            return self._introspect(node, document, meta, variables)
        if context.viewer is None:
            raise Refusal(ErrorCode.UNAUTHENTICATED, "Give a key: Authorization: Bearer fsk_…")
        operation = Operation(text, node, fragments, coerced, context.viewer)
        if node.operation is OperationType.MUTATION:
            return await self._change(operation, root, grouped, context)
        context.viewer.require("READ")
        answer = await self.reader.query(operation, root, data)
        if not meta:
            return ExecutionResult(orjson.Fragment(answer), None)
        found = self._introspect(node, document, meta, variables)
        both = {**orjson.loads(answer), **(found.data or {})}
        return ExecutionResult({key: both[key] for key, _ in grouped if key in both}, found.errors)

    def _introspect(self, node: OperationDefinitionNode, document: DocumentNode, selection: Selection, variables: Mapping[str, Any] | None) -> ExecutionResult:
        fields = tuple(item.node for _, details in selection for item in details)
        operation = OperationDefinitionNode(
            operation=node.operation, name=node.name, variable_definitions=node.variable_definitions, directives=(), selection_set=SelectionSetNode(selections=fields)
        )
        fragments = tuple(item for item in document.definitions if isinstance(item, FragmentDefinitionNode))
        result = execute(self.schema.graphql, DocumentNode(definitions=(operation, *fragments)), variable_values=dict(variables or {}))
        assert isinstance(result, ExecutionResult)
        return result

    # Changes -------------------------------------------------------------------------------------

    async def _change(self, operation: Operation, root: GraphQLObjectType, grouped: Selection, context: "Context") -> ExecutionResult:
        """Root fields one after the other, each its own transaction; what fails is null with an error of its own."""
        parts: list[bytes] = []
        errors: list[GraphQLError] = []
        for key, details in grouped:
            try:
                answer = await self._change_field(operation, root, (key, details), context)
            except Exception as error:
                errors.append(GraphQLError(str(error), nodes=[item.node for item in details], path=[key], original_error=error))
                answer = b"null"
            parts.append(json.dumps(key).encode() + b":" + answer)
        return ExecutionResult(orjson.Fragment(b"{" + b",".join(parts) + b"}"), errors or None)

    async def _change_field(self, operation: Operation, root: GraphQLObjectType, selected: tuple[str, list[FieldDetails]], context: "Context") -> bytes:
        key, details = selected
        node = details[0].node
        if node.name.value == "__typename":
            return json.dumps(root.name).encode()
        definition = root.fields[node.name.value]
        declared = definition.extensions[BACKREF]
        found: Change = declared.metadata["change"]
        values = get_argument_values(definition, node, operation.variables)
        arguments = convert_arguments(values, declared.arguments, config=self.schema.config, scalar_registry=self.schema.schema_converter.scalar_registry)
        payload = get_named_type(definition.type)
        assert isinstance(payload, GraphQLObjectType)

        async def answer(connection: asyncpg.Connection, outcome: Outcome) -> bytes:
            return await self._answer(connection, operation, (key, payload, details), outcome)

        write_context = WriteContext(
            database=self.database, clock=self.clock, viewer=operation.viewer, request_id=context.request_id,
            idempotency_key=context.idempotency_key, encryption_key=self.encryption_key,
        )
        return await change(write_context, node.name.value, found, arguments, answer, _selection_hash(operation, key, details))

    async def _answer(self, connection: asyncpg.Connection, operation: Operation, selected: tuple[str, GraphQLObjectType, list[FieldDetails]], outcome: Outcome) -> bytes:
        """The payload: entities by the compiler on the same connection, the rest from the outcome."""
        key, payload, details = selected
        planner = self.reader.planner(operation)
        parts: list[bytes] = []
        for name, fields in planner.subselection(payload, details):
            field_name = fields[0].node.name.value
            if field_name in outcome.entities:
                value = await self._entity(connection, operation, (key, name), payload, fields, outcome)
            else:
                value = orjson.dumps(project(planner, payload, fields, outcome))
            parts.append(json.dumps(name).encode() + b":" + value)
        return b"{" + b",".join(parts) + b"}"

    async def _entity(
        self, connection: asyncpg.Connection, operation: Operation, path: tuple[str, str], payload: GraphQLObjectType, fields: list[FieldDetails], outcome: Outcome
    ) -> bytes:
        name = fields[0].node.name.value
        entity = outcome.entities[name]
        if entity is None:
            return b"null"
        type_ = get_named_type(payload.fields[name].type)
        assert isinstance(type_, GraphQLObjectType)
        assert table(type_).kind == entity[0], f"{payload.name}.{name} is a {type_.name}, not a {entity[0]}"
        plan = self.reader.plan(
            operation, ("payload", *path), lambda planner: planner.plan_object(type_, fields, "{other}.id = {value}", (lambda _: None, "uuid"))
        )
        return await self.reader.object(connection, operation, plan, entity[1])


class Context:
    """What the door knows of a request. viewer: null for an anonymous one."""

    def __init__(self, viewer: Viewer | None, request_id: str, idempotency_key: str | None = None) -> None:
        self.viewer, self.request_id, self.idempotency_key = viewer, request_id, idempotency_key


def _user_input(error: GraphQLError) -> GraphQLError:
    return GraphQLError(error.message, nodes=error.nodes, original_error=Refusal(ErrorCode.BAD_USER_INPUT, error.message))


class _VariableNames(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def enter_variable(self, node: VariableNode, *_: Any) -> None:
        self.names.add(node.name.value)


def _selection_hash(operation: Operation, key: str, details: list[FieldDetails]) -> bytes:
    """Of what decides the bytes of an answer beside the input: document, field, and the variables of the selection."""
    in_arguments = _VariableNames()
    for item in details:
        for argument in item.node.arguments or ():
            visit(argument, in_arguments)
    others = {name: value for name, value in operation.variables.coerced.items() if name not in in_arguments.names}
    name = operation.node.name.value if operation.node.name else None
    return hashlib.sha256(json.dumps([operation.text, name, key, others], default=str, sort_keys=True).encode()).digest()


