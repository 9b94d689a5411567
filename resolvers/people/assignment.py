"""What is special when assignments change: each change is a version that supersedes the one before."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import strawberry

from portfolio.row import Row
from resolvers.engine.mutation import mutation
from resolvers.engine.outcome import (
    ChangeWarning,
    NodeInput,
    Outcome,
    Retryable,
    UserErrorCode,
    optional,
    reject,
    required,
)
from resolvers.engine.session import Write
from resolvers.entity.change import EntityChange, Hooks
from resolvers.entity.member import read_members
from resolvers.entity.subject import hold_subject
from resolvers.people.work import mark_work_of_people, over_allocations, people_of
from runtime.events import Change
from schema.people.assignment import Assignment

_OVERLAPS = """
select exists (
  select from assignment where tenant_id = $1 and id is distinct from $2::uuid and subject_id = $3
    and person_id is not distinct from $4 and team_id is not distinct from $5 and role = $6
    and daterange(from_on, to_on, '[]') && daterange($7, $8, '[]'))
"""
_SUPERSEDE = """
update assignment_version set superseded_at = $3
where tenant_id = $1 and assignment_id = $2 and superseded_at is null
"""
_KEEP = """
insert into assignment_version (tenant_id, assignment_id, recorded_at, version, role, allocation, from_on, to_on)
select tenant_id, id, $3, version, role, allocation, from_on, to_on from assignment where tenant_id = $1 and id = $2
"""
_CONFIRM = """
update assignment set confirmed_on = organization_day($3) where tenant_id = $1 and id = $2
  and confirmed_on <> organization_day($3) returning confirmed_on
"""


async def _refuse(write: Write, before: Row | None, after: Row) -> None:
    """In one role, somebody is assigned to a piece of work at most once at a time."""
    if (after["person_id"] is None) == (after["team_id"] is None):
        raise reject(UserErrorCode.REQUIRED, "Give personId or teamId, one of the two.", "personId")
    from_on, to_on = after["from_on"], after["to_on"]
    if to_on is not None and to_on < from_on:
        raise reject(UserErrorCode.INVALID, "toOn is not before fromOn.", "toOn")
    await hold_subject(write, after["subject_id"])
    identity = (before and before["id"], after["subject_id"], after["person_id"], after["team_id"], after["role"])
    if await write.connection.fetchval(_OVERLAPS, write.tenant_id, *identity, from_on, to_on):
        message = "There is such an assignment in this role already for some of these days; change that one."
        raise reject(UserErrorCode.CONFLICT, message, "fromOn")


async def _stored(write: Write, row: Row, before: Row | None) -> None:
    if before is not None:
        await write.execute(_SUPERSEDE, row["id"], write.now)
    await write.execute(_KEEP, row["id"], write.now)


async def _mark(write: Write, row: Row, _: Row | None) -> None:
    write.mark(row["subject_id"])
    await mark_work_of_people(write, await people_of(write, row))


async def _warn(write: Write, row: Row) -> Sequence[ChangeWarning]:
    return await over_allocations(write, row, await people_of(write, row))


HOOKS = Hooks(refuse=_refuse, stored=_stored, mark=_mark, warn=_warn)
_ASSIGNMENT = EntityChange(Assignment, HOOKS)
_END = [replace(member, nullable=False) for member in _ASSIGNMENT.entity.members if member.name == "to_on"]


@strawberry.input(description="An assignment that ends.")
class AssignmentEndInput(Retryable):
    id: strawberry.ID = required("Assignment to end.")
    version: int | None = optional("Version that you saw; null: whichever it has now.")
    to_on: date = required("Last day, not before the first.")


@mutation(_ASSIGNMENT.payload)
async def assignment_end(write: Write, input: AssignmentEndInput) -> Outcome:
    """Say on which day an assignment ends or ended. Safe to repeat."""
    row = await _ASSIGNMENT.find(write, input)
    row = await _ASSIGNMENT.apply(write, row, await read_members(write, _END, input, row), past="ENDED")
    return await _ASSIGNMENT.answer_with_warnings(write, row)


@mutation(_ASSIGNMENT.payload)
async def assignment_confirm(write: Write, input: NodeInput) -> Outcome:
    """Say that an assignment is as it says: health trusts what was confirmed lately. Safe to repeat."""
    row = await _ASSIGNMENT.find(write, input)
    confirmed_on = await write.connection.fetchval(_CONFIRM, write.tenant_id, row["id"], write.now)
    if confirmed_on is not None:
        change = Change("confirmedOn", row["confirmed_on"].isoformat(), confirmed_on.isoformat())
        write.record("ASSIGNMENT_CONFIRMED", _ASSIGNMENT.target(row), [change])
        write.mark(row["subject_id"])
    return _ASSIGNMENT.answer(row["id"])
