"""Who works on what: a target under a lease, a tenant's batch in turn."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import asyncpg

from runtime.postgres import Database
from workers.signals import PASSING, Signal, renew

# The lock must be older than what is read under it, and a repeatable-read transaction's first statement takes its
# snapshot: hence a lock of the session. Should this process freeze while it holds the lock outside a transaction,
# the server ends the session, and what wakes late finds itself without a connection.
_LOCK = """
select set_config('idle_session_timeout', '5000', false), pg_advisory_lock(hashtextextended($1 || ' of ' || $2, 0))
"""
_UNLOCK = """
select pg_advisory_unlock(hashtextextended($1 || ' of ' || $2, 0)), set_config('idle_session_timeout', '0', false)
"""


@asynccontextmanager
async def leased(database: Database, signal: Signal, seconds: float) -> AsyncIterator[None]:
    """Renews a lease that has begun, however long a single step takes."""
    task = asyncio.create_task(_keep(database, signal, seconds))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _keep(database: Database, signal: Signal, seconds: float) -> None:
    while True:
        await asyncio.sleep(seconds / 3)
        with contextlib.suppress(*PASSING):
            await renew(database, signal, seconds)


@asynccontextmanager
async def turn(database: Database, tenant_id: UUID, job: str) -> AsyncIterator[asyncpg.Connection]:
    """One at a time has a tenant's batch. If we are stopped in between, the session ends and its lock with it."""
    async with database.connection() as connection:
        try:
            await connection.fetch(_LOCK, job, str(tenant_id))
            yield connection
            await connection.fetch(_UNLOCK, job, str(tenant_id))
        except BaseException:
            connection.terminate()
            raise
