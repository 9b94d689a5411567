"""Archiving takes an object out of lists and health; restoring brings it back. Nothing is deleted."""

from datetime import datetime
from uuid import UUID

from portfolio.identity import print_id
from resolvers.outcome import UserErrorCode, reject
from resolvers.session import Row, Target, Write, spoken
from runtime.events import Change as FieldChange

_SET = "update {table} set archived_at = $3, version = version + 1, updated_at = $4 where tenant_id = $1 and id = $2"
_PLANS = ("milestone", "dependency", "status_update", "label", "custom_field", "saved_view")
_ARCHIVABLE = ("person", "service_account", "portfolio", "product", "initiative", "kpi", "team", "skill", *_PLANS)
_SET_BY_KIND = {table.upper(): _SET.format(table=table) for table in _ARCHIVABLE}


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
    await write.execute(_SET_BY_KIND[target.kind], row["id"], at, write.now)


def _change(before: datetime | None, after: datetime | None) -> FieldChange:
    return FieldChange("archivedAt", before and before.isoformat(), after and after.isoformat())


def refuse_archived(kind: str, row: Row) -> None:
    if row["archived_at"] is not None:
        raise reject(UserErrorCode.ARCHIVED, f"This {spoken(kind)} is archived; restore it first.", "id")


async def refuse_archived_home(write: Write, kind: str, portfolio_id: UUID) -> None:
    """An object comes back only into a portfolio that is there."""
    home = await write.refer("PORTFOLIO", print_id("PORTFOLIO", portfolio_id))
    if home is not None and home["archived_at"] is not None:
        message = f"The portfolio of this {spoken(kind)} is archived; restore the portfolio first."
        raise reject(UserErrorCode.ARCHIVED, message, "id")
