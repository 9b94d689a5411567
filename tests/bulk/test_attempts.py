"""A worker that was frozen and is overtaken writes no more; one that is stopped has done nothing wrong."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from resolvers.bulk import export_job, import_job
from resolvers.bulk.job_row import Attempt, JobRow
from resolvers.bulk.run_job import JobRunner
from runtime.clock import Clock
from tests.bulk.office import PORTFOLIO, PRODUCT, Office, counts, read_lines
from tests.resolvers.tenant import uuid_of
from workers.signals import MOST_TRIES, begin_try


class Frost:
    """Freezes the first process that passes by, until `thaw` is set."""

    def __init__(self) -> None:
        self.thaw, self.is_frozen, self._passed = asyncio.Event(), asyncio.Event(), False

    async def pass_by(self) -> None:
        if not self._passed:
            self._passed = True
            self.is_frozen.set()
            await self.thaw.wait()


async def overtake(office: Office, job: str, frost: Frost) -> None:
    """One worker is frozen past its lease, another one does the work, and the first goes on."""
    first = asyncio.create_task(office.work(job))
    await frost.is_frozen.wait()
    await office.tenant.rows("update signal set run_after = null where target_id = $1", uuid_of(job))
    await office.work(job)
    frost.thaw.set()
    await first


async def test_an_export_that_was_overtaken_leaves_the_file_of_the_other_one_alone(
    office: Office, monkeypatch: pytest.MonkeyPatch
):
    await office.imported([PORTFOLIO, *({**PRODUCT, "key": f"P-{number}"} for number in range(20))])
    expected = await office.exported()
    frost, whole = Frost(), export_job.parts
    monkeypatch.setattr(export_job, "PART_BYTES", 200)

    async def parts(connection: asyncpg.Connection, tenant_id: UUID, types: Sequence[str]) -> AsyncIterator[bytes]:
        is_second = False
        async for part in whole(connection, tenant_id, types):
            if is_second:
                await frost.pass_by()
            is_second = True
            yield part

    monkeypatch.setattr(export_job, "parts", parts)
    answer = await office.tenant.change("exportStart", {}, office.viewer)
    await overtake(office, answer["job"], frost)
    row = await office.read(answer["job"])
    assert (row["state"], row["attempt"]) == ("COMPLETED", 2)
    assert row["line_count"] == row["lines_done"] == len(read_lines(expected))
    assert await office.download(answer["job"]) == expected
    files = await office.tenant.rows("select id from bulk_file where job_id = $1", row["id"])
    assert [file["id"] for file in files] == [row["file_id"]]


async def test_a_dry_run_that_was_overtaken_counts_no_more(office: Office, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(import_job, "_LONGEST_RUN_SECONDS", 0)
    frost, lock, locked = Frost(), JobRow.lock, 0

    async def lock_late(connection: asyncpg.Connection, attempt: Attempt, clock: Clock) -> JobRow | None:
        nonlocal locked
        locked += 1
        if locked == 5:
            await frost.pass_by()
        return await lock(connection, attempt, clock)

    monkeypatch.setattr(JobRow, "lock", lock_late)
    content = [PORTFOLIO, *({**PRODUCT, "key": f"P-{number}"} for number in range(8)), {"type": "product"}]
    job = await office.start(content, dry_run=True)
    await overtake(office, job, frost)
    row = await office.read(job)
    assert (row["state"], counts(row)) == ("COMPLETED", (9, 0, 0, 1))
    assert await office.errors(row["id"]) == [(10, "REQUIRED", ["key"])]
    assert await office.tenant.rows("select from signal where job = 'run_job' and error_code is not null") == []


async def test_an_attempt_that_begins_when_the_job_is_finished_leaves_its_mistakes(office: Office):
    job = await office.imported([{"type": "product"}], dry_run=True)
    id = f"job_{job['id']}"
    assert counts(await office.run(id)) == (0, 0, 0, 1)
    assert len(await office.errors(job["id"])) == 1


async def test_only_one_of_two_that_are_rung_at_once_begins(office: Office):
    job = await office.start([PORTFOLIO])
    place = (office.tenant.database, office.tenant.id, "run_job", [uuid_of(job)], 10.0)
    assert [await begin_try(*place), await begin_try(*place)] == [{uuid_of(job): 1}, {}]
    await office.work(job)
    assert (await office.read(job))["state"] == "QUEUED"


@pytest.mark.parametrize("fault", [asyncpg.LockNotAvailableError("locked"), asyncio.CancelledError()])
async def test_what_passes_and_what_is_stopped_is_no_try(
    office: Office, fault: BaseException, monkeypatch: pytest.MonkeyPatch
):
    job = await office.start([PORTFOLIO])

    async def stop(*_: Any) -> None:
        raise fault

    with monkeypatch.context() as patched:
        patched.setattr(JobRunner, "step", stop)
        for _ in range(2 * MOST_TRIES):
            with pytest.raises(type(fault)):
                await office.work(job)
    await office.work(job)
    assert (await office.read(job))["state"] == "COMPLETED"


async def test_a_job_whose_signal_was_parked_by_somebody_who_does_not_know_it_is_broken_off(office: Office):
    job = await office.start([PORTFOLIO])
    parked = "update signal set tries = 5, parked_at = now() where target_id = $1"
    await office.tenant.rows(parked, uuid_of(job))
    await office.work(job)
    assert (await office.read(job))["state"] == "FAILED"
    waiting: Any = await office.tenant.rows("select from signal where job = 'run_job' and generation > done_generation")
    assert waiting == []
