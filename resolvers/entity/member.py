"""Members of an input: how each is read, and told in an event."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import strawberry

from portfolio.identity import print_id
from portfolio.row import Row
from resolvers.engine.outcome import Outcome, Rejection, UserError, UserErrorCode
from resolvers.engine.session import Write
from runtime.events import Change
from schema import check
from schema.entity import spoken
from schema.member import Member


async def read_members(
    write: Write, members: Sequence[Member], input: Any, before: Row | None = None
) -> dict[str, Any]:
    """Values by column, in the order of the members: absent ones are as before, or the default.

    Raises Rejection with all that is wrong, not only with the first fault.
    """
    values: dict[str, Any] = {}
    errors: list[UserError] = []
    for member in members:
        given = getattr(input, member.name, strawberry.UNSET)
        try:
            values[member.stored_in] = await _read(write, member, given, before)
        except _MemberFault as fault:
            path = ["input", member.public_name, *([] if fault.index is None else [str(fault.index)])]
            errors.append(UserError(code=fault.code, message=fault.message, field=path))
    if errors:
        raise Rejection(Outcome(user_errors=errors))
    return values


class _MemberFault(Exception):
    """index: place of the item at fault; null: the member as a whole."""

    def __init__(self, code: UserErrorCode, message: str, index: int | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.index = code, message, index


async def _read(write: Write, member: Member, given: Any, before: Row | None) -> Any:
    if given is strawberry.UNSET:
        value = member.default if before is None else before[member.stored_in]
        if value is None and not member.nullable:
            raise _MemberFault(UserErrorCode.REQUIRED, f"{member.public_name} is required.")
        return value
    if member.since:
        return _since(write, None if before is None else before[member.stored_in], given)
    if given is None:
        if not member.nullable:
            raise _MemberFault(UserErrorCode.REQUIRED, f"{member.public_name} cannot be null.")
        return None
    if member.kinds:
        named_before = None if before is None else before[member.stored_in]
        return await _refer(write, member.kinds, given, named_before)
    try:
        return member.check(given)
    except check.ItemError as error:
        raise _MemberFault(UserErrorCode.INVALID, str(error), error.index) from None
    except ValueError as error:
        raise _MemberFault(UserErrorCode.INVALID, str(error)) from None


def _since(write: Write, before: datetime | None, given: bool | None) -> datetime | None:
    if given is None or given == (before is not None):
        return before
    return write.now if given else None


async def _refer(write: Write, kinds: tuple[str, ...], given: str, before: UUID | None) -> UUID:
    kind, row = await write.refer_to_one_of(kinds, given)
    if row is None:
        raise _MemberFault(UserErrorCode.NOT_FOUND, f"There is no such {_one_of(kinds)}.")
    if row.get("archived_at") is not None and row["id"] != before:
        raise _MemberFault(UserErrorCode.ARCHIVED, f"That {spoken(kind)} is archived; restore it or name another.")
    return row["id"]


def _one_of(kinds: tuple[str, ...]) -> str:
    *others, last = map(spoken, kinds)
    return f"{', '.join(others)} or {last}" if others else last


def differences(members: Sequence[Member], before: Row | None, after: Row | None) -> list[Change]:
    """What an event tells: the members that moved. before: null for a new object."""
    changes: list[Change] = []
    for member in members:
        old = before[member.stored_in] if before else None
        new = after[member.stored_in] if after else None
        if old != new:
            told = (None, None) if member.untold else (_tell(member, old), _tell(member, new))
            changes.append(Change(member.told_as, *told, private=member.private))
    return changes


def _tell(member: Member, value: Any) -> Any:
    if isinstance(value, UUID):
        return print_id(member.kinds[0], value) if member.kinds else str(value)
    return printable(value)


def printable(value: Any) -> Any:
    """A value as an event keeps it: decimals and days are text."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, date | datetime):
        return value.isoformat()
    return value
