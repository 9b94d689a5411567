"""The schedule: what time alone brings about. One leader among all processes does it."""

import asyncio
import time
from uuid import UUID

import asyncpg
import structlog

from runtime.clock import Clock
from runtime.postgres import RELAY_ROLE, Database, open_connection
from workers.signals import PASSING

_log = structlog.get_logger()

_TICK_SECONDS = 1.0
_DAY_SECONDS = 86_400.0
_BATCH = 1000
_FILES = 5

_TRY_LEAD = "select pg_try_advisory_lock(hashtextextended('folioscope schedule', 0))"
_RAISE_DUE = """
update signal s
set generation = generation + 1, due_at = null, parked_at = null, run_after = null, tries = 0,
    raised_at = case when generation > done_generation then raised_at else clock_timestamp() end
from (select tenant_id, job, target_id from signal where due_at <= $1
      order by due_at limit $2 for update skip locked) due
where s.tenant_id = due.tenant_id and s.job = due.job and s.target_id = due.target_id
"""
_NOTIFY = "select pg_notify('folioscope', '')"
_PREPARE_PARTITIONS = "select prepare_partitions(current_date)"
_TENANTS = "select distinct tenant_id from signal"
_FORGET_CALLS = """
delete from idempotency_record where tenant_id = $1 and (holder_id, idempotency_key) in (
  select holder_id, idempotency_key from idempotency_record
  where tenant_id = $1 and created_at < $2::timestamptz - interval '7 days' limit $3)
"""

# Several megabytes each: a few at a time. What a job still reads or writes stays.
_FORGET_FILES = """
with old as (
  select f.id from bulk_file f
  where f.tenant_id = $1 and f.created_at < $2::timestamptz - interval '7 days'
    and not exists (select from job j where j.tenant_id = $1 and f.id = j.file_id and j.finished_at is null)
    and not exists (select from job j where j.tenant_id = $1 and j.id = f.job_id and j.finished_at is null)
  limit $3
), part as (
  delete from bulk_file_part where tenant_id = $1 and file_id in (select id from old)
)
delete from bulk_file where tenant_id = $1 and id in (select id from old)
"""
# They say what stood in the file.
_FORGET_ERRORS = """
delete from job_line_error where tenant_id = $1 and (job_id, line, position) in (
  select e.job_id, e.line, e.position from job_line_error e
  join job j on j.tenant_id = e.tenant_id and j.id = e.job_id
  where e.tenant_id = $1 and j.finished_at < $2::timestamptz - interval '7 days' limit $3)
"""


async def run_schedule(database_url: str, database: Database, clock: Clock) -> None:
    """Until canceled. A leader that is frozen for 15 s loses its connection, and with it the lead."""
    while True:
        try:
            connection = await open_connection(database_url, RELAY_ROLE, idle_session_timeout="15000")
            try:
                await _lead(connection, database, clock)
            finally:
                connection.terminate()
        except PASSING as fault:
            _log.warning("schedule put off", error=repr(fault))
        await asyncio.sleep(_TICK_SECONDS)


async def _lead(connection: asyncpg.Connection, database: Database, clock: Clock) -> None:
    leads = False
    housekept = -_DAY_SECONDS
    while True:
        leads = leads or await connection.fetchval(_TRY_LEAD)
        if leads:
            await raise_due(connection, clock)
            if time.monotonic() - housekept > _DAY_SECONDS:
                await keep_house(connection, database, clock)
                housekept = time.monotonic()
        await asyncio.sleep(_TICK_SECONDS)


async def raise_due(connection: asyncpg.Connection, clock: Clock) -> int:
    """Raises what is due by the clock and returns how many signals that were. As the relay's role."""
    raised = 0
    while True:
        status = await connection.execute(_RAISE_DUE, clock.now(), _BATCH)
        count = int(status.split()[-1])
        raised += count
        if count < _BATCH:
            break
    if raised:
        await connection.execute(_NOTIFY)
    return raised


async def keep_house(connection: asyncpg.Connection, database: Database, clock: Clock) -> None:
    """Partitions of the coming quarters; forgets calls, files and their mistakes after 7 days. Safe to run twice."""
    await connection.execute(_PREPARE_PARTITIONS)
    for row in await connection.fetch(_TENANTS):
        for statement, batch in ((_FORGET_CALLS, _BATCH), (_FORGET_FILES, _FILES), (_FORGET_ERRORS, _BATCH)):
            while await _forget(database, row["tenant_id"], clock, (statement, batch)) == batch:
                continue


async def _forget(database: Database, tenant_id: UUID, clock: Clock, what: tuple[str, int]) -> int:
    statement, batch = what
    async with database.transaction(tenant_id) as connection:
        status = await connection.execute(statement, tenant_id, clock.now(), batch)
    return int(status.split()[-1])
