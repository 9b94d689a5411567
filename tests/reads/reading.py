"""A reader on a real database, with a fixed clock, the way the API has it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import strawberry.federation
from graphql import (
    DocumentNode,
    GraphQLError,
    get_operation_ast,
    parse,
    validate,
)
from graphql.execution.values import VariableValues
from strawberry.schema.config import StrawberryConfig

import schema
from compiler.cursor import CursorKey
from compiler.plan import Plan
from compiler.selection.walk import Catalogue, Selection
from portfolio.identity import PREFIX_OF_KIND
from resolvers.engine.prepared import Prepared
from resolvers.engine.read import Operation, Reader
from runtime.clock import Clock
from runtime.postgres import Database
from runtime.viewer import Viewer
from schema.scalars import SCALARS
from tests.reads.world import NOW

CURSOR_SECRET = b"the secret of the tests' cursors"

SCHEMA = strawberry.federation.Schema(
    query=schema.Query,
    types=schema.ENTITIES,
    config=StrawberryConfig(scalar_map=SCALARS, disable_field_suggestions=True),
    federation_version="2.9",
)._schema


class Invalid(Exception):
    """The operation, or a variable, does not fit the schema."""

    def __init__(self, errors: list[GraphQLError]) -> None:
        super().__init__("; ".join(error.message for error in errors))
        self.errors = errors


@dataclass
class Reading:
    """Reads of one database through one plan cache; documents are parsed once."""

    database: Database
    documents: dict[str, DocumentNode] = field(default_factory=dict)

    def __post_init__(self) -> None:
        catalogue = Catalogue(SCHEMA, PREFIX_OF_KIND, CursorKey.from_secret(CURSOR_SECRET))
        self.reader = Reader(catalogue, self.database, Clock(lambda: NOW, lambda: 0))

    def document(self, text: str) -> DocumentNode:
        if text not in self.documents:
            document = parse(text)
            errors = validate(SCHEMA, document)
            if errors:
                raise Invalid(errors)
            self.documents[text] = document
        return self.documents[text]

    def operation(
        self, text: str, variables: Mapping[str, Any] | None, viewer: Viewer, name: str | None = None
    ) -> Operation:
        """Raises Invalid for a document or variables that the schema refuses."""
        document = self.document(text)
        node = get_operation_ast(document, name)
        assert node is not None, "no such operation"
        prepared = Prepared(SCHEMA, document, node)
        coerced = prepared.coerce(variables or {})
        if not isinstance(coerced, VariableValues):
            raise Invalid(coerced)
        return Operation(text, prepared, coerced, viewer)

    async def read(
        self,
        text: str,
        viewer: Viewer,
        variables: Mapping[str, Any] | None = None,
        name: str | None = None,
    ) -> bytes:
        operation = self.operation(text, variables, viewer, name)
        return await self.reader.query(operation, operation.prepared.root, selection(operation))

    def plan(self, operation: Operation) -> Plan:
        """A plan made anew, past the cache."""
        return self.reader.planner(operation).plan_fields(operation.prepared.root, selection(operation))

    def sql(self, text: str, viewer: Viewer, variables: Mapping[str, Any] | None = None) -> str:
        return self.plan(self.operation(text, variables, viewer)).sql


def selection(operation: Operation) -> Selection:
    return operation.prepared.select(operation.variables)
