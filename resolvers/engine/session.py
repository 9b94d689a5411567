"""One change under way: its connection, what it may see, and what it has to tell at the end."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import strawberry

from portfolio.identity import parse_id
from resolvers.engine.outcome import Outcome, Rejection, UserError, UserErrorCode, reject
from resolvers.engine.ownership import Speaker, refuse_owned
from runtime.clock import Clock
from runtime.events import Actor, Event, append
from runtime.events import Change as FieldChange
from runtime.viewer import Viewer

Row = Mapping[str, Any]

# $3: the portfolios of the key's grant, null for all. What a tenant shares has no home and is
# changed by unlimited keys only.
_GRANTED = """($3::uuid[] is null or {home} in (
  select c.descendant_id from portfolio_closure c where c.tenant_id = $1 and c.ancestor_id = any ($3)))"""
_SUBJECT = "join subject s on s.tenant_id = x.tenant_id and s.id = x.{column}"
_FIND = "select x.*, {home} as home_id from {table} x {join} where x.tenant_id = $1 and x.id = $2 and {granted}"


def _find(table: str, home: str, join: str = "") -> str:
    return _FIND.format(table=table, home=home, join=join, granted=_GRANTED.format(home=home))


_FIND_BY_KIND = {
    "ORGANIZATION": _find("organization", "null::uuid"),
    "PERSON": _find("person", "null::uuid"),
    "SERVICE_ACCOUNT": _find("service_account", "null::uuid"),
    "API_KEY": _find("api_key", "null::uuid"),
    "CONNECTION": _find("connection", "null::uuid"),
    "PORTFOLIO": _find("portfolio", "x.id"),
    "PRODUCT": _find("product", "x.portfolio_id"),
    "INITIATIVE": _find("initiative", "x.portfolio_id"),
    "KPI": _find("kpi", "s.portfolio_id", _SUBJECT.format(column="subject_id")),
    "LINKING_RULE": _find("linking_rule", "s.portfolio_id", _SUBJECT.format(column="initiative_id")),
    "TEAM": _find("team", "null::uuid"),
    "MEMBERSHIP": _find("membership", "null::uuid"),
    "SKILL": _find("skill", "null::uuid"),
    "PERSON_SKILL": _find("person_skill", "null::uuid"),
    "SKILL_DEMAND": _find("skill_demand", "s.portfolio_id", _SUBJECT.format(column="subject_id")),
    "ASSIGNMENT": _find("assignment", "s.portfolio_id", _SUBJECT.format(column="subject_id")),
    "MILESTONE": _find("milestone", "s.portfolio_id", _SUBJECT.format(column="initiative_id")),
    "DEPENDENCY": _find("dependency", "s.portfolio_id", _SUBJECT.format(column="blocked_id")),
    "STATUS_UPDATE": _find("status_update", "s.portfolio_id", _SUBJECT.format(column="subject_id")),
    "LABEL": _find("label", "null::uuid"),
    # resolvers/portfolio/saved_view.py finds those that are not shared, for their owner alone.
    "SAVED_VIEW": _find("saved_view", "null::uuid") + " and x.shared_at is not null",
    "CUSTOM_FIELD": _find("custom_field", "null::uuid"),
    "EXTERNAL_LINK": _find("external_link", "s.portfolio_id", f"left {_SUBJECT.format(column='subject_id')}"),
}
_WORKS_THERE = """exists (
  select from assignment a join subject s on s.tenant_id = a.tenant_id and s.id = a.subject_id
  join portfolio_closure c on c.tenant_id = $1 and c.descendant_id = s.portfolio_id
  where a.tenant_id = $1 and a.{holder} = x.id and c.ancestor_id = any ($3))"""
# To be named, a person needs to be seen: a limited key sees those who answer for, or work on, something it sees.
_PERSON_TO_NAME = """
select x.*, null::uuid as home_id from person x
where x.tenant_id = $1 and x.id = $2 and ($3::uuid[] is null or {works_there} or exists (
  select from portfolio_closure c join lateral (
    select o.owner_id from portfolio o where o.tenant_id = $1 and o.id = c.descendant_id
    union all select o.owner_id from product o where o.tenant_id = $1 and o.portfolio_id = c.descendant_id
    union all select o.owner_id from initiative o where o.tenant_id = $1 and o.portfolio_id = c.descendant_id
  ) owned on owned.owner_id = x.id where c.tenant_id = $1 and c.ancestor_id = any ($3)))
""".format(works_there=_WORKS_THERE.format(holder="person_id"))
_TEAM_TO_NAME = """
select x.*, null::uuid as home_id from team x
where x.tenant_id = $1 and x.id = $2 and ($3::uuid[] is null or {works_there})
""".format(works_there=_WORKS_THERE.format(holder="team_id"))
# Everyone sees the names of skills and custom fields.
_EVERYONES = """
select x.*, null::uuid as home_id from {table} x where x.tenant_id = $1 and x.id = $2 and ($3::uuid[] is null or true)
"""
_TO_NAME = {
    **_FIND_BY_KIND,
    "PERSON": _PERSON_TO_NAME,
    "TEAM": _TEAM_TO_NAME,
    "SKILL": _EVERYONES.format(table="skill"),
}
_TO_NAME["CUSTOM_FIELD"] = _EVERYONES.format(table="custom_field")
_HOLD = "select pg_advisory_xact_lock(hashtextextended($2::text || ' ' || $1::uuid::text, 0))"
_SIGNAL = "select raise_signal('recompute_health', $1)"


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
        self._events: list[Event] = []
        self._nodes: set[UUID] = set()

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
        return await self._fetch(_FIND_BY_KIND[kind] + " for update of x", id)

    async def refer(self, kind: str, public_id: str) -> Row | None:
        """As `find`, for an object that is only named: it is kept from being archived meanwhile."""
        parsed = parse_id(public_id)
        if parsed is None or parsed[0] != kind:
            return None
        return await self._fetch(_TO_NAME[kind] + " for key share of x", parsed[1])

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

    def record(self, type: str, target: Target, changes: Sequence[FieldChange] = ()) -> None:
        """Collects an event; type is the past tense, such as PRODUCT_CREATED."""
        self._events.append(
            Event(
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
        self._nodes.update(self.tenant_id if id is None else id for id in node_ids)

    def mark_all(self, node_ids: Iterable[UUID]) -> None:
        self._nodes.update(node_ids)

    async def finish(self, actor: Actor) -> None:
        """Writes the collected events and signals. Nothing changed, nothing written.

        Raises Rejection when another system owns what changed.
        """
        if self._events:
            speaker = Speaker(self.system, self.viewer.service_account_id, self.input)
            await refuse_owned(self.connection, self.tenant_id, self._events, speaker)
            await append(self.connection, self.tenant_id, actor, self._events)
        if self._nodes:
            await self.connection.execute(_SIGNAL, sorted(self._nodes))


def spoken(kind: str) -> str:
    """A kind in a sentence: API_KEY is an API key."""
    words = kind.lower().replace("_", " ")
    return {"api key": "API key", "kpi": "KPI"}.get(words, words)
