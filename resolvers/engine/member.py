"""Members of an input: how each is checked, stored, and told in an event."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import strawberry
from strawberry.utils.str_converters import to_camel_case

from portfolio.identity import print_id
from resolvers.engine.outcome import Outcome, Rejection, UserError, UserErrorCode
from resolvers.engine.session import Row, Write, spoken
from runtime.events import Change as FieldChange
from schema import check

Check = Callable[[Any], Any]


@dataclass(frozen=True)
class Member:
    """One member of an input and the column that keeps it.

    check: gives the value to store; raises ValueError with a sentence for the client.
    kind: of the object whose id the member is. default: when an object is made without it.
    private: personal or free text, kept out of the audit chain.
    """

    name: str
    check: Check = lambda value: value
    column: str | None = None
    kind: str | None = None
    default: Any = None
    nullable: bool = True
    private: bool = False

    @property
    def stored_in(self) -> str:
        return self.column or self.name

    @property
    def public_name(self) -> str:
        return to_camel_case(self.name)


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
        except _Fault as fault:
            path = ["input", member.public_name, *([] if fault.index is None else [str(fault.index)])]
            errors.append(UserError(code=fault.code, message=fault.message, field=path))
    if errors:
        raise Rejection(Outcome(user_errors=errors))
    return values


class _Fault(Exception):
    """index: place of the item at fault; null: the member as a whole."""

    def __init__(self, code: UserErrorCode, message: str, index: int | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.index = code, message, index


async def _read(write: Write, member: Member, given: Any, before: Row | None) -> Any:
    if given is strawberry.UNSET:
        value = member.default if before is None else before[member.stored_in]
        if value is None and not member.nullable:
            raise _Fault(UserErrorCode.REQUIRED, f"{member.public_name} is required.")
        return value
    if given is None:
        if not member.nullable:
            raise _Fault(UserErrorCode.REQUIRED, f"{member.public_name} cannot be null.")
        return None
    if member.kind is not None:
        named_before = None if before is None else before[member.stored_in]
        return await _refer(write, member.kind, given, named_before)
    try:
        return member.check(given)
    except check.ItemError as error:
        raise _Fault(UserErrorCode.INVALID, str(error), error.index) from None
    except ValueError as error:
        raise _Fault(UserErrorCode.INVALID, str(error)) from None


async def _refer(write: Write, kind: str, given: str, before: UUID | None) -> UUID:
    row = await write.refer(kind, given)
    if row is None:
        raise _Fault(UserErrorCode.NOT_FOUND, f"There is no such {spoken(kind)}.")
    if row["archived_at"] is not None and row["id"] != before:
        raise _Fault(UserErrorCode.ARCHIVED, f"That {spoken(kind)} is archived; restore it or name another.")
    return row["id"]


def differences(
    members: Sequence[Member], before: Mapping[str, Any] | None, after: Mapping[str, Any] | None
) -> list[FieldChange]:
    """What an event tells: the members that moved. before: null for a new object."""
    changes = []
    for member in members:
        old = before[member.stored_in] if before else None
        new = after[member.stored_in] if after else None
        if old != new:
            told = (_tell(member, old), _tell(member, new))
            changes.append(FieldChange(member.public_name, *told, private=member.private))
    return changes


def _tell(member: Member, value: Any) -> Any:
    if isinstance(value, UUID):
        return print_id(member.kind, value) if member.kind else str(value)
    return printable(value)


def printable(value: Any) -> Any:
    """A value as an event keeps it: decimals and days are text."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, date | datetime):
        return value.isoformat()
    return value
