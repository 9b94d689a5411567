"""What is special when teams change: a tree without circles."""

from typing import Any

from portfolio.row import Row
from resolvers.engine.outcome import UserErrorCode, reject
from resolvers.engine.session import Write
from resolvers.entity.archive import refuse_content
from resolvers.entity.change import Hooks

_IS_BELOW = "select $2 in (select team_branch($1))"
_CONTENT = """
select
  (select count(*) from team x where x.tenant_id = $1 and x.parent_id = $2 and x.archived_at is null) as team,
  (select count(*) from membership x where x.tenant_id = $1 and x.team_id = $2
     and coalesce(x.to_on, 'infinity') >= organization_day($3)) as membership,
  (select count(*) from assignment x where x.tenant_id = $1 and x.team_id = $2
     and coalesce(x.to_on, 'infinity') >= organization_day($3)) as assignment
"""


async def _hold(write: Write, _: Any) -> None:
    """Two moves at once could close a circle."""
    await write.hold("team tree")


async def _refuse(write: Write, before: Row | None, after: Row) -> None:
    parent_id = after["parent_id"]
    if before is None or parent_id in (None, before["parent_id"]):
        return
    if await write.connection.fetchval(_IS_BELOW, before["id"], parent_id):
        raise reject(UserErrorCode.CYCLE, "A team cannot lie below itself.", "parentId")


async def _archiving(write: Write, row: Row) -> None:
    await refuse_content(write, _CONTENT, row["id"], write.now)


HOOKS = Hooks(hold=_hold, refuse=_refuse, archiving=_archiving)
