"""Work items and milestones of a connection as rows: read as folded knowledge, and written back."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from portfolio.enumerations import WorkItemStateCategory, WorkItemType
from portfolio.snapshot import Known, Rank

_ITEM_FIELDS = (
    *("key", "title", "url", "type", "container"),
    *("milestone_source_id", "labels", "opened_at"),
)
_MILESTONE_FIELDS = ("container", "number", "title", "due_on", "closed_at")
_UNKNOWN_STATE = (WorkItemStateCategory.UNKNOWN, "", None, None)

_READ_ITEMS = """
select id, source_id, key, title, url, type, container, milestone_source_id, labels, opened_at,
       state_category, state_name, done_at, canceled_at, deleted_at, source_updated_at,
       source_complete, source_digest, field_ranks, needs_reread
from work_item where tenant_id = $1 and connection_id = $2 and source_id = any ($3)
"""
_WRITE_ITEM = """
insert into work_item (tenant_id, connection_id, source_id, id, created_at, updated_at, key, title,
  url, type, container, milestone_source_id, labels, opened_at, state_category, state_name, done_at,
  canceled_at, deleted_at, source_updated_at, source_complete, source_digest, field_ranks,
  needs_reread, milestone_title)
values ($1, $2, $3, $4, $5, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
  $20, $21, $22::text::jsonb, $23, (select title from tracker_milestone m
    where m.tenant_id = $1 and m.connection_id = $2 and m.source_id = $11))
on conflict (tenant_id, connection_id, source_id) do update set
  key = excluded.key, title = excluded.title, url = excluded.url, type = excluded.type,
  container = excluded.container, milestone_source_id = excluded.milestone_source_id,
  labels = excluded.labels, opened_at = excluded.opened_at,
  state_category = excluded.state_category, state_name = excluded.state_name,
  done_at = excluded.done_at, canceled_at = excluded.canceled_at,
  deleted_at = excluded.deleted_at, source_updated_at = excluded.source_updated_at,
  source_complete = excluded.source_complete, source_digest = excluded.source_digest,
  field_ranks = excluded.field_ranks, needs_reread = excluded.needs_reread,
  milestone_title = excluded.milestone_title, version = work_item.version + 1,
  updated_at = excluded.updated_at
"""
_READ_MILESTONES = """
select source_id, container, number, title, due_on, closed_at, deleted_at, source_updated_at,
       source_complete, source_digest, field_ranks, needs_reread, titles
from tracker_milestone where tenant_id = $1 and connection_id = $2 and source_id = any ($3)
"""
_WRITE_MILESTONE = """
insert into tracker_milestone (tenant_id, connection_id, source_id, titles, container, number,
  title, due_on, closed_at, deleted_at, source_updated_at, source_complete, source_digest,
  field_ranks, needs_reread)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14::text::jsonb, $15)
on conflict (tenant_id, connection_id, source_id) do update set
  titles = excluded.titles, container = excluded.container, number = excluded.number,
  title = excluded.title, due_on = excluded.due_on, closed_at = excluded.closed_at,
  deleted_at = excluded.deleted_at, source_updated_at = excluded.source_updated_at,
  source_complete = excluded.source_complete, source_digest = excluded.source_digest,
  field_ranks = excluded.field_ranks, needs_reread = excluded.needs_reread
"""
_SPREAD_TITLES = """
with renamed as (
  update work_item i set milestone_title = m.title from tracker_milestone m
  where i.tenant_id = $1 and i.connection_id = $2 and i.milestone_source_id = any ($3)
    and m.tenant_id = $1 and m.connection_id = $2 and m.source_id = i.milestone_source_id
    and i.milestone_title is distinct from m.title)
select id from work_item
where tenant_id = $1 and connection_id = $2 and milestone_source_id = any ($3)
"""


@dataclass(frozen=True)
class Item:
    id: UUID
    source_id: str
    known: Known


@dataclass(frozen=True)
class MilestoneRow:
    """titles are all that it ever had."""

    source_id: str
    known: Known
    titles: frozenset[str]


class ConnectionRows:
    """Works inside the caller's transaction, which holds the connection's lock."""

    def __init__(self, connection: asyncpg.Connection, tenant_id: UUID, connection_id: UUID) -> None:
        self._connection = connection
        self._place = (tenant_id, connection_id)

    async def read_items(self, source_ids: Iterable[str]) -> dict[str, Item]:
        rows = await self._connection.fetch(_READ_ITEMS, *self._place, list(source_ids))
        return {row["source_id"]: _item(row) for row in rows}

    async def write_items(self, items: Iterable[Item], now: datetime) -> None:
        """After the milestones: an item takes its milestone's title from there."""
        await self._connection.executemany(
            _WRITE_ITEM,
            [
                (
                    *(*self._place, item.source_id, item.id, now),
                    *visible(item).values(),
                    *_ranking(item.known, (*_ITEM_FIELDS, "state")),
                )
                for item in items
            ],
        )

    async def read_milestones(self, source_ids: Iterable[str]) -> dict[str, MilestoneRow]:
        rows = await self._connection.fetch(_READ_MILESTONES, *self._place, list(source_ids))
        return {row["source_id"]: _milestone(row) for row in rows}

    async def write_milestones(self, milestones: Iterable[MilestoneRow]) -> None:
        await self._connection.executemany(
            _WRITE_MILESTONE,
            [
                (
                    *(*self._place, milestone.source_id, sorted(milestone.titles)),
                    *(milestone.known.values.get(name) for name in _MILESTONE_FIELDS),
                    _deleted_at(milestone.known),
                    *_ranking(milestone.known, _MILESTONE_FIELDS),
                )
                for milestone in milestones
            ],
        )

    async def spread_titles(self, milestone_source_ids: Iterable[str]) -> list[UUID]:
        """Gives items their milestone's present title. Returns all items of the milestones."""
        rows = await self._connection.fetch(_SPREAD_TITLES, *self._place, list(milestone_source_ids))
        return [row["id"] for row in rows]


def visible(item: Item) -> dict[str, Any]:
    """The columns that clients read, in the statement's order; defaults for what is unknown."""
    values = item.known.values
    category, name, done_at, canceled_at = values.get("state", _UNKNOWN_STATE)
    return {
        "key": values.get("key", item.source_id),
        "title": values.get("title", ""),
        "url": values.get("url"),
        "type": values.get("type", WorkItemType.OTHER),
        "container": values.get("container", ""),
        "milestone_source_id": values.get("milestone_source_id"),
        "labels": values.get("labels", []),
        "opened_at": values.get("opened_at"),
        "state_category": category,
        "state_name": name,
        "done_at": done_at,
        "canceled_at": canceled_at,
        "deleted_at": _deleted_at(item.known),
    }


def _item(row: asyncpg.Record) -> Item:
    values = {name: row[name] for name in _ITEM_FIELDS}
    values["state"] = [row["state_category"], row["state_name"], row["done_at"], row["canceled_at"]]
    return Item(row["id"], row["source_id"], _known(row, values))


def _milestone(row: asyncpg.Record) -> MilestoneRow:
    values = {name: row[name] for name in _MILESTONE_FIELDS}
    return MilestoneRow(row["source_id"], _known(row, values), frozenset(row["titles"]))


def _deleted_at(known: Known) -> datetime | None:
    """By the tracker's clock, like everything that the fold decides."""
    return known.rank.updated_at if known.rank.deleted else None


def _known(row: asyncpg.Record, values: dict[str, Any]) -> Known:
    rank = Rank(
        row["source_updated_at"],
        row["deleted_at"] is not None,
        row["source_complete"],
        row["source_digest"],
    )
    exceptions: dict[str, list[Any] | None] = json.loads(row["field_ranks"])
    carried = {name: value for name, value in values.items() if exceptions.get(name, ()) is not None}
    older = {name: _parse_rank(parts) for name, parts in exceptions.items() if parts is not None}
    return Known(rank, carried, older, row["needs_reread"])


def _ranking(known: Known, fields: Iterable[str]) -> tuple[Any, ...]:
    """The columns source_updated_at, source_complete, source_digest, field_ranks, needs_reread."""
    exceptions: dict[str, list[Any] | None] = {name: None for name in fields if name not in known.values}
    exceptions |= {name: _print_rank(rank) for name, rank in known.older.items()}
    rank = known.rank
    return rank.updated_at, rank.complete, rank.digest, json.dumps(exceptions), known.needs_reread


def _print_rank(rank: Rank) -> list[Any]:
    return [rank.updated_at.isoformat(), rank.deleted, rank.complete, rank.digest.hex()]


def _parse_rank(parts: list[Any]) -> Rank:
    updated_at, deleted, complete, digest = parts
    return Rank(datetime.fromisoformat(updated_at), deleted, complete, bytes.fromhex(digest))
