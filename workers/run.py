"""A worker process: relay, queue, sweeper and schedule in one, or one part of it."""

import argparse
import asyncio
import contextlib
import signal
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Literal, get_args
from uuid import UUID

import structlog

from runtime.clock import Clock
from runtime.postgres import APPLICATION_ROLE, RELAY_ROLE, Database
from runtime.redis import open_redis
from runtime.settings import Settings, load_settings
from workers.connection.apply_deliveries import apply_deliveries
from workers.measurement.recompute_health import recompute_health
from workers.queue import Consumer, Job
from workers.relay import run_relay
from workers.schedule import run_schedule
from workers.signals import (
    APPLY_DELIVERIES,
    PASSING,
    RECOMPUTE_HEALTH,
    begin_try,
    finish,
    record_failure,
    waiting_generation,
)
from workers.sweep import run_sweep

_log = structlog.get_logger()

Part = Literal["all", "relay", "queue"]
"""The relay's part includes sweeper and schedule."""

_DRAIN_SECONDS = 3.0
_OPEN_SECONDS = 15.0


def jobs_of(database: Database, clock: Clock) -> Mapping[str, Job]:
    """The table of jobs: what each signal's name makes happen."""

    async def recompute(tenant_id: UUID, _: UUID | None, redelivered: bool) -> None:
        await recompute_health(database, clock, tenant_id, redelivered)

    async def apply(tenant_id: UUID, target_id: UUID | None, redelivered: bool) -> None:
        if target_id is not None:
            await apply_waiting(database, clock, (tenant_id, target_id), redelivered)

    return {RECOMPUTE_HEALTH: recompute, APPLY_DELIVERIES: apply}


async def apply_waiting(database: Database, clock: Clock, place: tuple[UUID, UUID], redelivered: bool) -> None:
    """Deliveries of a connection (tenant, connection), until its signal waits no longer."""
    tenant_id, connection_id = place
    key = (tenant_id, APPLY_DELIVERIES, connection_id)
    while (generation := await waiting_generation(database, *key)) is not None:
        if redelivered and not await begin_try(database, *key[:2], [connection_id]):
            return
        try:
            await apply_deliveries(database, clock, *place)
        except PASSING:
            raise
        except Exception as fault:
            if not redelivered:
                await begin_try(database, *key[:2], [connection_id])
            parked = await record_failure(database, *key, fault)
            _log.error("deliveries failed", connection_id=str(connection_id), parked=parked, exc_info=fault)
            return
        await finish(database, *key, generation)


MoreJobs = Callable[[Database, Clock, Settings], Mapping[str, Job]]
"""Jobs that workers may not know of: whoever assembles the process hands them in."""


async def main(part: Part = "all", clock: Clock | None = None, more_jobs: MoreJobs | None = None) -> None:
    """Runs until canceled, then ends what it has begun, within 5 s."""
    settings, clock = load_settings(), clock or Clock()
    async with contextlib.AsyncExitStack() as stack:
        redis = open_redis(settings.redis_url, settings.redis_pool_size)
        stack.push_async_callback(redis.aclose)
        database = await _open(settings.database_url, APPLICATION_ROLE, settings.database_pool_size)
        stack.push_async_callback(database.close)
        relay = await _open(settings.database_url, RELAY_ROLE, 4)
        stack.push_async_callback(relay.close)
        more = more_jobs(database, clock, settings) if more_jobs else {}
        consumer = Consumer(redis, database, {**jobs_of(database, clock), **more})
        parts: list[Coroutine[Any, Any, None]] = []
        if part != "relay":
            stack.push_async_callback(consumer.drain, _DRAIN_SECONDS)
            parts.append(consumer.run())
        if part != "queue":
            parts.append(run_relay(settings.database_url, relay, redis))
            parts.append(run_sweep(relay, redis))
            parts.append(run_schedule(settings.database_url, database, clock))
        _log.info("worker runs", part=part, consumer=consumer.name)
        async with asyncio.TaskGroup() as tasks:
            for coroutine in parts:
                tasks.create_task(coroutine)


async def _open(url: str, role: str, size: int) -> Database:
    """A database that is just being started again is waited for; a wrong password is not."""
    last = asyncio.get_running_loop().time() + _OPEN_SECONDS
    while True:
        try:
            return await Database.open(url, role, size)
        except PASSING as fault:
            if asyncio.get_running_loop().time() > last:
                raise
            _log.warning("PostgreSQL does not answer yet", error=repr(fault))
        await asyncio.sleep(0.5)


def _run() -> None:
    parser = argparse.ArgumentParser(description="A Folioscope worker.")
    parser.add_argument("--only", choices=get_args(Part), default="all", dest="part")
    part = parser.parse_args().part

    async def run_until_told() -> None:
        task = asyncio.current_task()
        for number in (signal.SIGINT, signal.SIGTERM):
            if task:
                asyncio.get_running_loop().add_signal_handler(number, task.cancel)
        await main(part)

    with contextlib.suppress(asyncio.CancelledError):
        asyncio.run(run_until_told())


if __name__ == "__main__":
    _run()
