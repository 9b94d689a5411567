"""A worker that dies in the middle of a job: another one goes on, and no line comes twice."""

import asyncio
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from resolvers.bulk.run_job import JobRunner
from tests.bulk.office import KPI, PORTFOLIO, PRODUCT, Office, counts, measurement
from tests.resolvers.tenant import Tenant, uuid_of
from tests.waiting import until
from workers.signals import MOST_TRIES

_PRODUCTS = 300


@pytest.fixture
def start_worker(database: str, redis_url: str, tmp_path: Path) -> Any:
    environment = {**os.environ, "DATABASE_URL": database, "REDIS_URL": redis_url, "FOLIOSCOPE_SECRET_KEY": "s" * 32}
    environment["FOLIOSCOPE_HOME"] = str(tmp_path)
    log = tmp_path / "worker.log"
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        with log.open("ab") as file:
            command = [sys.executable, "-m", "cli", "worker"]
            started.append(subprocess.Popen(command, env=environment, stdout=file, stderr=file))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


async def test_an_import_whose_worker_was_killed_goes_on_where_it_was(tenant: Tenant, start_worker: Any):
    # Workers have the real clock, by which the key must be good.
    tenant.clock.current = datetime.now(UTC)
    office = await Office.open(tenant)
    content = [PORTFOLIO, PRODUCT, KPI]
    for number in range(_PRODUCTS):
        # Without a name of its source, nothing but the job's own record keeps a measurement from coming twice.
        content += [{**PRODUCT, "key": f"P-{number}"}, measurement(1, number)]
    job = await office.start([*content, {**PRODUCT, "key": "not a key"}])

    async def is_under_way() -> bool:
        return (await office.read(job))["lines_done"] > 60

    async def is_finished() -> bool:
        return (await office.read(job))["finished_at"] is not None

    worker = start_worker()
    await until(is_under_way, 30)
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()
    at_death = await office.read(job)
    assert at_death["lines_done"] < len(content)
    start_worker()
    await until(is_finished, 60)
    row = await office.read(job)
    assert (row["state"], counts(row)) == ("COMPLETED", (len(content), 0, 0, 1))
    assert await office.errors(row["id"]) == [(len(content) + 1, "INVALID", ["key"])]
    [made] = await office.tenant.rows(
        "select (select count(*) from product) as products, (select count(*) from measurement) as measurements,"
        " (select count(*) from event where type = 'PRODUCT_CREATED') as events,"
        " (select count(*) from event where type = 'IMPORT_COMPLETED') as ends"
    )
    assert made == {"products": _PRODUCTS + 1, "measurements": _PRODUCTS, "events": _PRODUCTS + 1, "ends": 1}


async def test_a_job_that_kills_its_workers_is_broken_off(office: Office, monkeypatch: pytest.MonkeyPatch):
    job = await office.start([PORTFOLIO])

    async def die(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(JobRunner, "step", die)
    for _ in range(MOST_TRIES):
        with pytest.raises(KeyboardInterrupt):
            await office.work(job)
        await office.tenant.rows("update signal set run_after = null where target_id = $1", uuid_of(job))
    await office.work(job)
    row = await office.read(job)
    assert (row["state"], row["error"]) == ("FAILED", "Its workers died again and again.")
    assert [event["type"] for event in await office.tenant.events()][-1:] == ["IMPORT_FAILED"]


async def test_two_workers_at_once_do_a_job_once(office: Office):
    job = await office.start([PORTFOLIO, PRODUCT, KPI, *(measurement(1, value) for value in range(3000))])
    await asyncio.gather(*(office.work(job) for _ in range(3)))
    # Even if both believed that it was theirs.
    other = await office.start([*(measurement(2, value) for value in range(3000))])
    await asyncio.gather(*(office.run(other) for _ in range(3)))
    [made] = await office.tenant.rows("select count(*) as measurements from measurement")
    assert made == {"measurements": 6000}
    assert await office.tenant.rows("select from signal where job = 'run_job' and generation > done_generation") == [{}]


async def test_a_canceled_job_stops_and_what_it_has_done_stands(office: Office):
    job = await office.start([PORTFOLIO, *({**PRODUCT, "key": f"P-{number}"} for number in range(500))])
    attempt = await office.runner.begin(office.tenant.id, uuid_of(job))
    assert await office.runner.step(office.tenant.id, uuid_of(job), attempt)
    for _ in range(2):
        answer = await office.tenant.change("jobCancel", {"id": job}, office.viewer)
        assert answer["userErrors"] == []
    row = await office.run(job)
    assert row["state"] == "CANCELED"
    assert 0 < row["lines_done"] < 501
    [made] = await office.tenant.rows("select count(*) as products from product")
    assert made["products"] == row["created_count"] - 1
    assert [event["type"] for event in await office.tenant.events()][-1:] == ["IMPORT_CANCELED"]


async def test_a_job_ends_with_the_rights_of_its_key(office: Office):
    job = await office.start([PORTFOLIO])
    revoked = "update api_key set revoked_at = now() where id = $1"
    await office.tenant.rows(revoked, office.viewer.key_id)
    row = await office.run(job)
    assert (row["state"], row["error"]) == ("FAILED", "The API key that it was started with is no longer valid.")
    assert await office.tenant.rows("select from portfolio") == []
