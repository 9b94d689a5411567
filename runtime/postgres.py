"""PostgreSQL connections: one role a pool, one tenant a transaction, no round trip on release."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg

APPLICATION_ROLE = "folioscope_app"
RELAY_ROLE = "folioscope_relay"

_CONNECT_SECONDS = 2
_WAIT_SECONDS = 1

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
        timeout=_CONNECT_SECONDS,
    )


class Database:
    """At most `size` connections under one role. A tenant's data are reached by `transaction`, or by a statement that
    sets the claim.

    asyncpg's own pool costs two timers and a task for each use, a tenth of a small read. Claims are transaction-local
    and sessions are pinned, so that a connection needs no reset; one whose use failed or was canceled is thrown away,
    so that nobody can read another's answer.
    """

    def __init__(self, open_: Callable[[], Awaitable[asyncpg.Connection]], size: int) -> None:
        self._open = open_
        self._places = asyncio.Semaphore(size)
        self._idle: list[asyncpg.Connection] = []
        self._closed = False

    @classmethod
    async def open(cls, url: str, role: str = APPLICATION_ROLE, size: int = 10, **settings: str) -> "Database":
        """Connects once, so that a wrong URL is noticed here. settings: of the session, beside the pinned ones."""
        database = cls(lambda: open_connection(url, role, **settings), size)
        async with database.connection():
            return database

    async def close(self) -> None:
        """Connections in use are closed when they come back; new uses raise asyncpg.InterfaceError."""
        self._closed = True
        while self._idle:
            connection = self._idle.pop()
            try:
                async with asyncio.timeout(2):
                    await connection.close()
            except (TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                connection.terminate()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[asyncpg.Connection]:
        """A connection in autocommit. Raises TimeoutError when all are in use for a second."""
        if self._closed:
            raise asyncpg.InterfaceError("the database was closed")
        await self._take_place()
        try:
            connection = self._take_idle() or await self._open()
            try:
                yield connection
            except asyncpg.InternalClientError as error:
                # A server that stops leaves its farewell in an idle connection, which the driver cannot place.
                connection.terminate()
                raise asyncpg.InterfaceError("the connection was lost") from error
            except Exception as error:
                if isinstance(error, asyncpg.InterfaceError | OSError):
                    connection.terminate()
                self._give_back(connection)
                raise
            except BaseException:
                connection.terminate()
                raise
            self._give_back(connection)
        finally:
            self._places.release()

    async def _take_place(self) -> None:
        if not self._places.locked():
            await self._places.acquire()
            return
        async with asyncio.timeout(_WAIT_SECONDS):
            await self._places.acquire()

    def _take_idle(self) -> asyncpg.Connection | None:
        """The one used last: its plans are warm."""
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                return connection
        return None

    def _give_back(self, connection: asyncpg.Connection) -> None:
        if connection.is_closed():
            return
        if self._closed or connection.is_in_transaction():
            connection.terminate()
        else:
            self._idle.append(connection)

    @asynccontextmanager
    async def transaction(self, tenant_id: UUID, **options: Any) -> AsyncIterator[asyncpg.Connection]:
        """A transaction that sees and writes this tenant's rows only. Options are those of asyncpg's transaction."""
        async with self.connection() as connection, connection.transaction(**options):
            await claim(connection, tenant_id)
            yield connection


async def claim(connection: asyncpg.Connection, tenant_id: UUID) -> None:
    """Sets the tenant of the running transaction; gone at its end."""
    await connection.execute("select set_config('folioscope.tenant_id', $1, true)", str(tenant_id))
