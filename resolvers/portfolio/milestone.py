"""What is special when milestones change: an initiative has so many at most."""

from portfolio.row import Row
from resolvers.engine.outcome import UserErrorCode, reject
from resolvers.engine.session import Write
from resolvers.entity.change import Hooks
from schema import check

_IS_FULL = """
select count(*) >= $3 from milestone where tenant_id = $1 and initiative_id = $2 and archived_at is null
"""


async def _refuse(write: Write, before: Row | None, after: Row) -> None:
    arguments = (write.tenant_id, after["initiative_id"], check.MOST_ITEMS)
    if before is None and await write.connection.fetchval(_IS_FULL, *arguments):
        message = f"An initiative has at most {check.MOST_ITEMS} milestones."
        raise reject(UserErrorCode.LIMIT_EXCEEDED, message, "initiativeId")


HOOKS = Hooks(refuse=_refuse)
