"""The portfolio tree: every portfolio with each of its ancestors, in portfolio_closure."""

from uuid import UUID

from resolvers.engine.session import Write

_PLANT = """
insert into portfolio_closure (tenant_id, ancestor_id, descendant_id, depth)
select $1::uuid, $2::uuid, $2::uuid, 0
union all
select $1::uuid, c.ancestor_id, $2::uuid, c.depth + 1 from portfolio_closure c
where c.tenant_id = $1 and c.descendant_id = $3
"""
_IS_BELOW = """
select exists (select from portfolio_closure where tenant_id = $1 and descendant_id = $2 and ancestor_id = $3)
"""
_CUT = """
delete from portfolio_closure link using portfolio_closure branch
where link.tenant_id = $1 and branch.tenant_id = $1 and branch.ancestor_id = $2
  and link.descendant_id = branch.descendant_id
  and link.ancestor_id not in (
    select b.descendant_id from portfolio_closure b where b.tenant_id = $1 and b.ancestor_id = $2)
"""
_GRAFT = """
insert into portfolio_closure (tenant_id, ancestor_id, descendant_id, depth)
select $1::uuid, above.ancestor_id, branch.descendant_id, above.depth + branch.depth + 1
from portfolio_closure above, portfolio_closure branch
where above.tenant_id = $1 and above.descendant_id = $3 and branch.tenant_id = $1 and branch.ancestor_id = $2
"""


async def hold_tree(write: Write) -> None:
    """Two moves at once could close a circle."""
    await write.hold("portfolio tree")


async def plant(write: Write, id: UUID, parent_id: UUID | None) -> None:
    """Places a new portfolio."""
    await write.execute(_PLANT, id, parent_id)


async def is_below(write: Write, id: UUID, other_id: UUID) -> bool:
    """Whether a portfolio is the other one or lies below it."""
    return bool(await write.connection.fetchval(_IS_BELOW, write.tenant_id, id, other_id))


async def move(write: Write, id: UUID, parent_id: UUID | None) -> None:
    """Takes a portfolio and all below it to another parent; null: to the top."""
    await write.execute(_CUT, id)
    if parent_id is not None:
        await write.execute(_GRAFT, id, parent_id)
