"""The way of an operation through the schema: reads are compiled, changes are written and then read."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import asyncpg
import orjson
import strawberry.federation
from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLObjectType,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableNode,
    build_schema,
    get_argument_values,
    lexicographic_sort_schema,
    print_schema,
    visit,
)
from graphql.execution.collect_fields import FieldDetails
from graphql.execution.values import VariableValues
from graphql.language.visitor import Visitor
from strawberry.schema.config import StrawberryConfig
from strawberry.types.arguments import convert_arguments
from strawberry.types.field import StrawberryField

import schema
from compiler.checking.check import check_declarations
from compiler.cursor import CursorKey
from compiler.graphql_types import BACKREF, execute, named_type
from compiler.selection.walk import Catalogue, Selection
from portfolio.identity import PREFIX_OF_KIND
from resolvers import Mutation
from resolvers.engine.mutation import DeclaredMutation
from resolvers.engine.outcome import Outcome
from resolvers.engine.payload import project
from resolvers.engine.prepared import Prepared
from resolvers.engine.read import Operation, Reader
from resolvers.engine.write import PayloadSelection, WriteContext, change
from runtime import encryption
from runtime.clock import Clock
from runtime.postgres import Database
from runtime.refusal import ErrorCode, Refusal
from runtime.settings import Settings
from runtime.viewer import Viewer
from schema.scalars import SCALARS

# Answered from the schema itself, without any database.
_META_FIELDS = frozenset({"__schema", "__type", "__typename", "_service"})


class Schema(strawberry.federation.Schema):
    """The types that clients see, in a form that a Federation 2.9 router can compose."""

    def __init__(self) -> None:
        super().__init__(  # pyright: ignore[reportUnknownMemberType]  strawberry leaves its extensions open
            query=schema.Query,
            mutation=Mutation,
            types=schema.ENTITIES,
            config=StrawberryConfig(scalar_map=SCALARS, disable_field_suggestions=True),
            federation_version="2.9",
        )
        self.graphql = self._schema
        check_declarations(self.graphql, PREFIX_OF_KIND)
        for type_ in self.graphql.type_map.values():
            if isinstance(type_, GraphQLInputObjectType) and BACKREF in type_.extensions:
                # Strawberry holds to @oneOf by rules of its own, which only its own executor runs.
                type_.is_one_of = type_.extensions[BACKREF].is_one_of

    def print(self) -> str:
        """Schema definition language in alphabetical order, so that a change of the API is a readable difference."""
        # Sorted as a copy made from text: sorting Strawberry's own enums would lose how they serialize.
        return print_schema(lexicographic_sort_schema(build_schema(print_schema(self.graphql)))) + "\n"


class Request(Protocol):
    """An operation that was parsed, measured and validated."""

    @property
    def text(self) -> str: ...
    @property
    def operation(self) -> Prepared: ...
    @property
    def variables(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True)
class Context:
    """What the door knows of a request beside its operation. viewer: null for an anonymous one; via: the door."""

    viewer: Viewer | None
    request_id: str | None = None
    idempotency_key: str | None = None
    via: str = "API"


@dataclass(frozen=True)
class _Field:
    """One root field of a mutation as it was selected."""

    key: str
    details: list[FieldDetails]
    payload: GraphQLObjectType

    @property
    def name(self) -> str:
        return self.details[0].node.name.value


class Executor:
    """Runs operations of one schema on one database. From the settings it takes keys only."""

    def __init__(self, schema_: Schema, database: Database, clock: Clock, settings: Settings) -> None:
        self.schema, self.database, self.clock = schema_, database, clock
        self.encryption_key = settings.derive_key(encryption.PURPOSE)
        cursor_key = CursorKey.from_secret(settings.derive_key("cursors"))
        catalogue = Catalogue(schema_.graphql, PREFIX_OF_KIND, cursor_key)
        self.reader = Reader(catalogue, database, clock)

    async def run(self, request: Request, context: Context) -> ExecutionResult:
        """Data as orjson.Fragment (bytes that PostgreSQL printed), or plain values of introspection.

        The client's mistakes in a query raise Refusal; those of one mutation are errors with its path.
        """
        prepared = request.operation
        coerced = prepared.coerce(request.variables)
        if not isinstance(coerced, VariableValues):
            return ExecutionResult(None, [_user_input(error) for error in coerced])
        grouped = prepared.select(coerced)
        meta = [item for item in grouped if item[1][0].node.name.value in _META_FIELDS]
        if len(meta) == len(grouped):
            return self._introspect(request, grouped)
        if context.viewer is None:
            raise Refusal(ErrorCode.UNAUTHENTICATED, "Send an API key: Authorization: Bearer fsk_…")
        operation = Operation(request.text, prepared, coerced, context.viewer)
        if prepared.node.operation is OperationType.MUTATION:
            return await self._change(operation, grouped, context)
        return await self._read(operation, grouped, meta, request)

    async def _read(
        self, operation: Operation, grouped: Selection, meta: Selection, request: Request
    ) -> ExecutionResult:
        operation.viewer.require("READ")
        root = operation.prepared.root
        if not meta:
            return ExecutionResult(_printed(await self.reader.query(operation, root, grouped)), None)
        answer = await self.reader.query(operation, root, [item for item in grouped if item not in meta])
        found = self._introspect(request, meta)
        both = {**orjson.loads(answer), **(found.data or {})}
        return ExecutionResult({key: both[key] for key, _ in grouped if key in both}, found.errors)

    def _introspect(self, request: Request, selection: Selection) -> ExecutionResult:
        node = request.operation.node
        operation = OperationDefinitionNode(
            operation=node.operation,
            name=node.name,
            variable_definitions=node.variable_definitions,
            directives=(),
            selection_set=SelectionSetNode(selections=tuple(item.node for _, details in selection for item in details)),
        )
        document = DocumentNode(definitions=(operation, *request.operation.fragments.values()))
        return execute(self.schema.graphql, document, variable_values=dict(request.variables))

    # Changes -------------------------------------------------------------------------------------

    async def _change(self, operation: Operation, grouped: Selection, context: Context) -> ExecutionResult:
        """Root fields one after the other, each its own transaction; what fails is null with an error of its own."""
        if context.idempotency_key is not None and len(grouped) > 1:
            message = "The Idempotency-Key header goes with one mutation; give each input an idempotencyKey of its own."
            raise Refusal(ErrorCode.BAD_REQUEST, message)
        parts: list[bytes] = []
        errors: list[GraphQLError] = []
        for key, details in grouped:
            try:
                answer = await self._change_field(operation, (key, details), context)
            except Exception as error:
                nodes = [item.node for item in details]
                errors.append(GraphQLError(str(error), nodes=nodes, path=[key], original_error=error))
                answer = b"null"
            parts.append(_member(key, answer))
        return ExecutionResult(_printed(_object(parts)), errors or None)

    async def _change_field(
        self, operation: Operation, selected: tuple[str, list[FieldDetails]], context: Context
    ) -> bytes:
        key, details = selected
        root = operation.prepared.root
        node = details[0].node
        if node.name.value == "__typename":
            return orjson.dumps(root.name)
        definition = root.fields[node.name.value]
        declared = definition.extensions[BACKREF]
        found: DeclaredMutation = declared.metadata["change"]
        arguments = self._arguments(declared, get_argument_values(definition, node, operation.variables))
        payload = named_type(definition)
        assert isinstance(payload, GraphQLObjectType), "a mutation returns a payload object"
        field = _Field(key, details, payload)

        async def answer(connection: asyncpg.Connection, outcome: Outcome) -> bytes:
            return await self._answer(connection, operation, field, outcome)

        asked = (operation.viewer, context.request_id, context.idempotency_key)
        write = WriteContext(self.database, self.clock, *asked, self.encryption_key, context.via)
        selection = PayloadSelection(answer, _selection_hash(operation, field))
        return await change(write, field.name, found, arguments, selection)

    def _arguments(self, declared: StrawberryField, given: dict[str, Any]) -> dict[str, Any]:
        registry = self.schema.schema_converter.scalar_registry
        return convert_arguments(given, declared.arguments, config=self.schema.config, scalar_registry=registry)

    async def _answer(
        self, connection: asyncpg.Connection, operation: Operation, field: _Field, outcome: Outcome
    ) -> bytes:
        """The payload: entities by the compiler on the same connection, the rest from the outcome."""
        planner = self.reader.planner(operation)
        parts: list[bytes] = []
        for name, details in planner.subselection(field.payload, field.details):
            if details[0].node.name.value in outcome.entities:
                value = await self._entity(connection, operation, field, (name, details, outcome))
            else:
                value = orjson.dumps(project(planner, field.payload, details, outcome))
            parts.append(_member(name, value))
        return _object(parts)

    async def _entity(
        self,
        connection: asyncpg.Connection,
        operation: Operation,
        field: _Field,
        selected: tuple[str, list[FieldDetails], Outcome],
    ) -> bytes:
        name, details, outcome = selected
        member = details[0].node.name.value
        entity = outcome.entities[member]
        if entity is None:
            return b"null"
        type_ = named_type(field.payload.fields[member])
        assert isinstance(type_, GraphQLObjectType), "a payload's entity is an object"
        plan = self.reader.plan(
            operation,
            ("payload", field.key, name),
            lambda planner: planner.plan_object(type_, details, "{other}.id = {value}"),
        )
        return await self.reader.object(connection, operation, plan, entity[1])


def _printed(text: bytes) -> Any:
    """Data that is JSON already."""
    return orjson.Fragment(text)


def _member(key: str, value: bytes) -> bytes:
    return orjson.dumps(key) + b":" + value


def _object(members: list[bytes]) -> bytes:
    return b"{" + b",".join(members) + b"}"


def _user_input(error: GraphQLError) -> GraphQLError:
    refusal = Refusal(ErrorCode.BAD_USER_INPUT, error.message)
    return GraphQLError(error.message, nodes=error.nodes, original_error=refusal)


class _VariableNames(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def enter_variable(self, node: VariableNode, *_: Any) -> None:
        self.names.add(node.name.value)


def _selection_hash(operation: Operation, field: _Field) -> bytes:
    """Of what decides an answer's bytes beside the input: document, field, and the variables of the selection."""
    in_arguments = _VariableNames()
    for item in field.details:
        for argument in item.node.arguments or ():
            visit(argument, in_arguments)
    others = {name: value for name, value in operation.variables.coerced.items() if name not in in_arguments.names}
    document = json.dumps([operation.text, operation.prepared.name, field.key, others], default=str, sort_keys=True)
    return hashlib.sha256(document.encode("utf-8", "surrogatepass")).digest()
