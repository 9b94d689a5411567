"""The limit: the statement that Folioscope compiles, with its claim, sent as it is: no GraphQL and no key."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from graphql import get_operation_ast, parse
from graphql.execution.values import VariableValues
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bench.operations import OPERATIONS, Operation
from resolvers.engine.execute import Executor, Schema
from resolvers.engine.prepared import Prepared
from resolvers.engine.read import Operation as Read
from runtime.clock import Clock
from runtime.postgres import Database
from runtime.settings import load_settings
from runtime.viewer import Viewer


def _compile(executor: Executor, operation: Operation, tenant_id: UUID) -> tuple[str, list[object]]:
    """The statement and its parameters, from Folioscope's own compiler."""
    document = parse(operation.query)
    node = get_operation_ast(document)
    assert node is not None, "each operation of the benchmark is one query"
    prepared = Prepared(executor.schema.graphql, document, node)
    variables = prepared.coerce(operation.variables)
    assert isinstance(variables, VariableValues), "the benchmark's own values fit the schema"
    viewer = Viewer(tenant_id, tenant_id, tenant_id, None, frozenset({"READ"}), None)
    read = Read(operation.query, prepared, variables, viewer)
    plan = executor.reader.planner(read).plan_fields(read.prepared.root, read.prepared.select(read.variables))
    return plan.sql, executor.reader.arguments(plan, read)


async def _answer(request: Request) -> Response:
    """The body is received, as everywhere, and not looked at."""
    await request.body()
    sql, arguments = request.app.state.statements[request.path_params["operation"]]
    async with request.app.state.database.connection() as connection:
        data = await connection.fetchval(sql, *arguments)
    return Response(b'{"data":%b}' % data, media_type="application/json")


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    settings = load_settings()
    database = await Database.open(settings.database_url, size=settings.database_pool_size)
    executor = Executor(Schema(), database, Clock(), settings)
    tenant_id = UUID(os.environ["BENCH_TENANT_ID"])
    app.state.database = database
    app.state.statements = {name: _compile(executor, operation, tenant_id) for name, operation in OPERATIONS.items()}
    yield
    await database.close()


def create_app() -> Starlette:
    return Starlette(routes=[Route("/{operation}", _answer, methods=["POST"])], lifespan=_lifespan)
