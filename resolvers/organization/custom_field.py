"""What is special when custom fields change: their definition, not their values."""

from portfolio.enumerations import CustomFieldType
from portfolio.row import Row
from resolvers.engine.outcome import UserErrorCode, reject
from resolvers.engine.session import Write
from resolvers.entity.change import Hooks
from schema.organization.custom_field import MOST_FIELDS

_IS_FULL = """
select count(*) >= $3 from custom_field where tenant_id = $1 and entity = $2 and archived_at is null
"""
_CHOSEN = """
select choice_value from custom_field_value
where tenant_id = $1 and custom_field_id = $2 and choice_value <> all ($3::text[]) limit 1
"""


async def _refuse(write: Write, before: Row | None, after: Row) -> None:
    if (after["type"] == CustomFieldType.CHOICE) != (after["choices"] is not None):
        raise reject(UserErrorCode.INVALID, "A CHOICE has choices, and no other type has.", "choices")
    if before is None:
        await _refuse_more(write, after["entity"])
    else:
        await _refuse_loss(write, after)


async def _refuse_loss(write: Write, after: Row) -> None:
    chosen = await write.connection.fetchval(_CHOSEN, write.tenant_id, after["id"], after["choices"] or [])
    if chosen is not None:
        raise reject(UserErrorCode.CONFLICT, f"The choice {chosen} is in use.", "choices")


async def _restoring(write: Write, row: Row) -> None:
    if row["archived_at"] is not None:
        await _refuse_more(write, row["entity"])


async def _refuse_more(write: Write, entity: str) -> None:
    await write.hold("custom fields")
    if await write.connection.fetchval(_IS_FULL, write.tenant_id, entity, MOST_FIELDS):
        message = f"There are {MOST_FIELDS} custom fields of this kind; archive one first."
        raise reject(UserErrorCode.LIMIT_EXCEEDED, message)


HOOKS = Hooks(refuse=_refuse, restoring=_restoring)
