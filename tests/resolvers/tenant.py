"""A tenant, and changes sent to it as the executor sends them."""

import dataclasses
import itertools
import json
from datetime import UTC, datetime, timedelta
from enum import Enum
from types import SimpleNamespace
from typing import Any, get_args, get_origin, get_type_hints
from uuid import UUID

import asyncpg

from portfolio.identity import parse_id, print_id
from resolvers import CHANGES
from resolvers.engine.outcome import Outcome
from resolvers.engine.write import PayloadSelection, WriteContext, change
from runtime.clock import Clock
from runtime.postgres import Database
from runtime.viewer import Viewer

ALL_SCOPES = frozenset({"READ", "WRITE", "INGEST", "ADMIN"})
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


# Keys are found by their id alone, so that no two tenants of a database may share one.
_BITS = itertools.count(1)


class Tenant:
    """Changes return the payload's plain values, and the public ids of its entities."""

    def __init__(self, database: Database, tenant_id: UUID, clock: "SteppingClock") -> None:
        self.database, self.id, self.clock = database, tenant_id, clock
        self.person_id = clock.clock.new_id()
        self.answers = 0

    def viewer(self, scopes: frozenset[str] = ALL_SCOPES, grants: list[str] | None = None) -> Viewer:
        ids = None if grants is None else tuple(uuid_of(grant) for grant in grants)
        return Viewer(self.id, UUID(int=1), self.person_id, None, scopes, ids)

    def context(self, viewer: Viewer | None = None, key: str | None = None) -> WriteContext:
        who = viewer or self.viewer()
        return WriteContext(self.database, self.clock.clock, who, "req-1", key, bytes(32))

    async def change(
        self, name: str, input: dict[str, Any], viewer: Viewer | None = None, selection: str = "all"
    ) -> dict[str, Any]:
        """Members by their Python names; an absent member stays absent."""
        return json.loads(await self.send(self.context(viewer), name, input, selection))

    async def made(self, name: str, input: dict[str, Any]) -> str:
        """The public id of what a change made, which nobody had anything against."""
        answer = await self.change(name, input)
        assert answer["userErrors"] == []
        [id] = [value for value in answer.values() if isinstance(value, str)]
        return id

    async def send(self, context: WriteContext, name: str, input: dict[str, Any], selection: str = "all") -> bytes:
        declared = CHANGES[name]
        arguments = {"input": build(declared.input_type, input)}
        return await change(context, name, declared, arguments, PayloadSelection(self._answer, selection.encode()))

    async def _answer(self, connection: asyncpg.Connection, outcome: Outcome) -> bytes:
        self.answers += 1
        assert connection.is_in_transaction()
        entities = {name: entity and print_id(*entity) for name, entity in outcome.entities.items()}
        parts = {"userErrors": outcome.user_errors, "warnings": outcome.warnings, **outcome.values}
        return json.dumps({**plain(parts), **entities}, default=str).encode()

    async def rows(self, statement: str, *arguments: Any) -> list[dict[str, Any]]:
        async with self.database.transaction(self.id) as connection:
            return [dict(row) for row in await connection.fetch(statement, *arguments)]

    async def as_superuser(self, url: str, statement: str, *arguments: Any) -> None:
        """What no key may do, such as the sealer's work."""
        connection = await asyncpg.connect(url)
        await connection.execute(statement, *arguments)
        await connection.close()

    async def events(self, type: str | None = None) -> list[dict[str, Any]]:
        found = await self.rows("select *, changes::text as told from event order by id")
        events = [{**row, "told": json.loads(row["told"])} for row in found]
        return [event for event in events if type in (None, event["type"])]

    async def pending(self) -> set[UUID]:
        """Nodes whose health is to be computed again; takes the note off them."""
        waiting = await self.rows(
            "update signal set done_generation = generation where generation > done_generation returning target_id"
        )
        return {row["target_id"] for row in waiting}


class SteppingClock:
    """Each look is a millisecond later, so that ids are in order."""

    def __init__(self, now: datetime = NOON) -> None:
        self.current = now
        self.clock = Clock(self._now, lambda: next(_BITS) * 7919)

    def _now(self) -> datetime:
        self.current += timedelta(milliseconds=1)
        return self.current


def build(hint: Any, value: Any) -> Any:
    """An input object from plain Python, as Strawberry converts it."""
    if value is None:
        return None
    options = [option for option in get_args(hint) if option is not type(None)]
    if get_origin(hint) is list:
        return [build(options[0], item) for item in value]
    if options:
        return build(options[0], value)
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        hints = get_type_hints(hint, include_extras=False)
        return hint(**{name: build(hints[name], member) for name, member in value.items()})
    return hint(value) if isinstance(hint, type) and issubclass(hint, Enum) else value


def plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return plain(dataclasses.asdict(value))
    if isinstance(value, SimpleNamespace):
        return plain(vars(value))
    if isinstance(value, dict):
        return {name: plain(member) for name, member in value.items()}
    return [plain(item) for item in value] if isinstance(value, list | tuple) else value


def uuid_of(public_id: str) -> UUID:
    parsed = parse_id(public_id)
    assert parsed is not None
    return parsed[1]


def codes(answer: dict[str, Any]) -> list[tuple[str, str | None]]:
    """Code and last member of the path of each user error."""
    return [(e["code"], e["field"] and e["field"][-1]) for e in answer["userErrors"]]
