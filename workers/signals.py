"""Signals as jobs see them: which wait, how a failure is counted, and when one is given up."""

from collections.abc import Iterable
from uuid import UUID

import asyncpg
import structlog

from runtime.postgres import Database

_log = structlog.get_logger()

RECOMPUTE_HEALTH = "recompute_health"
APPLY_DELIVERIES = "apply_deliveries"
RUN_JOB = "run_job"

# Those whose targets are worked on one by one; of the others, a tenant's are taken together.
ONE_BY_ONE = frozenset({APPLY_DELIVERIES, RUN_JOB})

MOST_TRIES = 5

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

_GENERATION = """
select generation from signal
where tenant_id = $1 and job = $2 and target_id = $3 and generation > done_generation
  and parked_at is null and (run_after is null or run_after <= clock_timestamp())
"""
_WAITING = """
select target_id from signal
where tenant_id = $1 and job = $2 and generation > done_generation and parked_at is null
"""
_PARKED = """
select generation from signal
where tenant_id = $1 and job = $2 and target_id = $3 and generation > done_generation and parked_at is not null
"""
# Waits of 1, 2, 4, 8 and 16 s. Counted before the try, so that a crash counts, too.
_BEGIN_TRY = """
update signal
set tries = least(tries + 1, $4), run_after = clock_timestamp() + make_interval(secs => power(2, tries)),
    parked_at = case when tries >= $4 then clock_timestamp() end,
    error_code = case when tries >= $4 then coalesce(error_code, 'CRASHED') else error_code end
where tenant_id = $1 and job = $2 and target_id = any ($3) and generation > done_generation
  and parked_at is null and (run_after is null or run_after <= clock_timestamp())
returning target_id, parked_at is null as may_run
"""
_FAIL = """
update signal set error_code = $4, parked_at = case when tries >= $5 then clock_timestamp() end
where tenant_id = $1 and job = $2 and target_id = $3 and generation > done_generation
returning parked_at is not null
"""
_FINISH = """
update signal set done_generation = greatest(done_generation, $4), tries = 0, run_after = null, error_code = null
where tenant_id = $1 and job = $2 and target_id = $3
"""

# While somebody works on it, nobody rings for it; when that one dies, it waits no longer than this.
_LEASE = """
update signal set run_after = clock_timestamp() + make_interval(secs => $4),
                  tries = case when $5 then 0 else tries end
where tenant_id = $1 and job = $2 and target_id = $3 and generation > done_generation and parked_at is null
"""
# The try that was counted before it was one.
_GIVE_BACK = """
update signal set run_after = clock_timestamp(), tries = greatest(tries - 1, 0)
where tenant_id = $1 and job = $2 and target_id = $3 and generation > done_generation and parked_at is null
"""


async def waiting_generation(database: Database, tenant_id: UUID, job: str, target_id: UUID) -> int | None:
    """To be read before the inputs; null if nothing is to be done now."""
    async with database.transaction(tenant_id) as connection:
        return await connection.fetchval(_GENERATION, tenant_id, job, target_id)


async def parked_generation(database: Database, tenant_id: UUID, job: str, target_id: UUID) -> int | None:
    """Null: it is not parked."""
    async with database.transaction(tenant_id) as connection:
        return await connection.fetchval(_PARKED, tenant_id, job, target_id)


async def waiting_targets(database: Database, tenant_id: UUID, job: str) -> list[UUID]:
    async with database.transaction(tenant_id) as connection:
        rows = await connection.fetch(_WAITING, tenant_id, job)
    return [row["target_id"] for row in rows]


async def begin_try(database: Database, tenant_id: UUID, job: str, target_ids: Iterable[UUID]) -> set[UUID]:
    """Counts one try of each and returns those that may run; one without a try left is parked, and one that somebody
    else has begun meanwhile is left to them."""
    async with database.transaction(tenant_id) as connection:
        rows = await connection.fetch(_BEGIN_TRY, tenant_id, job, list(target_ids), MOST_TRIES)
    for row in rows:
        if not row["may_run"]:
            _log.error("signal parked", job=job, tenant_id=str(tenant_id), target_id=str(row["target_id"]))
    return {row["target_id"] for row in rows if row["may_run"]}


async def record_failure(database: Database, tenant_id: UUID, job: str, target_id: UUID, fault: Exception) -> bool:
    """After a counted try. True if it was the last one and the signal is parked."""
    code = type(fault).__name__
    async with database.transaction(tenant_id) as connection:
        return bool(await connection.fetchval(_FAIL, tenant_id, job, target_id, code, MOST_TRIES))


async def finish(database: Database, tenant_id: UUID, job: str, target_id: UUID, generation: int) -> None:
    """What was raised after `generation` had been read still waits."""
    async with database.transaction(tenant_id) as connection:
        await connection.execute(_FINISH, tenant_id, job, target_id, generation)


async def lease(database: Database, key: tuple[UUID, str, UUID], seconds: float, *, forget_tries: bool = False) -> None:
    """Keeps a signal from being rung for so many seconds."""
    async with database.transaction(key[0]) as connection:
        await connection.execute(_LEASE, *key, seconds, forget_tries)


async def give_back(database: Database, key: tuple[UUID, str, UUID]) -> None:
    """A signal whose try came to nothing for no fault of its own: it waits again, and the try is not counted."""
    async with database.transaction(key[0]) as connection:
        await connection.execute(_GIVE_BACK, *key)
