"""The queue: takes rings from a Redis stream and runs their jobs. What is lost here, the sweeper repeats."""

import asyncio
import os
import random
import secrets
import socket
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from runtime.redis import JOBS, WORKERS
from workers.cancellation import is_canceled
from workers.job import DeclaredJob, Resources
from workers.signals import PASSING

_log = structlog.get_logger()

# A message that came so often without being acknowledged kills the process that takes it.
MOST_DELIVERIES = 5
_ATTEMPTS = 3
_BLOCK_MILLISECONDS = 1000
_LONGEST_PAUSE_SECONDS = 2.0


@dataclass(frozen=True)
class Message:
    id: str
    tenant_id: UUID
    job: str
    target_id: UUID | None
    deliveries: int


@dataclass
class Consumer:
    """One process's part in the group. `idle_seconds` without a sign of life makes a message free
    to be taken by others."""

    redis: Redis
    resources: Resources
    jobs: Mapping[str, DeclaredJob]
    concurrency: int = 4
    idle_seconds: float = 10.0
    name: str = field(default_factory=lambda: f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}")
    _running: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    async def run(self) -> None:
        """Until canceled; then it takes nothing more, and `drain` waits for what it has begun."""
        await self._make_group(0)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._repeat(self._take_new))
            tasks.create_task(self._repeat(self._take_over))

    async def drain(self, seconds: float) -> None:
        """Waits for the running jobs, cancels those that last longer, and leaves the group."""
        running = set(self._running.values())
        if running:
            _, late = await asyncio.wait(running, timeout=seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        try:
            await self.redis.xgroup_delconsumer(JOBS, WORKERS, self.name)
        except (RedisError, OSError) as fault:
            _log.info("consumer not removed", error=repr(fault))

    async def _repeat(self, step: Callable[[], Awaitable[None]]) -> None:
        pause = 0.05
        while not is_canceled():
            try:
                await step()
                pause = 0.05
            except ResponseError as fault:
                # After FLUSHALL the stream and its group are gone: NOGROUP, or UNBLOCKED.
                _log.info("consumer group is made again", error=str(fault))
                await self._make_group(pause)
                pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
            except (RedisError, OSError) as fault:
                _log.warning("Redis does not answer", error=repr(fault))
                await asyncio.sleep(pause * random.uniform(0.5, 1.0))
                pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)

    async def _make_group(self, pause: float) -> None:
        try:
            await self.redis.xgroup_create(JOBS, WORKERS, id="0", mkstream=True)
        except (RedisError, OSError) as fault:
            if "BUSYGROUP" not in str(fault):
                _log.warning("consumer group not made", error=repr(fault))
            await asyncio.sleep(pause)

    async def _take_new(self) -> None:
        free = self.concurrency - len(self._running)
        if free <= 0:
            await asyncio.wait(self._running.values(), return_when=asyncio.FIRST_COMPLETED)
            return
        answer: Any = await self.redis.xreadgroup(
            WORKERS, self.name, {JOBS: ">"}, count=free, block=_BLOCK_MILLISECONDS
        )
        for message_id, fields in _entries(answer):
            await self._begin(message_id, fields, 1)

    async def _take_over(self) -> None:
        """Keeps our own running messages ours, and takes those whose consumer shows no life."""
        await asyncio.sleep(self.idle_seconds / 3)
        if self._running:
            await self.redis.xclaim(JOBS, WORKERS, self.name, 0, list(self._running), justid=True)
        idle = int(self.idle_seconds * 1000)
        answer: Any = await self.redis.xautoclaim(JOBS, WORKERS, self.name, idle, count=10)
        for message_id, fields in answer[1]:
            if message_id in self._running:
                continue
            pending: Any = await self.redis.xpending_range(JOBS, WORKERS, min=message_id, max=message_id, count=1)
            deliveries = pending[0]["times_delivered"] if pending else 2
            await self._begin(message_id, fields, deliveries)

    async def _begin(self, message_id: str, fields: Mapping[str, str] | None, count: int) -> None:
        message = _read(message_id, fields, count)
        if message is None or message.job not in self.jobs:
            _log.warning("message dropped", message_id=message_id, fields=fields)
            await self._settle(message_id)
            return
        if self.jobs[message.job].alone and any(task.get_name() == message.job for task in self._running.values()):
            # Another worker may have a place; the sweeper rings again.
            await self._settle(message_id)
            return
        task = asyncio.create_task(self._handle(message), name=message.job)
        self._running[message_id] = task
        task.add_done_callback(lambda _: self._running.pop(message_id, None))

    async def _handle(self, message: Message) -> None:
        """Whatever happens, the message is settled: the signal in PostgreSQL is what waits."""
        try:
            await self._attempt(message)
        except Exception as fault:
            _log.error("job failed", job=message.job, tenant_id=str(message.tenant_id), exc_info=fault)
        try:
            await self._settle(message.id)
        except (RedisError, OSError) as fault:
            _log.warning("message not settled", message_id=message.id, error=repr(fault))

    async def _attempt(self, message: Message) -> None:
        job, careful = self.jobs[message.job], message.deliveries > 1
        if message.deliveries > MOST_DELIVERIES:
            await job.count_try(self.resources, message.tenant_id, message.target_id)
            _log.error("message kills its workers", job=message.job, tenant_id=str(message.tenant_id))
            return
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                await job.run(self.resources, message.tenant_id, message.target_id, careful=careful)
                return
            except PASSING as fault:
                if attempt == _ATTEMPTS:
                    _log.warning("job put off", job=message.job, error=repr(fault))
                    return
                await asyncio.sleep(0.05 * 2**attempt * random.uniform(0.5, 1.0))

    async def _settle(self, message_id: str) -> None:
        async with self.redis.pipeline(transaction=False) as pipeline:
            pipeline.xack(JOBS, WORKERS, message_id)
            pipeline.xdel(JOBS, message_id)
            await pipeline.execute()


def _entries(answer: Any) -> list[tuple[str, Mapping[str, str] | None]]:
    """The entries of our one stream. redis-py answers a list in RESP2 and a mapping in RESP3."""
    if not answer:
        return []
    if isinstance(answer, Mapping):
        return [entry for batch in answer[JOBS] for entry in batch]
    return [entry for _, entries in answer for entry in entries]


def _read(message_id: str, fields: Mapping[str, str] | None, deliveries: int) -> Message | None:
    """Null for what the relay did not write."""
    try:
        tenant_id, job = UUID((fields or {})["tenant"]), (fields or {})["job"]
        target = (fields or {}).get("target")
        target_id = UUID(target) if target else None
    except (KeyError, ValueError):
        return None
    return Message(message_id, tenant_id, job, target_id, deliveries)
