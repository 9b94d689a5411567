"""What anything can be about, as an input names it: the organization, a portfolio, a product or an initiative."""

from typing import Any
from uuid import UUID

import strawberry

from portfolio.identity import parse_id, print_id
from portfolio.row import Row
from resolvers.engine.outcome import UserErrorCode, reject
from resolvers.engine.session import Write

_HOLD = "select from subject where tenant_id = $1 and id = $2 for no key update"


async def hold_subject(write: Write, id: UUID) -> None:
    """One change at a time of what belongs to a subject and must not contradict itself: held until the end."""
    await write.execute(_HOLD, id)


async def read_subject(write: Write, public_id: Any) -> Row:
    """The row behind the input's subjectId, kept from being archived meanwhile; home_id is its wall."""
    if public_id in (None, strawberry.UNSET):
        raise reject(UserErrorCode.REQUIRED, "subjectId is required.", "subjectId")
    kind = (parse_id(public_id) or ("", None))[0]
    known = kind in ("ORGANIZATION", "PORTFOLIO", "PRODUCT", "INITIATIVE")
    row = await write.refer(kind, public_id) if known else None
    if row is None:
        message = "There is no such organization, portfolio, product or initiative."
        raise reject(UserErrorCode.NOT_FOUND, message, "subjectId")
    if row.get("archived_at") is not None:
        message = f"{print_id(kind, row['id'])} is archived; restore it first."
        raise reject(UserErrorCode.ARCHIVED, message, "subjectId")
    return row
