"""The connection list, with sessions that the server ends while nobody uses them."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import asyncpg

from runtime.postgres import Database

_SIZE = 10


async def test_a_session_that_the_server_ended_while_idle_is_a_lost_connection(database: str):
    """The farewell and the end of the stream come apart; which of them a use meets is chance, so many are tried."""
    administration = await asyncpg.connect(database)
    try:
        for _ in range(10):
            connections = await Database.open(database, size=_SIZE)
            await _end(administration, await _fill(connections))
            answers = await asyncio.gather(*(_use(connections) for _ in range(_SIZE)), return_exceptions=True)
            await connections.close()
            lost = (asyncpg.InterfaceError, asyncpg.PostgresError)
            assert not [answer for answer in answers if answer != 1 and not isinstance(answer, lost)]
    finally:
        await administration.close()


async def _fill(connections: Database) -> list[Any]:
    """The backends of as many idle connections as there may be, all of which answer."""
    async with AsyncExitStack() as stack:
        opened = [await stack.enter_async_context(connections.connection()) for _ in range(_SIZE)]
        return [await connection.fetchval("select pg_backend_pid()") for connection in opened]


async def _end(administration: asyncpg.Connection, backends: list[Any]) -> None:
    await administration.execute("select pg_terminate_backend(b) from unnest($1::int[]) b", backends)


async def _use(connections: Database) -> Any:
    async with connections.connection() as connection:
        return await connection.fetchval("select 1")
