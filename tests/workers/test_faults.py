"""Whatever is killed, frozen or emptied: every score ends up as a computation from nothing gives it."""

import asyncio
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from runtime.embedded.servers import EmbeddedServers
from runtime.migrate import migrate
from runtime.postgres import Database
from runtime.redis import open_redis
from tests.workers.company import Company, Hands
from workers.measurement.verify_scores import replay_rows, wrong_scores
from workers.signals import PASSING
from workers.verify_chain import verify_chain

_FAULT_SECONDS = 12
_SETTLE_SECONDS = 40


class Workers:
    """Two processes of workers that are started again whenever they have died."""

    def __init__(self, servers: EmbeddedServers, log: Path) -> None:
        self.environment = {
            **os.environ,
            "DATABASE_URL": servers.database_url,
            "REDIS_URL": servers.redis_url,
            "FOLIOSCOPE_SECRET_KEY": "s" * 32,
        }
        self.log = log
        self.processes = [self.start() for _ in range(2)]

    def start(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            command = [sys.executable, "-m", "cli", "worker"]
            return subprocess.Popen(command, env=self.environment, stdout=log, stderr=log)

    def revive(self) -> None:
        for place, process in enumerate(self.processes):
            if process.poll() is not None:
                self.processes[place] = self.start()

    def stop(self) -> list[int]:
        for process in self.processes:
            process.send_signal(signal.SIGCONT)
            process.terminate()
        return [process.wait(10) for process in self.processes]


@pytest.fixture
def own_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServers]:
    # Durable: an immediate stop must not lose what was committed.
    with EmbeddedServers(tmp_path_factory.mktemp("faults")) as servers:
        yield servers


async def test_scores_and_feed_survive_kills_freezes_and_an_emptied_redis(own_servers: EmbeddedServers, tmp_path: Path):
    draw = random.Random(20261124)
    await migrate(own_servers.database_url)
    database = await Database.open(own_servers.database_url)
    company, kpis = await found(database)
    workers = Workers(own_servers, tmp_path / "workers.log")
    try:
        async with asyncio.timeout(_FAULT_SECONDS + 20):
            writing = asyncio.create_task(write(company, kpis, draw))
            await do_harm(own_servers, workers, draw)
            acknowledged = await writing
        await settle(company, workers)
        await check(company, acknowledged)
    finally:
        statuses = workers.stop()
        await database.close()
    # A process that was told before it listened to signals has died of the signal.
    assert set(statuses) <= {0, -signal.SIGTERM}, (tmp_path / "workers.log").read_text()[-4000:]


async def found(database: Database) -> tuple[Company, list[UUID]]:
    company = await Company(database, Hands()).found()
    # Workers have the real clock; days must be the same for both.
    company.hands.now = type(company.hands.now).now(company.hands.now.tzinfo)
    root = await company.add_portfolio()
    portfolios = [await company.add_portfolio(root) for _ in range(3)]
    products = [await company.add_product(portfolio) for portfolio in portfolios for _ in range(4)]
    initiatives = [await company.add_initiative(portfolios[0], [product]) for product in products]
    return company, [await company.add_kpi(node, {"target": 100}) for node in (*products, *initiatives)]


async def write(company: Company, kpis: list[UUID], draw: random.Random) -> int:
    """Measures until the time is over and returns how many measurements were acknowledged."""
    acknowledged = 0
    loop = asyncio.get_running_loop()
    end = loop.time() + _FAULT_SECONDS
    while loop.time() < end:
        try:
            await company.measure(draw.choice(kpis), draw.randrange(70, 110))
            acknowledged += 1
        except PASSING:
            await asyncio.sleep(0.05)
        await asyncio.sleep(0.005)
    return acknowledged


async def do_harm(servers: EmbeddedServers, workers: Workers, draw: random.Random) -> None:
    redis = open_redis(servers.redis_url)
    loop = asyncio.get_running_loop()
    end = loop.time() + _FAULT_SECONDS
    harms = ["kill", "kill", "freeze", "flush", "valkey", "postgres"]
    while loop.time() < end:
        for harm in draw.sample(harms, len(harms)):
            await asyncio.sleep(0.7)
            victim = draw.choice(workers.processes)
            if harm == "kill":
                victim.kill()
                victim.wait()
            elif harm == "freeze":
                victim.send_signal(signal.SIGSTOP)
                loop.call_later(6, victim.send_signal, signal.SIGCONT)
            elif harm == "flush":
                await redis.flushall()
            else:
                server = servers.valkey if harm == "valkey" else servers.postgres
                server.send(signal.SIGKILL if harm == "valkey" else signal.SIGQUIT)
                await asyncio.to_thread(server.wait, 10)
                servers.restart_stopped()
            workers.revive()
    await redis.aclose()


async def settle(company: Company, workers: Workers) -> None:
    async with asyncio.timeout(_SETTLE_SECONDS):
        while True:
            workers.revive()
            try:
                rows = await company.fetch(
                    "select from signal where tenant_id = $1 and generation > done_generation", company.tenant_id
                )
                events = await company.fetch(
                    "select from event e where tenant_id = $1 and not exists"
                    " (select from event_seal s where s.tenant_id = $1 and s.event_id = e.id)",
                    company.tenant_id,
                )
                if not rows and not events:
                    return
            except PASSING:
                pass
            await asyncio.sleep(0.05)


async def check(company: Company, acknowledged: int) -> None:
    count = await company.fetch("select count(*) as written from measurement where tenant_id = $1", company.tenant_id)
    assert count[0]["written"] >= acknowledged > 100
    async with company.database.transaction(
        company.tenant_id, isolation="repeatable_read", readonly=True
    ) as connection:
        assert await wrong_scores(connection, company.tenant_id, company.hands.now) == []
        assert [row async for row in replay_rows(connection) if row] == []
        assert (await verify_chain(connection)).broken_sequence is None
        assert await only_one_row_a_revision(connection, company)


async def only_one_row_a_revision(connection: asyncpg.Connection, company: Company) -> bool:
    doubled = await connection.fetch(
        "select node_id from health_score where tenant_id = $1"
        " group by node_id, as_of, policy_version, revision having count(*) > 1",
        company.tenant_id,
    )
    return not doubled
