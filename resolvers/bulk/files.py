"""JSON lines kept in PostgreSQL, in parts of whole lines, so that neither side ever holds a whole file."""

import zlib
from codecs import BOM_UTF8
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from runtime.postgres import Database
from runtime.refusal import ErrorCode, Refusal

PART_BYTES = 1024 * 1024
LONGEST_LINE_BYTES = 256 * 1024
# Of all files of a holder: those of seven days.
MOST_KEPT_BYTES = 1024 * 1024 * 1024

_KEPT = """
select coalesce(sum(byte_count), 0) from bulk_file
where tenant_id = $1 and person_id is not distinct from $2 and service_account_id is not distinct from $3
"""
_CREATE = """
insert into bulk_file (tenant_id, id, person_id, service_account_id, created_at, job_id) values ($1, $2, $3, $4, $5, $6)
"""
_ADD = """
with part as (insert into bulk_file_part (tenant_id, file_id, first_line, content) values ($1, $2, $3, $4))
update bulk_file set line_count = line_count + $5, byte_count = byte_count + $6 where tenant_id = $1 and id = $2
returning person_id, service_account_id
"""
_COMPLETE = "update bulk_file set completed_at = $3 where tenant_id = $1 and id = $2"
_FORGET_PARTS = "delete from bulk_file_part where tenant_id = $1 and file_id = $2"
_FORGET = "delete from bulk_file where tenant_id = $1 and id = $2"
# What a job has written, and what it has read unless another one is to read it, too.
_FILES_OF_JOB = """
select f.id from bulk_file f
where f.tenant_id = $1
  and (f.job_id = $2 or f.id = (select file_id from job where tenant_id = $1 and id = $2))
  and not exists (select from job j where j.tenant_id = $1 and j.file_id = f.id and j.id <> $2
                  and j.finished_at is null)
"""
_PART = """
select first_line, content from bulk_file_part where tenant_id = $1 and file_id = $2 and first_line <= $3
order by first_line desc limit 1
"""
_NEXT_PART = """
select first_line, content from bulk_file_part where tenant_id = $1 and file_id = $2 and first_line > $3
order by first_line limit 1
"""


@dataclass(frozen=True)
class Owner:
    """Whose file it is; neither: it came by command."""

    tenant_id: UUID
    person_id: UUID | None = None
    service_account_id: UUID | None = None


@dataclass(frozen=True)
class FilePart:
    first_line: int
    lines: list[bytes]

    def line(self, number: int) -> bytes:
        return self.lines[number - self.first_line]

    @property
    def last_line(self) -> int:
        return self.first_line + len(self.lines) - 1


async def create_file(
    connection: asyncpg.Connection, owner: Owner, id: UUID, now: datetime, job_id: UUID | None = None
) -> None:
    """job_id: of the export that writes it. Raises CONFLICT when the holder keeps too much already."""
    await refuse_full(connection, owner)
    await connection.execute(_CREATE, owner.tenant_id, id, owner.person_id, owner.service_account_id, now, job_id)


async def refuse_full(connection: asyncpg.Connection, owner: Owner) -> None:
    """Raises CONFLICT when the holder keeps too much already."""
    kept: int = await connection.fetchval(_KEPT, owner.tenant_id, owner.person_id, owner.service_account_id) or 0
    if kept >= MOST_KEPT_BYTES:
        message = "Your imports and exports of the last seven days fill 1 GiB; wait until older ones are forgotten."
        raise Refusal(ErrorCode.CONFLICT, message)


async def keep_part(connection: asyncpg.Connection, file: tuple[UUID, UUID], first_line: int, content: bytes) -> int:
    """Adds whole lines to a file (tenant, file) and returns how many. Raises REQUEST_TOO_LARGE for one too long,
    CONFLICT when the holder keeps too much."""
    lines = _split(content)
    for line in lines:
        _refuse_long(line)
    if lines:
        values = (first_line, zlib.compress(content, 1), len(lines), len(content))
        holder = await connection.fetchrow(_ADD, *file, *values)
        assert holder is not None, "a file whose lines are kept is there"
        await refuse_full(connection, Owner(file[0], *holder))
    return len(lines)


async def complete_file(connection: asyncpg.Connection, file: tuple[UUID, UUID], now: datetime) -> None:
    await connection.execute(_COMPLETE, *file, now)


async def forget_files(connection: asyncpg.Connection, tenant_id: UUID, job_id: UUID) -> None:
    """Of a job that needs them no more. Under its lock, or in the transaction that has ended it."""
    for row in await connection.fetch(_FILES_OF_JOB, tenant_id, job_id):
        await connection.execute(_FORGET_PARTS, tenant_id, row["id"])
        await connection.execute(_FORGET, tenant_id, row["id"])


class FileWriter:
    """Cuts what comes in into parts, each written in a transaction of its own."""

    def __init__(self, database: Database, tenant_id: UUID, file_id: UUID) -> None:
        self._database, self._identity = database, (tenant_id, file_id)
        self._waiting = bytearray()
        self.line_count = 0

    async def write(self, data: bytes) -> None:
        """Raises REQUEST_TOO_LARGE for a line too long."""
        self._waiting += data
        if len(self._waiting) >= PART_BYTES:
            end = self._waiting.rfind(b"\n") + 1
            await self._keep(bytes(self._waiting[:end]))
            del self._waiting[:end]
            _refuse_long(self._waiting)

    async def close(self, now: datetime) -> None:
        await self._keep(bytes(self._waiting))
        async with self._database.transaction(self._identity[0]) as connection:
            await complete_file(connection, self._identity, now)

    async def forget(self) -> None:
        """Of what did not come whole."""
        async with self._database.transaction(self._identity[0]) as connection:
            await connection.execute(_FORGET_PARTS, *self._identity)
            await connection.execute(_FORGET, *self._identity)

    async def _keep(self, content: bytes) -> None:
        if content:
            async with self._database.transaction(self._identity[0]) as connection:
                self.line_count += await keep_part(connection, self._identity, self.line_count + 1, content)


async def read_part(connection: asyncpg.Connection, tenant_id: UUID, file_id: UUID, line: int) -> FilePart:
    """The part that holds a line which the file has."""
    row = await connection.fetchrow(_PART, tenant_id, file_id, line)
    assert row is not None, "parts follow each other without a gap"
    lines = _split(zlib.decompress(row["content"]))
    if row["first_line"] == 1:
        lines[0] = lines[0].removeprefix(BOM_UTF8)
    return FilePart(row["first_line"], lines)


async def read_file(database: Database, tenant_id: UUID, file_id: UUID) -> AsyncIterator[bytes]:
    """The whole content, a part and a transaction at a time: a slow reader holds nothing."""
    last = 0
    while True:
        async with database.transaction(tenant_id) as connection:
            row = await connection.fetchrow(_NEXT_PART, tenant_id, file_id, last)
        if row is None:
            return
        last = row["first_line"]
        yield zlib.decompress(row["content"])


def _refuse_long(line: bytes | bytearray) -> None:
    if len(line) > LONGEST_LINE_BYTES:
        message = f"A line has at most {LONGEST_LINE_BYTES} bytes."
        raise Refusal(ErrorCode.REQUEST_TOO_LARGE, message, limit=LONGEST_LINE_BYTES, actual=len(line))


def _split(content: bytes) -> list[bytes]:
    lines = content.split(b"\n")
    return lines if lines[-1] else lines[:-1]
