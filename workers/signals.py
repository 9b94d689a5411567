"""Signals as jobs see them: which wait, how a try is counted, and when one is given up."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
import structlog

from runtime.postgres import Database

_log = structlog.get_logger()

MOST_TRIES = 5
CRASHED = "CRASHED"
"""Instead of a fault's class, when it was the worker itself that died."""

# Nothing is wrong with the job: it is tried again without being counted.
PASSING = (
    asyncpg.InterfaceError,
    asyncpg.InsufficientResourcesError,
    asyncpg.LockNotAvailableError,
    asyncpg.OperatorInterventionError,
    asyncpg.PostgresConnectionError,
    asyncpg.TransactionRollbackError,
    OSError,
    TimeoutError,
)

_WAITING = """
select s.target_id, s.generation from signal s
where s.tenant_id = $1 and s.job = $2 and s.generation > s.done_generation and s.parked_at is null
  and (s.run_after is null or s.run_after <= clock_timestamp()) and s.tries <= $3
order by {order} limit $4
"""
_PARKED = """
select generation, error_code from signal
where tenant_id = $1 and job = $2 and target_id = $3 and generation > done_generation and parked_at is not null
"""
# Counted before the try, so that a crash counts, too. While somebody works on it, nobody rings for it; when that one
# dies, it waits no longer than the lease.
_BEGIN_TRY = """
update signal
set tries = least(tries + 1, $4), run_after = clock_timestamp() + make_interval(secs => $5),
    parked_at = case when tries >= $4 then clock_timestamp() end,
    error_code = case when tries >= $4 then coalesce(error_code, $6) else error_code end
where tenant_id = $1 and job = $2 and target_id = any ($3) and generation > done_generation
  and parked_at is null and (run_after is null or run_after <= clock_timestamp())
returning target_id, generation, parked_at is null as may_run
"""
_RENEW = """
update signal set run_after = clock_timestamp() + make_interval(secs => $4),
                  tries = case when $5 then 0 else tries end
where tenant_id = $1 and job = $2 and target_id = $3 and generation > done_generation and parked_at is null
"""
# Waits of 1, 2, 4 and 8 s.
_FAIL = """
update signal set error_code = $4, parked_at = case when tries >= $5 then clock_timestamp() end,
                  run_after = clock_timestamp() + make_interval(secs => power(2, tries - 1))
where tenant_id = $1 and job = $2 and target_id = $3 and generation > done_generation
returning parked_at is not null
"""
# The try that was counted before it was one.
_GIVE_BACK = """
update signal set run_after = clock_timestamp(), tries = greatest(tries - 1, 0)
where tenant_id = $1 and job = $2 and target_id = $3 and generation > done_generation and parked_at is null
"""
# Generation 0 is of a target that nobody raised: only its next change is kept.
_FINISH = """
insert into signal as s (tenant_id, job, target_id, generation, done_generation, due_at)
select $1, $2, n.id, n.generation, n.generation, organization_day_start(n.due_on)
from unnest($3::uuid[], $4::bigint[], $5::date[]) as n (id, generation, due_on) order by n.id
on conflict (tenant_id, job, target_id) do update
  set done_generation = greatest(s.done_generation, excluded.done_generation), due_at = excluded.due_at,
      tries = 0, run_after = null, error_code = null
"""


class Signal(NamedTuple):
    tenant_id: UUID
    job: str
    target_id: UUID


class Parked(NamedTuple):
    """reason: a sentence for whoever waits for it."""

    generation: int
    reason: str


async def waiting(
    connection: asyncpg.Connection, tenant_id: UUID, job: str, order: str, limits: tuple[int, int]
) -> dict[UUID, int]:
    """Targets that may be worked on now, with their generations. Under the tenant's claim.

    order: SQL over the signal s. limits: most tries that one may have had, and how many are taken.
    """
    rows = await connection.fetch(_WAITING.format(order=order), tenant_id, job, *limits)
    return {row["target_id"]: row["generation"] for row in rows}


async def parked(database: Database, signal: Signal) -> Parked | None:
    """Null: it is not parked, or all is done."""
    async with database.transaction(signal.tenant_id) as connection:
        row = await connection.fetchrow(_PARKED, *signal)
    if row is None:
        return None
    failed = row["error_code"] not in (None, CRASHED)
    reason = f"It failed again and again: {row['error_code']}." if failed else "Its workers died again and again."
    return Parked(row["generation"], reason)


async def begin_try(
    database: Database, tenant_id: UUID, job: str, target_ids: Iterable[UUID], lease_seconds: float
) -> dict[UUID, int]:
    """Counts one try of each and returns those that may run with their generations; one without a try left is parked,
    and one that somebody else has begun meanwhile is left to them."""
    async with database.transaction(tenant_id) as connection:
        rows = await connection.fetch(_BEGIN_TRY, tenant_id, job, list(target_ids), MOST_TRIES, lease_seconds, CRASHED)
    for row in rows:
        if not row["may_run"]:
            _log.error("signal parked", job=job, tenant_id=str(tenant_id), target_id=str(row["target_id"]))
    return {row["target_id"]: row["generation"] for row in rows if row["may_run"]}


async def renew(database: Database, signal: Signal, lease_seconds: float, *, forget_tries: bool = False) -> None:
    """Keeps a signal from being rung for so many seconds."""
    await _execute(database, _RENEW, signal, lease_seconds, forget_tries)


async def record_failure(database: Database, signal: Signal, fault: Exception) -> bool:
    """After a counted try. True if it was the last one and the signal is parked."""
    async with database.transaction(signal.tenant_id) as connection:
        return bool(await connection.fetchval(_FAIL, *signal, type(fault).__name__, MOST_TRIES))


async def give_back(database: Database, signal: Signal) -> None:
    """A signal whose try came to nothing for no fault of its own: it waits again, and the try is not counted."""
    await _execute(database, _GIVE_BACK, signal)


async def finish(
    connection: asyncpg.Connection,
    tenant_id: UUID,
    job: str,
    generations: Mapping[UUID, int],
    due_on: Mapping[UUID, date | None],
) -> None:
    """What was raised after these generations had been read still waits. Under the tenant's claim.

    due_on: days on which time alone changes the result, also of targets that nobody raised; null or absent: never.
    """
    ids = sorted({*generations, *due_on})
    numbers, days = [generations.get(id, 0) for id in ids], [due_on.get(id) for id in ids]
    await connection.execute(_FINISH, tenant_id, job, ids, numbers, days)


async def _execute(database: Database, statement: str, signal: Signal, *values: Any) -> None:
    async with database.transaction(signal.tenant_id) as connection:
        await connection.execute(statement, *signal, *values)
