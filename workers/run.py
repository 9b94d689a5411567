"""A worker process: every part of what happens after a commit, or some of them."""

import asyncio
import contextlib
from collections.abc import Callable, Collection, Coroutine
from typing import Any

import structlog

from runtime import encryption
from runtime.clock import Clock
from runtime.postgres import APPLICATION_ROLE, RELAY_ROLE, Database
from runtime.redis import open_redis
from runtime.settings import load_settings
from workers.job import Resources
from workers.jobs import DECLARED
from workers.queue import Consumer
from workers.relay import run_relay
from workers.schedule import run_schedule
from workers.signals import PASSING
from workers.sweep import run_sweep

_log = structlog.get_logger()

PARTS = ("relay", "queue", "sweep", "schedule")

_DRAIN_SECONDS = 3.0
_OPEN_SECONDS = 15.0


async def run_parts(only: Collection[str] = PARTS) -> None:
    """Runs until canceled, then ends what it has begun, within 5 s."""
    settings, clock = load_settings(), Clock()
    async with contextlib.AsyncExitStack() as stack:
        redis = open_redis(settings.redis_url, settings.redis_pool_size)
        stack.push_async_callback(redis.aclose)
        database = await _open(settings.database_url, APPLICATION_ROLE, settings.database_pool_size)
        stack.push_async_callback(database.close)
        relay = await _open(settings.database_url, RELAY_ROLE, 4)
        stack.push_async_callback(relay.close)
        consumer = Consumer(redis, Resources(database, clock, settings.derive_key(encryption.PURPOSE)), DECLARED)
        if "queue" in only:
            stack.push_async_callback(consumer.drain, _DRAIN_SECONDS)
        parts: dict[str, Callable[[], Coroutine[Any, Any, None]]] = {
            "relay": lambda: run_relay(settings.database_url, relay, redis),
            "queue": consumer.run,
            "sweep": lambda: run_sweep(relay, redis),
            "schedule": lambda: run_schedule(settings.database_url, database, clock),
        }
        _log.info("worker runs", parts=sorted(only), consumer=consumer.name)
        async with asyncio.TaskGroup() as tasks:
            for name in only:
                tasks.create_task(parts[name]())


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
