"""Imports that a command starts: with every right, and found again by their content."""

import hashlib
from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

from resolvers.bulk.files import FileWriter, Owner, create_file
from runtime.clock import Clock
from runtime.postgres import Database

Pieces = Callable[[], Iterable[bytes]]

_COMPLETE = "select completed_at is not null as is_complete from bulk_file where tenant_id = $1 and id = $2"
_UNFINISHED = """
select id from job where tenant_id = $1 and file_id = $2 and dry_run = $3 and finished_at is null and key_id is null
order by id limit 1
"""
_INSERT = """
insert into job (tenant_id, id, created_at, kind, dry_run, file_id, line_count, via)
select $1, $2, $3, 'IMPORT', $4, id, line_count, 'COMMAND' from bulk_file where tenant_id = $1 and id = $5
"""
_SIGNAL = "select raise_signal('run_job', array[$1::uuid])"


async def start_import(database: Database, clock: Clock, tenant_id: UUID, pieces: Pieces, *, dry_run: bool) -> UUID:
    """Id of the job: an unfinished one of the same content if there is one, so that a command may be run again.

    pieces: gives the content, twice.
    """
    file_id = await _keep(database, clock, tenant_id, pieces)
    async with database.transaction(tenant_id) as connection:
        job_id: Any = await connection.fetchval(_UNFINISHED, tenant_id, file_id, dry_run)
        if job_id is None:
            job_id = clock.new_id()
            await connection.execute(_INSERT, tenant_id, job_id, clock.now(), dry_run, file_id)
            await connection.execute(_SIGNAL, job_id)
    return job_id


async def _keep(database: Database, clock: Clock, tenant_id: UUID, pieces: Pieces) -> UUID:
    """Id of the file, which its content says."""
    digest = hashlib.sha256()
    for piece in pieces():
        digest.update(piece)
    file_id = UUID(bytes=digest.digest()[:16])
    writer = FileWriter(database, tenant_id, file_id)
    async with database.transaction(tenant_id) as connection:
        known = await connection.fetchrow(_COMPLETE, tenant_id, file_id)
    if known is not None and known["is_complete"]:
        return file_id
    if known is not None:
        await writer.forget()
    async with database.transaction(tenant_id) as connection:
        await create_file(connection, Owner(tenant_id), file_id, clock.now())
    for piece in pieces():
        await writer.write(piece)
    await writer.close(clock.now())
    return file_id
