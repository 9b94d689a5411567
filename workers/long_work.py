"""Long work: a target is worked on step by step by one process at a time, and taken up again after its death."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

import structlog

from runtime.postgres import Database
from workers.signals import (
    PASSING,
    begin_try,
    finish,
    give_back,
    lease,
    parked_generation,
    record_failure,
    waiting_generation,
)

_log = structlog.get_logger()

_LEASE_SECONDS = 10.0


class Work(Protocol):
    """What is done with a target of a tenant."""

    async def begin(self, tenant_id: UUID, target_id: UUID, /) -> int:
        """Number of a new attempt. Steps of earlier ones, which may only have been frozen, do nothing from now on."""
        ...

    async def step(self, tenant_id: UUID, target_id: UUID, attempt: int, /) -> bool | None:
        """Whether there is more to do; null: a later attempt has it now. What it has done is committed."""
        ...

    async def break_off(self, tenant_id: UUID, target_id: UUID, error: str, /) -> None:
        """No step will follow. Safe to repeat."""
        ...


@dataclass(frozen=True)
class LongWork:
    """signal: the name under which it is raised. Safe to run twice, and twice at once, as far as its steps are."""

    database: Database
    signal: str
    work: Work

    async def run(self, tenant_id: UUID, target_id: UUID | None, _: bool) -> None:
        """Every beginning counts as a try until a step succeeds; a target that kills its workers is broken off."""
        if target_id is None:
            return
        key = (tenant_id, self.signal, target_id)
        generation = await waiting_generation(self.database, *key)
        if generation is None or not await begin_try(self.database, *key[:2], [target_id]):
            await self._break_off_parked(key)
            return
        try:
            async with self._leased(key):
                attempt = await self.work.begin(tenant_id, target_id)
                while has_more := await self.work.step(tenant_id, target_id, attempt):
                    await lease(self.database, key, _LEASE_SECONDS, forget_tries=True)
            if has_more is not None:
                await finish(self.database, *key, generation)
        except (*PASSING, asyncio.CancelledError):
            with contextlib.suppress(*PASSING):
                await give_back(self.database, key)
            raise
        except Exception as fault:
            await self._fail(key, fault)

    async def _break_off_parked(self, key: tuple[UUID, str, UUID]) -> None:
        """Whoever parked the signal may have died before the work was broken off, or may not know of it."""
        generation = await parked_generation(self.database, *key)
        if generation is not None:
            await self.work.break_off(key[0], key[2], "Its workers died again and again.")
            await finish(self.database, *key, generation)

    async def _fail(self, key: tuple[UUID, str, UUID], fault: Exception) -> None:
        parked = await record_failure(self.database, *key, fault)
        _log.error("long work failed", job=key[1], target_id=str(key[2]), parked=parked, exc_info=fault)
        if parked:
            await self.work.break_off(key[0], key[2], f"It failed again and again: {type(fault).__name__}.")
        else:
            await lease(self.database, key, 1)

    @asynccontextmanager
    async def _leased(self, key: tuple[UUID, str, UUID]) -> AsyncIterator[None]:
        await lease(self.database, key, _LEASE_SECONDS)
        task = asyncio.create_task(self._keep(key))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _keep(self, key: tuple[UUID, str, UUID]) -> None:
        """A single step may take longer than a lease."""
        while True:
            await asyncio.sleep(_LEASE_SECONDS / 3)
            with contextlib.suppress(*PASSING):
                await lease(self.database, key, _LEASE_SECONDS)
