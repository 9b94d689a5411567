"""An export: every type, read from one snapshot of the data, a part at a time. Begun again, it begins anew."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

import asyncpg

from portfolio.enumerations import JobState, Scope
from resolvers.bulk import TYPES
from resolvers.bulk.files import PART_BYTES, FileWriter
from resolvers.bulk.job_row import Broken, JobRow, Progress
from runtime.clock import Clock
from runtime.postgres import Database
from runtime.refusal import Refusal

_ROWS_AT_ONCE = 500
_FORGET_PARTS = "delete from bulk_file_part where tenant_id = $1 and file_id = $2"
_BEGIN_AGAIN = "update bulk_file set line_count = 0, byte_count = 0 where tenant_id = $1 and id = $2"
# A whole table may have to be sorted before its first row comes, and a terminal's reader may pause.
_PATIENCE = """
select set_config('statement_timeout', '120000', true),
       set_config('idle_in_transaction_session_timeout', '600000', true)
"""


async def export(database: Database, clock: Clock, tenant_id: UUID, job_id: UUID) -> None:
    """Raises Broken when the rights are gone. A canceled job ends here at the next part."""
    async with database.transaction(tenant_id) as connection:
        job = await JobRow.lock(connection, tenant_id, job_id, clock)
        if job is None:
            return
        await _check_rights(job)
        file_id, types = job.row["file_id"], job.row["types"]
        await connection.execute(_FORGET_PARTS, tenant_id, file_id)
        await connection.execute(_BEGIN_AGAIN, tenant_id, file_id)
    writer = FileWriter(database, tenant_id, file_id)
    try:
        async with open_snapshot(database, tenant_id) as connection:
            async for part in parts(connection, tenant_id, types):
                await writer.write(part)
                if not await _advance(database, clock, (tenant_id, job_id), writer.line_count):
                    return
    except Refusal as refusal:
        raise Broken(refusal.message) from None
    await writer.close(clock.now())
    async with database.transaction(tenant_id) as connection:
        job = await JobRow.lock(connection, tenant_id, job_id, clock)
        if job is not None:
            await job.advance(Progress(writer.line_count))
            await job.finish(JobState.COMPLETED)


@asynccontextmanager
async def open_snapshot(database: Database, tenant_id: UUID) -> AsyncIterator[asyncpg.Connection]:
    """For `parts`: a transaction that sees the data of one instant."""
    async with database.transaction(tenant_id, isolation="repeatable_read", readonly=True) as connection:
        await connection.execute(_PATIENCE)
        yield connection


async def parts(connection: asyncpg.Connection, tenant_id: UUID, types: Sequence[str]) -> AsyncIterator[bytes]:
    """Lines of the types, none: of all, about a megabyte at a time. In a snapshot."""
    waiting = bytearray()
    for declared in TYPES:
        if types and declared.name not in types:
            continue
        statement = f"select row_to_json(r)::text from ({declared.export}) r"
        async for row in connection.cursor(statement, tenant_id, prefetch=_ROWS_AT_ONCE):
            waiting += row[0].encode() + b"\n"
            if len(waiting) >= PART_BYTES:
                yield bytes(waiting)
                waiting.clear()
    yield bytes(waiting)


async def _advance(database: Database, clock: Clock, place: tuple[UUID, UUID], line: int) -> bool:
    """False: the job was canceled meanwhile."""
    async with database.transaction(place[0]) as connection:
        job = await JobRow.lock(connection, *place, clock)
        if job is not None:
            await job.advance(Progress(line))
        return job is not None


async def _check_rights(job: JobRow) -> None:
    viewer = await job.viewer()
    if Scope.ADMIN not in viewer.scopes or viewer.granted_portfolio_ids is not None:
        raise Broken("The API key that it was started with may no longer read everything.")
