"""What is special when portfolios change: a tree, whose closure is kept with every change."""

from typing import Any
from uuid import UUID

from portfolio.identity import print_id
from portfolio.row import Row
from resolvers.engine.outcome import UserErrorCode, reject
from resolvers.engine.session import Write
from resolvers.entity.archive import refuse_content
from resolvers.entity.change import Hooks
from resolvers.portfolio.tree import hold_tree, is_below, move, plant

_CONTENT = """
select
  (select count(*) from portfolio x
   where x.tenant_id = $1 and x.parent_id = $2 and x.archived_at is null) as portfolio,
  (select count(*) from product x
   where x.tenant_id = $1 and x.portfolio_id = $2 and x.archived_at is null) as product,
  (select count(*) from initiative x
   where x.tenant_id = $1 and x.portfolio_id = $2 and x.archived_at is null) as initiative
"""


async def _hold(write: Write, _: Any) -> None:
    await hold_tree(write)


async def _refuse(write: Write, before: Row | None, after: Row) -> None:
    """A limited key makes and moves portfolios only between those that it sees."""
    parent_id = after["parent_id"]
    if before is None:
        if parent_id is None and write.granted is not None:
            raise _outside_grants()
    elif before["parent_id"] != parent_id:
        if parent_id is not None and await is_below(write, parent_id, before["id"]):
            raise reject(UserErrorCode.CYCLE, "A portfolio cannot lie below itself.", "parentId")
        if write.granted is not None and not await _sees_both(write, before["parent_id"], parent_id):
            raise _outside_grants()


async def _stored(write: Write, row: Row, before: Row | None) -> None:
    if before is None:
        await plant(write, row["id"], row["parent_id"])
    elif before["parent_id"] != row["parent_id"]:
        await move(write, row["id"], row["parent_id"])


async def _archiving(write: Write, row: Row) -> None:
    await refuse_content(write, _CONTENT, row["id"])


async def _sees_both(write: Write, before: UUID | None, after: UUID | None) -> bool:
    if before is None or after is None:
        return False
    return await write.refer("PORTFOLIO", print_id("PORTFOLIO", before)) is not None


def _outside_grants() -> Exception:
    message = "This key is limited to portfolios: it changes what lies below them, not beside."
    return reject(UserErrorCode.FORBIDDEN, message, "parentId")


HOOKS = Hooks(hold=_hold, refuse=_refuse, stored=_stored, archiving=_archiving)
