"""Named operations of schema/operations, run by a command: in its own process, or by a server elsewhere."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
from graphql import get_operation_ast, parse

import schema
from cli.reports.remote import URL, remote
from cli.tenants import find_tenant
from resolvers.engine.execute import Context, Executor, Schema
from resolvers.engine.prepared import Prepared
from runtime.clock import Clock
from runtime.failure import Failure
from runtime.postgres import Database
from runtime.refusal import Refusal
from runtime.settings import load_settings
from runtime.viewer import Viewer

_FOLDER = Path(schema.__file__).parent / "operations"
_NOBODY = UUID(int=0)
_REMEDY = "--help says what each option takes."

Run = Callable[[str, Mapping[str, Any]], Awaitable[Any]]
"""Of an operation's name and its variables; the data as plain values. Raises Failure for what the operation refuses."""


@dataclass(frozen=True)
class _Request:
    text: str
    operation: Prepared
    variables: Mapping[str, Any]


@asynccontextmanager
async def operations(organization: str | None) -> AsyncIterator[Run]:
    """Of the server at FOLIOSCOPE_URL, as its key allows; otherwise of the settings' database, where whoever has the
    settings sees everything. organization: its key; null when there is only one."""
    url = os.environ.get(URL, "").strip()
    if not url:
        async with _own(organization) as run:
            yield run
        return
    if organization is not None:
        message = f"--organization is for a database of one's own; at {url} the key says which organization it is."
        raise Failure(message, f"Leave it out, or unset {URL}.")
    async with remote(url) as server:
        yield lambda name, variables: server.run(_text(name), variables)


@asynccontextmanager
async def _own(organization: str | None) -> AsyncIterator[Run]:
    settings = load_settings()
    database = await Database.open(settings.database_url, size=2)
    try:
        tenant = await find_tenant(settings.database_url, database, organization)
        viewer = Viewer(tenant.id, _NOBODY, None, None, frozenset({"READ"}), None)
        executor = Executor(Schema(), database, Clock(), settings)

        async def run(name: str, variables: Mapping[str, Any]) -> Any:
            text = _text(name)
            document = parse(text)
            node = get_operation_ast(document)
            assert node is not None, "an operation file holds one operation"
            operation = Prepared(executor.schema.graphql, document, node)
            context = Context(viewer, via="COMMAND")
            try:
                result = await executor.run(_Request(text, operation, variables), context)
            except Refusal as refusal:
                raise Failure(refusal.message, _REMEDY) from None
            if result.errors:
                raise Failure(result.errors[0].message, _REMEDY)
            return orjson.loads(orjson.dumps(result.data))

        yield run
    finally:
        await database.close()


def _text(name: str) -> str:
    return (_FOLDER / f"{name}.graphql").read_text(encoding="utf-8")
