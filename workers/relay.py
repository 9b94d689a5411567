"""The relay: wakes at every commit, rings Redis for what waits, and has the events sealed."""

import asyncio
import contextlib
from collections.abc import Iterable
from typing import Any
from uuid import UUID

import asyncpg
import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from runtime.postgres import RELAY_ROLE, Database, open_connection
from runtime.redis import EVENTS, JOBS
from workers.cancellation import is_canceled
from workers.jobs import DECLARED
from workers.seal import seal_events
from workers.signals import PASSING

_log = structlog.get_logger()

_POLL_SECONDS = 0.5
_CHANNEL = "folioscope"
# Older messages are dropped beyond this; the sweeper rings for them again.
_LONGEST_STREAM = 100_000

# A signal raised again while its job runs keeps `raised_at`: the job itself looks again before it
# ends. Locked rows are being raised or finished: their commit wakes the relay once more.
_NEWLY_WAITING = """
update signal s set rung_at = clock_timestamp()
from (
  select tenant_id, job, target_id from signal
  where generation > done_generation and parked_at is null
    and (run_after is null or run_after <= clock_timestamp())
    and (rung_at is null or rung_at <= raised_at or rung_at < run_after)
  limit 5000 for update skip locked) waiting
where s.tenant_id = waiting.tenant_id and s.job = waiting.job and s.target_id = waiting.target_id
returning s.tenant_id, s.job, s.target_id
"""


async def ring_waiting(relay: Database, redis: Redis, statement: str = _NEWLY_WAITING, *values: Any) -> int:
    """Rings for what waits and returns how many signals that were. A ring that Redis loses is
    repeated by the sweeper."""
    async with relay.connection() as connection:
        rows = await connection.fetch(statement, *values)
    if rows:
        await _ring(redis, rows)
    return len(rows)


async def _ring(redis: Redis, rows: Iterable[asyncpg.Record]) -> None:
    """One message a tenant for what is worked on together; else one a target."""
    messages = {(row["tenant_id"], row["job"], None if _is_batch(row["job"]) else row["target_id"]) for row in rows}
    async with redis.pipeline(transaction=False) as pipeline:
        for tenant_id, job, target_id in sorted(messages, key=str):
            fields: dict[Any, Any] = {"tenant": str(tenant_id), "job": job}
            if target_id is not None:
                fields["target"] = str(target_id)
            pipeline.xadd(JOBS, fields, maxlen=_LONGEST_STREAM, approximate=True)
        await pipeline.execute()


def _is_batch(job: str) -> bool:
    """False for a job of a newer version, whose workers know it."""
    return job in DECLARED and DECLARED[job].batch is not None


async def publish_hints(redis: Redis, tenant_ids: Iterable[UUID]) -> None:
    """Tells listeners that a tenant has new sealed events. Best effort: they also poll."""
    with contextlib.suppress(RedisError, OSError):
        for tenant_id in tenant_ids:
            await redis.publish(EVENTS, str(tenant_id))


async def run_relay(database_url: str, relay: Database, redis: Redis) -> None:
    """Until canceled. Any number may run."""
    wake = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_listen(database_url, wake))
        tasks.create_task(_relay(relay, redis, wake))


async def _relay(relay: Database, redis: Redis, wake: asyncio.Event) -> None:
    while not is_canceled():
        # Not wait_for: Python 3.11's loses a cancellation that comes with the result.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_POLL_SECONDS):
                await wake.wait()
        wake.clear()
        try:
            await ring_waiting(relay, redis)
        except (*PASSING, RedisError) as fault:
            _log.warning("relay could not ring", error=repr(fault))
        try:
            await publish_hints(redis, await seal_events(relay))
        except PASSING as fault:
            _log.warning("relay could not seal", error=repr(fault))


async def _listen(database_url: str, wake: asyncio.Event) -> None:
    """Hears every commit. While it reconnects, the relay lives on its poll."""
    while True:
        try:
            await _listen_until_lost(database_url, wake)
        except PASSING as fault:
            _log.warning("relay does not hear commits", error=repr(fault))
        await asyncio.sleep(_POLL_SECONDS)


async def _listen_until_lost(database_url: str, wake: asyncio.Event) -> None:
    lost = asyncio.Event()
    connection = await open_connection(database_url, RELAY_ROLE)
    try:
        connection.add_termination_listener(lambda *_: lost.set())
        await connection.add_listener(_CHANNEL, lambda *_: wake.set())
        wake.set()
        await lost.wait()
    finally:
        connection.terminate()
