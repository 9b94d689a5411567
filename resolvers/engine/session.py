"""One change under way: its connection, what it may see, and what it has to tell at the end."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import strawberry

from compiler.declare import table_of
from portfolio.identity import parse_id
from portfolio.row import Row
from resolvers.engine.outcome import Outcome, Rejection, UserError, UserErrorCode, reject
from resolvers.entity.ownership import Speaker, refuse_owned
from runtime.clock import Clock
from runtime.events import Actor, Change, NewEvent, append
from runtime.viewer import Viewer
from schema.entities import CHANGED
from schema.entity import Entity, spoken

# $3: the portfolios of the key's grant, null for all.
_BELOW_GRANTS = """
  select c.descendant_id from portfolio_closure c where c.tenant_id = $1 and c.ancestor_id = any ($3)"""


def _select(entity: Entity, seen: str) -> str:
    join = f" left join subject s on s.tenant_id = x.tenant_id and s.id = x.{entity.subject}" if entity.subject else ""
    found = f" and {entity.found.replace('{self}', 'x')}" if entity.found else ""
    return (
        f"select x.*, {_home(entity)} as home_id from {entity.table} x{join}\n"
        f"where x.tenant_id = $1 and x.id = $2 and ($3::uuid[] is null or {seen}){found}"
    )


def _home(entity: Entity) -> str:
    return f"x.{entity.home}" if entity.home else "s.portfolio_id" if entity.subject else "null::uuid"


def _to_change(entity: Entity) -> str:
    """What a tenant shares has no home, and is changed by unlimited keys only."""
    return _select(entity, f"{_home(entity)} in ({_BELOW_GRANTS})")


def _to_name(entity: Entity) -> str:
    """What a tenant shares may be named by whoever sees it."""
    wall = table_of(entity.type_).wall or "true"
    if entity.about is not None or "{key_id}" in wall:
        return _to_change(entity)
    names = {"{self}": "x", "{tenant}": "$1", "{granted}": f"(array({_BELOW_GRANTS}))"}
    for name, sql in names.items():
        wall = wall.replace(name, sql)
    return _select(entity, wall)


TO_CHANGE = {entity.kind: _to_change(entity) for entity in CHANGED}
TO_NAME = {entity.kind: _to_name(entity) for entity in CHANGED}
"""How an object is found, by its kind: $1 the tenant, $2 its id, $3 the portfolios of the key's grant."""

_HOLD = "select pg_advisory_xact_lock(hashtextextended($2::text || ' ' || $1::uuid::text, 0))"
_SIGNAL = "select raise_signal($1, $2)"


@dataclass(frozen=True)
class Target:
    """What an event is about. subject_id and portfolio_id: null for the tenant's own affairs."""

    kind: str
    id: UUID
    subject_id: UUID | None = None
    portfolio_id: UUID | None = None


class Write:
    """Handed to every change. now is one instant for all that the change writes."""

    def __init__(self, connection: asyncpg.Connection, viewer: Viewer, clock: Clock, encryption_key: bytes) -> None:
        self.connection, self.viewer = connection, viewer
        self.clock, self.encryption_key = clock, encryption_key
        self.tenant_id = viewer.tenant_id
        self.now: datetime = clock.now()
        self.system: str | None = None  # that the change speaks for
        self.input: Any = None
        self._events: list[NewEvent] = []
        self._signals: dict[str, set[UUID]] = {}
        self._homes: dict[UUID, UUID | None] = {}

    # Reading ---------------------------------------------------------------------------------

    @property
    def granted(self) -> list[UUID] | None:
        """The parameter of the portfolio wall: null when the key sees every portfolio."""
        ids = self.viewer.granted_portfolio_ids
        return None if ids is None else list(ids)

    async def find(self, kind: str, public_id: str) -> Row | None:
        """The row, locked until the end. Null: it does not exist, or is not the viewer's to see."""
        parsed = parse_id(public_id)
        if parsed is None or parsed[0] != kind:
            return None
        return await self.lock(kind, parsed[1])

    async def lock(self, kind: str, id: UUID) -> Row | None:
        """As `find`, by UUID."""
        return await self._fetch(TO_CHANGE[kind] + " for update of x", id)

    async def refer(self, kind: str, public_id: str) -> Row | None:
        """As `find`, for an object that is only named: it is kept from being archived meanwhile."""
        parsed = parse_id(public_id)
        if parsed is None or parsed[0] != kind:
            return None
        return await self._fetch(TO_NAME[kind] + " for key share of x", parsed[1])

    async def refer_to_one_of(self, kinds: tuple[str, ...], public_id: str) -> tuple[str, Row | None]:
        """As `refer`, with the kind that the id has; of another kind than these, nothing is there."""
        kind = (parse_id(public_id) or ("", None))[0]
        row = await self.refer(kind, public_id) if kind in kinds else None
        if row is not None:
            self._homes[row["id"]] = row["home_id"]
        return kind, row

    def home_of(self, subject_id: UUID) -> UUID | None:
        """Portfolio of a subject that the change has named; null for the organization."""
        return self._homes[subject_id]

    async def _fetch(self, statement: str, id: UUID) -> Row | None:
        return await self.connection.fetchrow(statement, self.tenant_id, id, self.granted)

    async def find_for_change(self, kind: str, payload_field: str, input: Any) -> Row:
        """The row that an input with `id` and `version` means. Raises NOT_FOUND or STALE_VERSION."""
        return await self.find_version(kind, payload_field, input.id, input.version)

    async def find_version(self, kind: str, payload_field: str, id: str, version: Any) -> Row:
        """version: null or absent for whichever the row has."""
        return self.checked_version(kind, payload_field, await self.find(kind, id), version)

    @staticmethod
    def checked_version(kind: str, payload_field: str, row: Row | None, version: Any) -> Row:
        """The row itself. Raises NOT_FOUND or STALE_VERSION."""
        if row is None:
            raise reject(UserErrorCode.NOT_FOUND, f"There is no such {spoken(kind)}.", "id")
        if version not in (None, strawberry.UNSET, row["version"]):
            message = f"Somebody changed it meanwhile: its version is {row['version']}."
            error = UserError(code=UserErrorCode.STALE_VERSION, message=message, field=["input", "version"])
            raise Rejection(Outcome({payload_field: (kind, row["id"])}, [error]))
        return row

    # Writing ---------------------------------------------------------------------------------

    async def hold(self, what: str) -> None:
        """One change of the tenant's `what` at a time, until the end. Taken before any row is locked, so that nobody
        waits for it with a row in hand."""
        await self.execute(_HOLD, what)

    def new_id(self) -> UUID:
        return self.clock.new_id()

    async def execute(self, statement: str, *arguments: Any) -> None:
        """The tenant is always the first parameter."""
        await self.connection.execute(statement, self.tenant_id, *arguments)

    def record(self, type: str, target: Target, changes: Sequence[Change] = ()) -> None:
        """Collects an event; type is the past tense, such as PRODUCT_CREATED."""
        self._events.append(
            NewEvent(
                id=self.new_id(),
                type=type,
                entity_kind=target.kind,
                entity_id=target.id,
                subject_id=target.subject_id,
                portfolio_id=target.portfolio_id,
                changes=changes,
                occurred_at=self.now,
            )
        )

    @property
    def has_changed(self) -> bool:
        """Whether anything was recorded: no change goes without an event."""
        return bool(self._events)

    def mark(self, *node_ids: UUID | None) -> None:
        """Health of these nodes has to be computed again; null stands for the organization."""
        self.mark_all(self.tenant_id if id is None else id for id in node_ids)

    def mark_all(self, node_ids: Iterable[UUID]) -> None:
        self.signal("recompute_health", node_ids)

    def signal(self, job: str, target_ids: Iterable[UUID]) -> None:
        """Has a job of workers/ done for each of these, after the commit."""
        self._signals.setdefault(job, set()).update(target_ids)

    async def finish(self, actor: Actor) -> None:
        """Writes the collected events and signals. Nothing changed, nothing written.

        Raises Rejection when another system owns what changed.
        """
        if self._events:
            speaker = Speaker(self.system, self.viewer.service_account_id, self.input)
            await refuse_owned(self.connection, self.tenant_id, self._events, speaker)
            await append(self.connection, self.tenant_id, actor, self._events)
        for job, target_ids in sorted(self._signals.items()):
            if target_ids:
                await self.connection.execute(_SIGNAL, job, sorted(target_ids))
