"""A job is its function alone: the wrapper takes the generation, counts tries, holds the lease and finishes."""

import asyncio
import re
import sys
from types import ModuleType
from typing import Any
from uuid import UUID

import pytest

from tests.workers.company import Company
from tests.workers.test_commands import folioscope
from tests.workers.test_queue import let_retry, nothing_waits, signal
from workers.job import Batch, DeclaredJob, Overtaken, Resources, Run, job
from workers.jobs import DECLARED, jobs_of
from workers.measurement.recompute_health import recompute_health
from workers.signals import MOST_TRIES

# Any signal's name will do for work of our own; this one is raised by nothing else here.
NAME = "run_job"


async def raised(company: Company, *target_ids: UUID) -> None:
    async with company.change() as connection:
        await connection.execute("select raise_signal($1, $2)", NAME, list(target_ids))


async def run(company: Company, declared: DeclaredJob, target_id: UUID | None = None) -> None:
    await let_retry(company)
    await declared(company.database, company.hands.clock, company.tenant_id, target_id)


async def test_the_database_knows_the_names_of_exactly_the_declared_jobs(company: Company):
    [check] = await company.fetch(
        "select pg_get_constraintdef(oid) as says from pg_constraint where conname = 'signal_job_check'"
    )
    assert set(re.findall(r"'(\w+)'", check["says"])) == set(DECLARED)


def test_a_job_in_a_file_of_another_name_is_refused(monkeypatch: pytest.MonkeyPatch):
    module: Any = ModuleType("workers.measurement.tidy")

    async def tidy_up(*_: Any) -> None: ...

    tidy_up.__module__ = module.__name__
    module.tidy_up = job("tidy_up")(tidy_up)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    with pytest.raises(TypeError, match=r"workers\.measurement\.tidy: .* tidy_up\.py"):
        list(jobs_of(module.__name__))


@pytest.mark.parametrize("batch", [None, Batch(2, "s.target_id")])
async def test_a_job_runs_once_a_generation_and_ends(company: Company, batch: Batch | None):
    seen: list[UUID] = []

    async def note(run: Run, _: object) -> None:
        seen.extend(run.generations)

    targets = [company.new_id() for _ in range(5)]
    for rounds in (1, 2):
        await raised(company, *targets)
        for _ in range(3):
            await run(company, DeclaredJob(NAME, note, batch=batch))
        assert sorted(seen) == sorted(targets * rounds)
        assert await nothing_waits(company)


async def test_what_is_raised_while_it_is_worked_on_is_done_in_the_same_go(company: Company):
    target, generations = company.new_id(), []

    async def raise_again(run: Run, target_id: UUID) -> None:
        generations.append(run.generations[target_id])
        if len(generations) < 3:
            await raised(company, target_id)

    await raised(company, target)
    await run(company, DeclaredJob(NAME, raise_again), target)
    assert generations == [1, 2, 3]
    assert await nothing_waits(company)


@pytest.mark.parametrize("batch", [None, Batch(10, "s.target_id")])
async def test_of_several_targets_the_culprit_alone_is_given_up(company: Company, batch: Batch | None):
    targets, poison = [company.new_id() for _ in range(4)], company.new_id()
    done: list[UUID] = []
    told: list[str] = []

    async def work(run: Run, _: object) -> None:
        if poison in run.generations:
            raise ValueError("poison")
        done.extend(run.generations)

    async def give_up(_: Resources, __: UUID, target_id: UUID, reason: str) -> None:
        assert target_id == poison
        told.append(reason)

    await raised(company, *targets, poison)
    for number in range(1, MOST_TRIES + 1):
        await run(company, DeclaredJob(NAME, work, batch=batch, give_up=give_up))
        assert (await signal(company, poison))["tries"] == (number if number < MOST_TRIES else 0)
    assert sorted(done) == sorted(targets)
    assert told == ["It failed again and again: ValueError."]
    assert (await signal(company, poison))["parked_at"]


async def test_progress_forgets_the_tries_before_it(company: Company):
    target, begun = company.new_id(), 0

    async def die_late(run: Run, _: UUID) -> None:
        nonlocal begun
        begun += 1
        if begun <= 2 * MOST_TRIES:
            await run.progress()
            raise KeyboardInterrupt

    await raised(company, target)
    for _ in range(2 * MOST_TRIES):
        with pytest.raises(KeyboardInterrupt):
            await run(company, DeclaredJob(NAME, die_late), target)
    await run(company, DeclaredJob(NAME, die_late), target)
    assert await nothing_waits(company)


async def test_a_target_that_another_worker_has_taken_over_is_finished_by_that_one(company: Company):
    target = company.new_id()

    async def be_late(*_: object) -> None:
        raise Overtaken

    await raised(company, target)
    await run(company, DeclaredJob(NAME, be_late), target)
    left = await signal(company, target)
    assert (left["done_generation"], left["error_code"], left["parked_at"]) == (0, None, None)


async def test_while_a_worker_lives_its_lease_does_not_end(company: Company):
    target, begun = company.new_id(), []

    async def last_long(_: Run, __: UUID) -> None:
        begun.append(target)
        await asyncio.sleep(1.2)

    declared = DeclaredJob(NAME, last_long, lease_seconds=0.6)
    await raised(company, target)
    async with asyncio.TaskGroup() as tasks:
        for second in range(3):
            await asyncio.sleep(0.35 * bool(second))
            place = (company.database, company.hands.clock, company.tenant_id, target)
            tasks.create_task(declared(*place))
    assert begun == [target]
    assert await nothing_waits(company)


async def test_scores_are_finished_in_the_transaction_that_writes_them(company: Company):
    portfolio = await company.add_portfolio()
    await recompute_health(company.database, company.hands.clock, company.tenant_id)
    [same] = await company.fetch(
        "select h.xmin = s.xmin as is_same from health_score h join signal s"
        " on s.tenant_id = h.tenant_id and s.target_id = h.node_id where h.node_id = $1",
        portfolio,
    )
    assert same["is_same"]


def test_a_worker_says_which_parts_it_has():
    refused = folioscope("postgresql://unused", "worker", "--only", "relay,all")
    assert refused.returncode == 1
    assert "A worker has no part 'all'." in refused.stderr
    assert "Parts: relay, queue, sweep, schedule" in refused.stderr
