"""What is special when dependencies between initiatives change: no circle of them may come about."""

from typing import Any
from uuid import UUID

from portfolio.row import Row
from resolvers.engine.outcome import UserErrorCode, reject
from resolvers.engine.session import Target, Write
from resolvers.entity.change import Hooks
from resolvers.entity.external import forget_links

_LIVE = """
select id from dependency where tenant_id = $1 and blocker_id = $2 and blocked_id = $3 and archived_at is null
"""
# From the blocked one on along what waits for it: if that reaches the blocker, its keys are the circle. A key that the
# viewer may not see ($4: granted portfolios) is told as null.
_CIRCLE = """
with recursive path as (
  select $3::uuid as id, array[$3::uuid] as ids
  union all
  select d.blocked_id, p.ids || d.blocked_id from path p
  join dependency d on d.tenant_id = $1 and d.blocker_id = p.id and d.archived_at is null
  where d.blocked_id <> all (p.ids)
), found as (
  select ids from path where id = $2 order by array_length(ids, 1), ids limit 1
)
select array(
  select case when $4::uuid[] is null or i.portfolio_id in (
    select c.descendant_id from portfolio_closure c where c.tenant_id = $1 and c.ancestor_id = any ($4)) then i.key end
  from unnest($2 || f.ids) with ordinality as step (id, place)
  join initiative i on i.tenant_id = $1 and i.id = step.id order by step.place)
from found f
"""


async def _hold(write: Write, _: Any) -> None:
    """Two made at once could close a circle, and nobody names one that is being ended."""
    await write.hold("dependencies")


async def _same(write: Write, values: Row) -> Row | None:
    ends = (values["blocker_id"], values["blocked_id"])
    live: UUID | None = await write.connection.fetchval(_LIVE, write.tenant_id, *ends)
    return None if live is None else await write.lock("DEPENDENCY", live)


async def _refuse(write: Write, before: Row | None, after: Row) -> None:
    if before is None:
        await _refuse_circle(write, after["blocker_id"], after["blocked_id"])


async def _archived(write: Write, target: Target, _: Row) -> None:
    await forget_links(write, target)


async def _refuse_circle(write: Write, blocker_id: UUID, blocked_id: UUID) -> None:
    if blocker_id == blocked_id:
        raise reject(UserErrorCode.CYCLE, "An initiative cannot wait for itself.", "blockedId")
    keys = await write.connection.fetchval(_CIRCLE, write.tenant_id, blocker_id, blocked_id, write.granted)
    if keys is not None:
        path = " → ".join(key or "(outside your portfolios)" for key in keys)
        message = f"Initiatives would wait for each other in a circle: {path}. End one of these dependencies first."
        raise reject(UserErrorCode.CYCLE, message, "blockedId")


HOOKS = Hooks(hold=_hold, same=_same, refuse=_refuse, archived=_archived)
