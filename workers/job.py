"""A job: what is declared of it, what its function is handed, and the one wrapper that runs it.

A job is one file of a room, `workers/<room>/<signal>.py`, with one function under `@job`. The function is the work
alone: the wrapper takes the generation, counts tries, holds the lease, and finishes what is done.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg
import structlog

from runtime.clock import Clock
from runtime.postgres import Database, claim
from workers import signals
from workers.lease import leased, turn
from workers.signals import MOST_TRIES, PASSING, Signal

_log = structlog.get_logger()

# Of those that are worked on one by one, and how many at a time; the sweeper rings for the rest.
_OLDEST_FIRST = "s.raised_at, s.target_id"
_MOST_AT_A_TIME = 500


@dataclass(frozen=True)
class Resources:
    """What a process lends to its jobs. encryption_key: 32 bytes, for secrets that are kept."""

    database: Database
    clock: Clock
    encryption_key: bytes = b""


@dataclass
class Run:
    """One run of a job. generations: of the targets to be worked on, read before anything else.

    is_careful: one target by itself after something has failed; nothing else may fail with it.
    """

    job: "DeclaredJob"
    resources: Resources
    tenant_id: UUID
    generations: Mapping[UUID, int]
    is_careful: bool = True
    is_finished: bool = field(default=False, init=False)

    @property
    def database(self) -> Database:
        return self.resources.database

    @property
    def clock(self) -> Clock:
        return self.resources.clock

    async def progress(self) -> None:
        """What is committed by now will not be done again: the tries so far are forgotten."""
        for target_id in self.generations:
            signal = Signal(self.tenant_id, self.job.signal, target_id)
            await signals.renew(self.database, signal, self.job.lease_seconds, forget_tries=True)

    async def finish(self, connection: asyncpg.Connection, due_on: Mapping[UUID, date | None] | None = None) -> None:
        """Finishes in the transaction of the results, under the tenant's claim. What a job does not finish itself is
        finished when it returns.

        due_on: days on which time alone changes the result, also of targets that nobody raised; null or absent: never.
        """
        await signals.finish(connection, self.tenant_id, self.job.signal, self.generations, due_on or {})
        self.is_finished = True


class Overtaken(Exception):
    """Raised by a job whose target another worker has taken over: that one finishes."""


Work = Callable[[Run, Any], Awaitable[None]]
"""Of a run and its target; of a batch, instead of the target, the connection that has the tenant's turn."""
GiveUp = Callable[[Resources, UUID, UUID, str], Awaitable[None]]
"""Of a tenant, a target, and the reason. Safe to repeat."""


@dataclass(frozen=True)
class Batch:
    """Up to `size` targets of a tenant together, those first that come first in `order`: SQL over the signal s."""

    size: int
    order: str


@dataclass(frozen=True)
class DeclaredJob:
    """signal: the name under which it is raised.

    batch: null when targets are worked on one by one.
    alone: it may last long; a process has one of its kind at a time, so that short ones always find a place.
    lease_seconds: after so long a target whose worker died is taken up by another; one that lives renews it.
    give_up: for targets whose end somebody waits for; called when one was parked after its last try.
    """

    signal: str
    work: Work
    batch: Batch | None = None
    alone: bool = False
    lease_seconds: float = 3.0
    give_up: GiveUp | None = None

    async def __call__(self, database: Database, clock: Clock, tenant_id: UUID, target_id: UUID | None = None) -> None:
        """Does in this process what waits: one target, or all."""
        await self.run(Resources(database, clock), tenant_id, target_id)

    async def run(
        self, resources: Resources, tenant_id: UUID, target_id: UUID | None = None, *, careful: bool = False
    ) -> None:
        """target_id: null for all that waits. careful: one by one, since the worker before may have died of one.

        Safe to run twice, and twice at once, as far as the work is.
        """
        execution = _Execution(self, resources, tenant_id)
        await (execution.run_all(careful) if target_id is None else execution.run_one(target_id))

    async def count_try(self, resources: Resources, tenant_id: UUID, target_id: UUID | None) -> None:
        """Counts a failed try of one target, or of all that waits; the one after the last parks a signal."""
        await _Execution(self, resources, tenant_id).count_try(target_id)


def job(signal: str, **options: Any) -> Callable[[Work], DeclaredJob]:
    """Declares a function as the job of that signal. options: as Job has."""
    return lambda work: DeclaredJob(signal, work, **options)


@dataclass(frozen=True)
class _Execution:
    """Of a job, for a tenant."""

    job: DeclaredJob
    resources: Resources
    tenant_id: UUID

    async def run_all(self, careful: bool) -> None:
        """First together, if it can be; what has failed before, or fails now, one by one, so that only the culprit is
        given up."""
        if self.job.batch is not None and not careful:
            await self._run_batches(self.job.batch)
        for target_id in await self._waiting():
            await self.run_one(target_id)

    async def count_try(self, target_id: UUID | None) -> None:
        targets = await self._waiting() if target_id is None else [target_id]
        await self._begin_try(targets)

    async def _waiting(self) -> Iterable[UUID]:
        order = self.job.batch.order if self.job.batch else _OLDEST_FIRST
        async with self.resources.database.transaction(self.tenant_id) as connection:
            limits = (MOST_TRIES, _MOST_AT_A_TIME)
            return await signals.waiting(connection, self.tenant_id, self.job.signal, order, limits)

    async def _begin_try(self, targets: Iterable[UUID]) -> dict[UUID, int]:
        place = (self.resources.database, self.tenant_id, self.job.signal)
        return await signals.begin_try(*place, targets, self.job.lease_seconds)

    async def _run_batches(self, batch: Batch) -> None:
        try:
            while await self._run_batch(batch):
                continue
        except PASSING:
            raise
        except Exception as fault:
            _log.error("batch failed", job=self.job.signal, tenant_id=str(self.tenant_id), exc_info=fault)

    async def _run_batch(self, batch: Batch) -> bool:
        """False: nothing waits that has not failed before."""
        async with turn(self.resources.database, self.tenant_id, self.job.signal) as connection:
            async with connection.transaction():
                await claim(connection, self.tenant_id)
                limits = (0, batch.size)
                generations = await signals.waiting(connection, self.tenant_id, self.job.signal, batch.order, limits)
            if generations:
                await self._work_on(self._run(generations, careful=False), connection)
        return bool(generations)

    async def run_one(self, target_id: UUID) -> None:
        """Until it waits no longer: what is raised meanwhile is done in the same go."""
        while generations := await self._begin_try([target_id]):
            if not await self._try(self._run(generations), target_id):
                return
        if self.job.give_up is not None:
            await self._give_up(self.job.give_up, target_id)

    async def _try(self, run: Run, target_id: UUID) -> bool:
        """False: it is not to be looked at again now."""
        database, signal = self.resources.database, Signal(self.tenant_id, self.job.signal, target_id)
        try:
            async with leased(database, signal, self.job.lease_seconds):
                await self._work(run, target_id)
            return True
        except Overtaken:
            return False
        except (*PASSING, asyncio.CancelledError):
            with contextlib.suppress(*PASSING):
                await signals.give_back(database, signal)
            raise
        except Exception as fault:
            parked = await signals.record_failure(database, signal, fault)
            _log.error("job failed", job=self.job.signal, target_id=str(target_id), parked=parked, exc_info=fault)
            return parked

    async def _work(self, run: Run, target_id: UUID) -> None:
        if self.job.batch is None:
            await self._work_on(run, target_id)
            return
        async with turn(self.resources.database, self.tenant_id, self.job.signal) as connection:
            await self._work_on(run, connection)

    async def _work_on(self, run: Run, what: Any) -> None:
        began = time.perf_counter()
        await self.job.work(run, what)
        if not run.is_finished:
            await self._finish(run)
        duration_ms = round(1000 * (time.perf_counter() - began), 1)
        _log.debug("job done", job=self.job.signal, targets=len(run.generations), duration_ms=duration_ms)

    async def _finish(self, run: Run) -> None:
        async with self.resources.database.transaction(self.tenant_id) as connection:
            await run.finish(connection)

    async def _give_up(self, give_up: GiveUp, target_id: UUID) -> None:
        """Whoever parked the signal may have died before it was told, or may not know of it."""
        parked = await signals.parked(self.resources.database, Signal(self.tenant_id, self.job.signal, target_id))
        if parked is not None:
            await give_up(self.resources, self.tenant_id, target_id, parked.reason)
            await self._finish(self._run({target_id: parked.generation}))

    def _run(self, generations: Mapping[UUID, int], *, careful: bool = True) -> Run:
        return Run(self.job, self.resources, self.tenant_id, generations, careful)
