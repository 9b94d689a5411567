"""Events of work items: what an applied delivery changed in each."""

from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg

from runtime.clock import Clock
from runtime.events import Actor, Change, NewEvent, append
from workers.connection.work_item_rows import Item, visible

_GITHUB_ACTOR = Actor(via="WEBHOOK")
_FIELD_OF_COLUMN = {
    "key": "key",
    "title": "title",
    "url": "url",
    "type": "type",
    "container": "container",
    "milestone_source_id": "milestoneSourceId",
    "labels": "labels",
    "opened_at": "openedAt",
    "state_category": "stateCategory",
    "state_name": "stateName",
    "done_at": "doneAt",
    "canceled_at": "canceledAt",
    "deleted_at": "deletedAt",
}
_SUBJECTS = "select id, portfolio_id from subject where tenant_id = $1 and id = any ($2)"


async def record_changes(
    connection: asyncpg.Connection,
    clock: Clock,
    tenant_id: UUID,
    moves: Iterable[tuple[Item | None, Item, UUID | None]],
) -> None:
    """One event an item, from what it was (null: unknown) to what it is; the initiative that it
    serves is the subject. What changes nothing that a client can read is no event."""
    moves = list(moves)
    subject_ids = {subject_id for _, _, subject_id in moves if subject_id}
    rows = await connection.fetch(_SUBJECTS, tenant_id, list(subject_ids)) if subject_ids else []
    portfolio_of = {row["id"]: row["portfolio_id"] for row in rows}
    events = [
        NewEvent(
            id=clock.new_id(),
            type=_type(before, after),
            entity_kind="WORK_ITEM",
            entity_id=after.id,
            subject_id=subject_id,
            portfolio_id=portfolio_of.get(subject_id) if subject_id else None,
            changes=changes,
            occurred_at=clock.now(),
        )
        for before, after, subject_id in moves
        if (changes := _changes(before, after))
    ]
    if events:
        await append(connection, tenant_id, _GITHUB_ACTOR, events)


def _type(before: Item | None, after: Item) -> str:
    if before is None:
        return "WORK_ITEM_CREATED"
    if after.known.rank.deleted and not before.known.rank.deleted:
        return "WORK_ITEM_DELETED"
    return "WORK_ITEM_UPDATED"


def _changes(before: Item | None, after: Item) -> list[Change]:
    earlier = {} if before is None else _readable(before)
    return [
        Change(name, earlier.get(name), value, private=name == "title")
        for name, value in _readable(after).items()
        if earlier.get(name) != value
    ]


def _readable(item: Item) -> dict[str, Any]:
    fields = {_FIELD_OF_COLUMN[column]: _print(value) for column, value in visible(item).items()}
    fields["sourceUpdatedAt"] = _print(item.known.rank.updated_at)
    fields["needsReread"] = item.known.needs_reread
    return fields


def _print(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
