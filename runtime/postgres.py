"""PostgreSQL connections: one role a pool, one tenant a transaction, no round trip on release."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast
from uuid import UUID

import asyncpg

APPLICATION_ROLE = "folioscope_app"
RELAY_ROLE = "folioscope_relay"

# The output of every type is pinned, because the database prints the answers.
_SETTINGS = {
    "timezone": "UTC",
    "datestyle": "ISO, YMD",
    "intervalstyle": "iso_8601",
    "bytea_output": "hex",
    "extra_float_digits": "1",
    "jit": "off",
    "search_path": "public",
    "plan_cache_mode": "force_generic_plan",
    "statement_timeout": "8000",
    "lock_timeout": "4000",
    "idle_in_transaction_session_timeout": "5000",
}


async def open_connection(url: str, role: str, **settings: str) -> asyncpg.Connection:
    """One connection under the role, for a listener or a command; the caller closes it."""
    return await asyncpg.connect(
        url,
        server_settings={**_SETTINGS, "role": role, "application_name": role, **settings},
        # Compiled reads pass asyncpg's default of 15 KiB, over which statements are not cached.
        max_cacheable_statement_size=1 << 20,
        statement_cache_size=500,
    )


async def _keep_session(_: asyncpg.Connection) -> None:
    """Claims are transaction-local and sessions are pinned: asyncpg's own reset would cost a round trip."""


class Database:
    """A pool under one role. A tenant's data are reached by `transaction`, or by a statement that sets the claim."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    @classmethod
    async def open(cls, url: str, role: str = APPLICATION_ROLE, size: int = 10, **settings: str) -> "Database":
        """settings: of the session, beside the pinned ones."""
        pool = await asyncpg.create_pool(
            url,
            min_size=min(2, size),
            max_size=size,
            server_settings={**_SETTINGS, "role": role, "application_name": role, **settings},
            max_cacheable_statement_size=1 << 20,
            statement_cache_size=500,
            reset=_keep_session,
            timeout=2,
        )
        return cls(pool)

    async def close(self) -> None:
        try:
            # Not wait_for, which can lose a cancellation on Python 3.11.
            async with asyncio.timeout(5):
                await self._pool.close()
        except TimeoutError:
            self._pool.terminate()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[asyncpg.Connection]:
        """A connection in autocommit, waited for at most one second."""
        async with self._pool.acquire(timeout=1) as connection:
            yield cast(asyncpg.Connection, connection)

    @asynccontextmanager
    async def transaction(self, tenant_id: UUID, **options: Any) -> AsyncIterator[asyncpg.Connection]:
        """A transaction that sees and writes this tenant's rows only. Options are those of asyncpg's transaction."""
        async with self.connection() as connection, connection.transaction(**options):
            await claim(connection, tenant_id)
            yield connection


async def claim(connection: asyncpg.Connection, tenant_id: UUID) -> None:
    """Sets the tenant of the running transaction; gone at its end."""
    await connection.execute("select set_config('folioscope.tenant_id', $1, true)", str(tenant_id))
