"""Long work: a target is worked on step by step by one process at a time, and taken up again after its death."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

import structlog

from runtime.postgres import Database
from workers.signals import PASSING, begin_try, finish, lease, record_failure, waiting_generation

_log = structlog.get_logger()

_LEASE_SECONDS = 10.0

Step = Callable[[UUID, UUID], Awaitable[bool]]
"""Of tenant and target; commits what it does, and returns whether there is more to do."""
BreakOff = Callable[[UUID, UUID, str], Awaitable[None]]
"""Of tenant, target and why: no step will follow."""


@dataclass(frozen=True)
class LongWork:
    """signal: the name under which it is raised. Safe to run twice, and twice at once, as far as its steps are."""

    database: Database
    signal: str
    step: Step
    break_off: BreakOff

    async def run(self, tenant_id: UUID, target_id: UUID | None, _: bool) -> None:
        """Every beginning counts as a try until a step succeeds; a target that kills its workers is broken off."""
        if target_id is None:
            return
        key = (tenant_id, self.signal, target_id)
        generation = await waiting_generation(self.database, *key)
        if generation is None:
            return
        if not await begin_try(self.database, *key[:2], [target_id]):
            await self.break_off(tenant_id, target_id, "Its workers died again and again.")
            return
        try:
            async with self._leased(key):
                while await self.step(tenant_id, target_id):
                    await lease(self.database, key, _LEASE_SECONDS, forget_tries=True)
            await finish(self.database, *key, generation)
        except (*PASSING, asyncio.CancelledError):
            with contextlib.suppress(*PASSING):
                await lease(self.database, key, 0)
            raise
        except Exception as fault:
            await self._fail(key, fault)

    async def _fail(self, key: tuple[UUID, str, UUID], fault: Exception) -> None:
        parked = await record_failure(self.database, *key, fault)
        _log.error("long work failed", job=key[1], target_id=str(key[2]), parked=parked, exc_info=fault)
        if parked:
            await self.break_off(key[0], key[2], f"It failed again and again: {type(fault).__name__}.")
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
