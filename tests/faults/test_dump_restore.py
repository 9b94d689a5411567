"""A dump restored into another cluster: cursors, chain and sequence go on as if nothing had happened."""

import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import pytest
from graphql import get_operation_ast, parse

from resolvers.engine.execute import Context, Executor, Schema
from resolvers.engine.prepared import Prepared
from runtime.clock import Clock
from runtime.embedded.postgres import binaries, client_environment
from runtime.embedded.servers import EmbeddedServers
from runtime.events import Actor, NewEvent, append
from runtime.postgres import RELAY_ROLE, Database
from runtime.settings import Settings
from runtime.viewer import Viewer
from tests.faults.company import Company, found_company
from workers.seal import seal_events
from workers.verify_chain import verify_chain

_QUERY = "query ($after: String) { events(first: 3, after: $after) { edges { cursor node { id sequence } } } }"
# Each block that writes and catches takes a transaction id of its own.
_SPEND_TRANSACTION_IDS = """
do $$ begin
  create temporary table spent (n integer);
  for n in 1..20000 loop
    begin insert into spent values (n); exception when others then null; end;
  end loop;
end $$
"""
_WORDS = "select * from search_word order by tenant_id, word, node_id"
_RESTORED_FROM_THE_FUTURE = "select transaction_id >= pg_snapshot_xmax(pg_current_snapshot()) from event_unsealed"


@dataclass(frozen=True)
class _Request:
    text: str
    operation: Prepared
    variables: dict[str, Any]


@dataclass
class Place:
    """One database with the roles' pools, and its feed as a client reads it."""

    application: Database
    relay: Database
    executor: Executor
    tenant_id: UUID

    async def read(self, after: str | None) -> list[dict[str, Any]]:
        document = parse(_QUERY)
        node = get_operation_ast(document)
        assert node is not None
        request = _Request(_QUERY, Prepared(self.executor.schema.graphql, document, node), {"after": after})
        viewer = Viewer(self.tenant_id, self.tenant_id, self.tenant_id, None, frozenset({"READ"}), None)
        result = await self.executor.run(request, Context(viewer))
        assert not result.errors
        return orjson.loads(orjson.dumps(result.data))["events"]["edges"]

    async def read_all(self, after: str | None = None) -> list[dict[str, Any]]:
        edges: list[dict[str, Any]] = []
        while page := await self.read(edges[-1]["cursor"] if edges else after):
            edges += page
        return edges

    async def write(self, count: int) -> None:
        """Each event in a transaction of its own."""
        clock = Clock()
        for _ in range(count):
            event = NewEvent(
                clock.new_id(),
                "ORGANIZATION_UPDATED",
                "ORGANIZATION",
                self.tenant_id,
                self.tenant_id,
                None,
                [],
                clock.now(),
            )
            async with self.application.transaction(self.tenant_id) as connection:
                await append(connection, self.tenant_id, Actor("COMMAND"), [event])

    async def close(self) -> None:
        await self.application.close()
        await self.relay.close()


async def open_place(url: str, settings: Settings, company: Company) -> Place:
    application = await Database.open(url, size=2)
    executor = Executor(Schema(), application, Clock(lambda: datetime.now(UTC)), settings)
    return Place(application, await Database.open(url, RELAY_ROLE, size=2), executor, company.tenant_id)


@pytest.fixture(scope="module")
async def other_cluster(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """A young one: its transaction ids are far behind those of the dump."""
    with EmbeddedServers(tmp_path_factory.mktemp("other"), durable=False, only="postgres") as servers:
        yield servers.database_url


async def test_a_restored_feed_goes_on_densely_with_the_same_cursors(
    database: str, other_cluster: str, tmp_path: Path
) -> None:
    connection = await asyncpg.connect(database)
    company = await found_company(connection, "North")
    settings = Settings(home=tmp_path)
    before = await open_place(database, settings, company)
    await before.write(5)
    await seal_events(before.relay)
    seen = await before.read(None)
    sealed = await before.read_all()
    await connection.execute(_SPEND_TRANSACTION_IDS)
    await before.write(2)
    await before.close()
    words = await connection.fetch(_WORDS)
    await connection.close()

    _copy(database, other_cluster, tmp_path / "dump")
    restored = await asyncpg.connect(other_cluster)
    assert [row[0] for row in await restored.fetch(_RESTORED_FROM_THE_FUTURE)] == [True, True]
    assert await restored.fetch(_WORDS) == words != []
    await restored.close()
    after = await open_place(other_cluster, settings, company)
    assert await after.read_all() == sealed
    await after.write(2)
    await seal_events(after.relay)
    fresh = await after.read_all(seen[-1]["cursor"])
    assert fresh[:2] == sealed[3:]
    assert [edge["node"]["sequence"] for edge in seen + fresh] == [str(n) for n in range(1, 10)]
    async with after.application.transaction(company.tenant_id) as reader:
        chain = await verify_chain(reader)
    assert (chain.length, chain.broken_sequence) == (9, None)
    # What was written before the dump comes before what was written after it.
    assert len({edge["node"]["id"] for edge in seen + fresh}) == 9
    await after.close()


def _copy(source: str, target: str, dump: Path) -> None:
    """As docs tell an operator: the roles, then the database."""
    roles = _run("pg_dumpall", "--roles-only", f"--dbname={source}")
    _run("psql", "--quiet", f"--dbname={target}", standard_input=roles)
    _run("pg_dump", "--format=custom", f"--file={dump}", f"--dbname={source}")
    _run("pg_restore", "--exit-on-error", f"--dbname={target}", str(dump))


def _run(program: str, *arguments: str, standard_input: str | None = None) -> str:
    command = (str(binaries() / program), *arguments)
    environment = client_environment()
    done = subprocess.run(command, input=standard_input, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    return done.stdout
