"""The sweeper: rings again for what a lost message left behind, and shows what waits."""

import asyncio

import structlog
from prometheus_client import Gauge
from redis.asyncio import Redis
from redis.exceptions import RedisError

from runtime.postgres import Database
from runtime.redis import JOBS, WORKERS
from workers.cancellation import is_canceled
from workers.jobs import DECLARED
from workers.relay import ring_waiting
from workers.signals import PASSING

_log = structlog.get_logger()

SECONDS = 1.0
_DEAD_CONSUMER_MILLISECONDS = 600_000

# Three seconds are longer than almost every job, and a needless ring costs one empty look.
_LEFT_BEHIND = """
update signal s set rung_at = clock_timestamp()
from (
  select tenant_id, job, target_id from signal
  where generation > done_generation and parked_at is null
    and (run_after is null or run_after <= clock_timestamp())
    and rung_at < clock_timestamp() - interval '3 seconds'
  limit 5000 for update skip locked) waiting
where s.tenant_id = waiting.tenant_id and s.job = waiting.job and s.target_id = waiting.target_id
returning s.tenant_id, s.job, s.target_id
"""
# Somebody waits for its end: the job gives it up and is done.
_PARKED_WORK = """
update signal s set rung_at = clock_timestamp()
from (
  select tenant_id, job, target_id from signal
  where generation > done_generation and parked_at is not null and job = any ($1)
    and (rung_at is null or rung_at < clock_timestamp() - interval '3 seconds')
  limit 100 for update skip locked) parked
where s.tenant_id = parked.tenant_id and s.job = parked.job and s.target_id = parked.target_id
returning s.tenant_id, s.job, s.target_id
"""
_AWAITED = [job.signal for job in DECLARED.values() if job.give_up is not None]
_COUNTS = """
select job, count(*) filter (where parked_at is null) as waiting,
       count(*) filter (where parked_at is not null) as parked,
       coalesce(extract(epoch from clock_timestamp() - min(raised_at) filter (where parked_at is null)), 0)
         as oldest_seconds
from signal where generation > done_generation group by job
"""
_UNSEALED = "select count(*) from event_unsealed"

_WAITING = Gauge("folioscope_signals_waiting", "Signals that wait for their job.", ["job"])
_PARKED = Gauge("folioscope_signals_parked", "Signals given up after five tries.", ["job"])
_OLDEST = Gauge("folioscope_signals_oldest_seconds", "Longest wait of a signal.", ["job"])
_EVENTS = Gauge("folioscope_events_unsealed", "Events that the feed does not show yet.")


async def run_sweep(relay: Database, redis: Redis) -> None:
    """Until canceled. Any number may run."""
    while not is_canceled():
        await asyncio.sleep(SECONDS)
        try:
            await measure(relay)
            count = await ring_waiting(relay, redis, _LEFT_BEHIND)
            count += await ring_waiting(relay, redis, _PARKED_WORK, _AWAITED)
            if count:
                _log.info("rung again", signals=count)
            await remove_dead_consumers(redis)
        except (*PASSING, RedisError) as fault:
            _log.warning("sweep put off", error=repr(fault))


async def measure(relay: Database) -> None:
    async with relay.connection() as connection:
        rows = await connection.fetch(_COUNTS)
        unsealed: int = await connection.fetchval(_UNSEALED) or 0
    _EVENTS.set(unsealed)
    for gauge in (_WAITING, _PARKED, _OLDEST):
        gauge.clear()
    for row in rows:
        _WAITING.labels(row["job"]).set(row["waiting"])
        _PARKED.labels(row["job"]).set(row["parked"])
        _OLDEST.labels(row["job"]).set(float(row["oldest_seconds"]))


async def remove_dead_consumers(redis: Redis) -> None:
    """A killed process leaves its name in the group for ever."""
    if not await redis.exists(JOBS):
        return
    for consumer in await redis.xinfo_consumers(JOBS, WORKERS):
        if not consumer["pending"] and consumer["idle"] > _DEAD_CONSUMER_MILLISECONDS:
            await redis.xgroup_delconsumer(JOBS, WORKERS, consumer["name"])
