"""Faults of every kind at any moment: nothing acknowledged is lost, nothing is doubled, every score is right."""

import asyncio
import os
import random
import time
from collections import Counter
from pathlib import Path

import pytest

from runtime.postgres import Database
from tests.faults.client import Client
from tests.faults.company import Company, found_company, furnish, seeded
from tests.faults.disasters import Disasters
from tests.faults.feed_reader import FeedReader
from tests.faults.installation import Installation, until
from tests.faults.verdict import find_faults, is_calm, read_feed
from tests.faults.writer import Ledger, Writer

_WRITERS_OF_COMPANY = 3
_CALM_SECONDS = 60.0


class Trial:
    """One run: two companies, three writers and a reader each, under faults."""

    def __init__(self, installation: Installation, seed: int) -> None:
        self.installation, self.seed = installation, seed
        self.disasters = Disasters(installation, seeded(seed, "faults"))
        self.companies: list[tuple[Company, Client, Ledger, FeedReader]] = []
        self.convergence_seconds = 0.0

    async def run(self, seconds: float) -> None:
        for name in ("North", "South"):
            await self._found(name)
        writers_stop, readers_stop = asyncio.Event(), asyncio.Event()
        async with asyncio.TaskGroup() as readers:
            for _, _, _, reader in self.companies:
                readers.create_task(reader.run(readers_stop))
            async with asyncio.TaskGroup() as writers:
                for writer in self._writers():
                    writers.create_task(writer.run(writers_stop))
                await asyncio.sleep(1)
                await self.disasters.run(seconds)
                began = time.monotonic()
                await self.installation.mend_servers()
                writers_stop.set()
            await self._wait_for_calm()
            self.convergence_seconds = time.monotonic() - began
            readers_stop.set()

    async def find_faults(self) -> list[str]:
        connection = await self.installation.connect()
        database = await Database.open(self.installation.servers.database_url, size=2)
        found = [f"crashed: {crash}" for crash in self.installation.crashes]
        for company, client, ledger, reader in self.companies:
            found += [f"answered wrongly: {wrong}" for wrong in client.wrongs]
            found += await find_faults(connection, database, company, ledger)
            while await reader.read_on():
                pass
            if reader.event_ids != await read_feed(connection, company):
                found.append(f"the reader of {company.tenant_id} did not read what the feed holds")
        await database.close()
        await connection.close()
        return found

    def line(self) -> str:
        acknowledged = sum(ledger.acknowledged for _, _, ledger, _ in self.companies)
        retries = sum(client.retries for _, client, _, _ in self.companies)
        events = sum(len(reader.event_ids) for _, _, _, reader in self.companies)
        statuses = sum((client.statuses for _, client, _, _ in self.companies), Counter[str]())
        return (
            f"seed {self.seed}: {sum(self.disasters.counts.values())} faults {dict(self.disasters.counts)}, "
            f"{acknowledged} writes acknowledged, {retries} retries, {events} events read in order, "
            f"converged in {self.convergence_seconds:.2f} s; answers {dict(statuses.most_common())}"
        )

    async def close(self) -> None:
        for _, client, _, _ in self.companies:
            await client.close()

    async def _found(self, name: str) -> None:
        connection = await self.installation.connect()
        company = await found_company(connection, name)
        await connection.close()
        client = Client(self.installation.ports, company.key, seeded(self.seed, name))
        self.companies.append((company, client, Ledger(), FeedReader(client)))
        await furnish(company, client, _WRITERS_OF_COMPANY)

    def _writers(self) -> list[Writer]:
        return [
            Writer(f"w{number}", company, desk, client, ledger, seeded(self.seed, company.key, number))
            for company, client, ledger, _ in self.companies
            for number, desk in enumerate(company.desks)
        ]

    async def _wait_for_calm(self) -> None:
        connection = await self.installation.connect()
        try:
            if not await until(lambda: is_calm(connection), _CALM_SECONDS):
                waiting = await connection.fetch("select * from signal where generation > done_generation limit 5")
                unsealed = await connection.fetchval("select count(*) from event_unsealed")
                pytest.fail(
                    f"{self.line()}\nstill waits after {_CALM_SECONDS} s: {waiting}, {unsealed} events unsealed"
                )
        finally:
            await connection.close()


async def _try(home: Path, seed: int, seconds: float, capsys: pytest.CaptureFixture[str]) -> None:
    async with Installation(home) as installation:
        trial = Trial(installation, seed)
        try:
            await trial.run(seconds)
            found = await trial.find_faults()
        finally:
            await trial.close()
            with capsys.disabled():
                print(f"\n{trial.line()}")  # noqa: T201 - the line is what one wants to know of a run that passed
        assert not found, "\n".join([trial.line(), f"logs are in {home}", *found[:40]])


async def test_nothing_is_lost_doubled_or_wrong_under_faults_of_every_kind(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await _try(tmp_path, seed=7, seconds=30, capsys=capsys)


@pytest.mark.soak
async def test_minutes_of_faults_under_a_new_seed_lose_nothing_either(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Repeat a run with FAULT_SEED; FOLIOSCOPE_SOAK is its length in minutes."""
    seed = int(os.environ.get("FAULT_SEED") or random.SystemRandom().randint(1, 10**6))
    minutes = float(os.environ.get("FOLIOSCOPE_SOAK") or 1)
    await _try(tmp_path, seed, 60 * minutes, capsys)
