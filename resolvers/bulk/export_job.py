"""An export: every type, read from one snapshot of the data, a part at a time. Begun again, it begins anew."""

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

import asyncpg
import orjson

from portfolio.enumerations import JobState, Scope
from resolvers.bulk.files import PART_BYTES, Owner, complete_file, create_file, forget_files, keep_part
from resolvers.bulk.job_row import Attempt, Broken, JobRow, RunProgress
from resolvers.bulk.json_names import with_names_inside
from resolvers.bulk.types import bulk_types
from resolvers.entity.line import BulkType
from runtime.clock import Clock
from runtime.postgres import Database
from runtime.refusal import Refusal

_ROWS_AT_ONCE = 500
# A member whose value is exported.LEFT_OUT. The first member is the type.
_LEFT_OUT = re.compile(r',"\w+":"\\u0001"')
# A whole table may have to be sorted before its first row comes, and a terminal's reader may pause.
_PATIENCE = """
select set_config('statement_timeout', '120000', true),
       set_config('idle_in_transaction_session_timeout', '600000', true)
"""


async def export(database: Database, clock: Clock, attempt: Attempt) -> None:
    """Raises Broken when the rights are gone. A job that was canceled or overtaken ends at the next part."""
    try:
        file_id, lines = clock.new_id(), 0
        async with _job(database, clock, attempt) as job:
            if job is None:
                return
            await _begin(job, file_id)
            types = job.row["types"]
        async with open_snapshot(database, attempt.tenant_id) as connection:
            async for part in parts(connection, attempt.tenant_id, types):
                async with _job(database, clock, attempt) as job:
                    if job is None:
                        return
                    lines += await keep_part(job.connection, (attempt.tenant_id, file_id), lines + 1, part)
                    await job.advance(RunProgress(lines))
    except Refusal as refusal:
        raise Broken(refusal.message) from None
    async with _job(database, clock, attempt) as job:
        if job is not None:
            await complete_file(job.connection, (attempt.tenant_id, file_id), clock.now())
            await job.finish(JobState.COMPLETED, file_id=file_id)


@asynccontextmanager
async def _job(database: Database, clock: Clock, attempt: Attempt) -> AsyncIterator[JobRow | None]:
    """Under lock, in a transaction of its own. Null: as JobRow.lock."""
    async with database.transaction(attempt.tenant_id) as connection:
        yield await JobRow.lock(connection, attempt, clock)


async def _begin(job: JobRow, file_id: UUID) -> None:
    """A file of this attempt alone, in place of those of earlier ones."""
    viewer = await job.viewer()
    if Scope.ADMIN not in viewer.scopes or viewer.granted_portfolio_ids is not None:
        raise Broken("The API key that it was started with may no longer read everything.")
    await forget_files(job.connection, job.tenant_id, job.id)
    await job.begin_again()
    owner = Owner(job.tenant_id, viewer.person_id, viewer.service_account_id)
    await create_file(job.connection, owner, file_id, job.clock.now(), job.id)


@asynccontextmanager
async def open_snapshot(database: Database, tenant_id: UUID) -> AsyncIterator[asyncpg.Connection]:
    """For `parts`: a transaction that sees the data of one instant."""
    async with database.transaction(tenant_id, isolation="repeatable_read", readonly=True) as connection:
        await connection.execute(_PATIENCE)
        yield connection


async def parts(connection: asyncpg.Connection, tenant_id: UUID, types: Sequence[str]) -> AsyncIterator[bytes]:
    """Lines of the types, none: of all, about a megabyte at a time. In a snapshot."""
    waiting = bytearray()
    for declared in bulk_types():
        if types and declared.name not in types:
            continue
        statement = f"select row_to_json(r)::text from ({declared.export}) r"
        async for row in connection.cursor(statement, tenant_id, prefetch=_ROWS_AT_ONCE):
            line = _LEFT_OUT.sub("", row[0]).encode()
            if declared.json:
                line = await _with_names(connection, tenant_id, declared, line)
            waiting += line + b"\n"
            if len(waiting) >= PART_BYTES:
                yield bytes(waiting)
                waiting.clear()
    yield bytes(waiting)


async def _with_names(connection: asyncpg.Connection, tenant_id: UUID, declared: BulkType, line: bytes) -> bytes:
    values = orjson.loads(line)
    for name in declared.json:
        values[name] = await with_names_inside(connection, tenant_id, values[name])
    return orjson.dumps(values)
