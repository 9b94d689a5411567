"""The feed is dense and in an order that no late commit disturbs, and its chain shows every tampering."""

import asyncio
import random
from uuid import UUID

import asyncpg
import pytest

from runtime.clock import Clock
from runtime.events import Actor, Change, NewEvent, append
from runtime.postgres import Database
from tests.workers.company import Company
from workers.seal import chain_link, seal_events
from workers.verify_chain import ChainResult, verify_chain

ACTOR = Actor(via="COMMAND")
CLOCK = Clock()


def event(subject_id: UUID, value: object = "new") -> NewEvent:
    return NewEvent(
        CLOCK.new_id(), "PRODUCT_UPDATED", "PRODUCT", subject_id, None, None,
        [Change("name", None, value), Change("description", "old", value, private=True)], CLOCK.now(),
    )  # fmt: skip


async def write(company: Company, count: int = 1) -> list[UUID]:
    events = [event(company.tenant_id, number) for number in range(count)]
    async with company.change() as connection:
        await append(connection, company.tenant_id, ACTOR, events)
    return [each.id for each in events]


async def verify(company: Company) -> ChainResult:
    async with company.change() as connection:
        return await verify_chain(connection)


async def read_after(company: Company, sequence: int) -> list[asyncpg.Record]:
    return await company.fetch(
        "select sequence, id from sealed_event where tenant_id = $1 and sequence > $2 order by sequence limit 7",
        *(company.tenant_id, sequence),
    )


async def test_a_reader_misses_and_repeats_nothing_while_eight_write_and_two_seal(company: Company, relay: Database):
    draw = random.Random(1)
    written: set[UUID] = set()
    read: list[asyncpg.Record] = []
    writing = asyncio.Event()

    async def keep_writing() -> None:
        for _ in range(25):
            events = [event(company.tenant_id) for _ in range(draw.randrange(1, 4))]
            async with company.change() as connection:
                await append(connection, company.tenant_id, ACTOR, events)
                # Every tenth transaction commits long after later ones have.
                await asyncio.sleep(0.15 if draw.random() < 0.1 else draw.random() / 200)
            written.update(each.id for each in events)

    async def keep_sealing() -> None:
        while not writing.is_set():
            await seal_events(relay)
            await asyncio.sleep(draw.random() / 100)

    async def keep_reading() -> None:
        while not writing.is_set():
            read.extend(await read_after(company, len(read)))
            await asyncio.sleep(0.002)

    async with asyncio.TaskGroup() as others:
        for run in (keep_sealing, keep_sealing, keep_reading):
            others.create_task(run())
        async with asyncio.TaskGroup() as writers:
            for _ in range(8):
                writers.create_task(keep_writing())
        writing.set()
    await seal_events(relay)
    while more := await read_after(company, len(read)):
        read.extend(more)
    assert [row["sequence"] for row in read] == list(range(1, len(read) + 1))
    assert len(read) == len(written)
    assert {row["id"] for row in read} == written
    assert await verify(company) == ChainResult(len(written))


async def test_nothing_is_sealed_that_an_older_transaction_could_still_precede(
    company: Company, application: Database, relay: Database
):
    async with application.transaction(company.tenant_id) as slow:
        await append(slow, company.tenant_id, ACTOR, [event(company.tenant_id)])
        await write(company)
        await seal_events(relay)
        assert await read_after(company, 0) == []
    await seal_events(relay)
    assert len(await read_after(company, 0)) == 2


async def test_rows_restored_from_another_cluster_come_first(company: Company, relay: Database, database: str):
    restored = await write(company)
    owner = await asyncpg.connect(database)
    await owner.execute("update event_unsealed set transaction_id = '4611686018427387904'")
    await owner.close()
    fresh = await write(company)
    await seal_events(relay)
    assert [row["id"] for row in await read_after(company, 0)] == restored + fresh


async def test_each_tenant_has_a_chain_of_its_own(company: Company, relay: Database, application: Database):
    other = await Company(application, company.hands).found()
    await write(company, 3)
    await write(other, 2)
    assert {company.tenant_id, other.tenant_id} <= await seal_events(relay)
    assert await verify(company) == ChainResult(3)
    assert await verify(other) == ChainResult(2)


def test_a_link_is_the_hash_that_the_contract_says():
    link = chain_link(bytes(32), 1, UUID(int=2), b"\3" * 32)
    assert link.hex() == "f6b79cbc159438f46456a875bd9c134c5d27dc8198af6cbe507f6593ba74c078"


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("update event set type = 'PRODUCT_ARCHIVED' where id = $1", "the event differs from what was sealed"),
        ("""update event set changes = '[{"field": "name", "from": null, "to": 9}]' where id = $1""",
         "the event differs from what was sealed"),
        ("delete from event where id = $1", "the event is missing"),
        ("delete from event_seal where event_id = $1", "the seal is missing"),
        ("update event_seal set chain_hash = sha256('x') where event_id = $1",
         "the link does not follow from the one before"),
    ],
)  # fmt: skip
async def test_tampering_is_found_at_its_sequence(
    company: Company, relay: Database, database: str, statement: str, reason: str
):
    ids = [(await write(company))[0] for _ in range(4)]
    await seal_events(relay)
    owner = await asyncpg.connect(database)
    await owner.execute(statement, ids[1])
    await owner.close()
    assert await verify(company) == ChainResult(1, 2, reason)


async def test_erasing_a_private_value_leaves_the_chain_whole(company: Company, relay: Database, database: str):
    await write(company, 2)
    await seal_events(relay)
    owner = await asyncpg.connect(database)
    await owner.execute("update event_private_value set from_value = null, to_value = null")
    await owner.close()
    assert await verify(company) == ChainResult(2)
