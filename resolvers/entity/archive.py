"""Archiving takes an object out of lists and health; restoring brings it back. Nothing is deleted."""

from datetime import datetime
from typing import Any
from uuid import UUID

from portfolio.identity import print_id
from portfolio.row import Row
from resolvers.engine.outcome import UserErrorCode, reject
from resolvers.engine.session import Target, Write
from runtime.events import Change
from schema.entity import Entity, spoken

_SET = "update {table} set archived_at = $3, version = version + 1, updated_at = $4 where tenant_id = $1 and id = $2"


async def archive(write: Write, target: Target, row: Row) -> bool:
    """False: it was archived already, and nothing is to be told."""
    if row["archived_at"] is not None:
        return False
    await _set(write, target, row, write.now)
    write.record(f"{target.kind}_ARCHIVED", target, [_change(None, write.now)])
    return True


async def restore(write: Write, target: Target, row: Row) -> bool:
    """False: it was not archived, and nothing is to be told."""
    if row["archived_at"] is None:
        return False
    await _set(write, target, row, None)
    write.record(f"{target.kind}_RESTORED", target, [_change(row["archived_at"], None)])
    return True


async def _set(write: Write, target: Target, row: Row, at: datetime | None) -> None:
    await write.execute(_SET.format(table=target.kind.lower()), row["id"], at, write.now)


def _change(before: datetime | None, after: datetime | None) -> Change:
    return Change("archivedAt", before and before.isoformat(), after and after.isoformat())


def refuse_archived(entity: Entity, row: Row) -> None:
    if row.get("archived_at") is not None:
        remedy = "is archived; restore it first" if entity.restore else "has ended; make it anew"
        raise reject(UserErrorCode.ARCHIVED, f"This {entity.spoken} {remedy}.", "id")


async def refuse_archived_above(write: Write, kind: str, above: str, above_id: UUID | None) -> None:
    """An object comes back only below something that is there. above: kind of the object above."""
    row = None if above_id is None else await write.refer(above, print_id(above, above_id))
    if row is not None and row["archived_at"] is not None:
        message = f"The {spoken(above)} above this {spoken(kind)} is archived; restore that one first."
        raise reject(UserErrorCode.ARCHIVED, message, "id")


async def refuse_content(write: Write, counts: str, *arguments: Any) -> None:
    """counts: a statement that counts what keeps an object from being archived, by kind."""
    row: Any = await write.connection.fetchrow(counts, write.tenant_id, *arguments)
    content = [f"{n} {kind}{'' if n == 1 else 's'}" for kind, n in row.items() if n]
    if content:
        message = f"It still holds {' and '.join(content)}: archive, move or end them first."
        raise reject(UserErrorCode.CONFLICT, message, "id")
