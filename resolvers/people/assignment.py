"""How assignments change: each change is a version that supersedes the one before."""

from datetime import date
from typing import Any
from uuid import UUID

import strawberry

from portfolio.enumerations import AssignmentRole
from resolvers.engine.external import (
    ExternalReferenceInput,
    UpsertInput,
    find_by_external,
    linkable,
    refer_externally,
    refuse_moved,
)
from resolvers.engine.member import Member, differences, read_members
from resolvers.engine.mutation import mutation
from resolvers.engine.outcome import (
    ChangeWarning,
    NodeInput,
    Outcome,
    Payload,
    Retryable,
    UserErrorCode,
    entity_field,
    optional,
    reject,
    required,
)
from resolvers.engine.session import Row, Target, Write
from resolvers.engine.subject import hold_subject, read_subject
from resolvers.people.work import mark_work_of_people, over_allocations, people_of
from runtime.events import Change as FieldChange
from schema import check
from schema.people.assignment import Assignment

_HOLDER = (Member("person_id", kind="PERSON"), Member("team_id", kind="TEAM"))
_TO_ON = Member("to_on", check.day)
_TERMS = (
    Member("role", nullable=False),
    Member("allocation", check.share, nullable=False),
    Member("from_on", check.day, nullable=False),
    _TO_ON,
)
_MEMBERS = (*_HOLDER, *_TERMS)
linkable("ASSIGNMENT", _TERMS, subject="subject_id")

_OVERLAPS = """
select exists (
  select from assignment where tenant_id = $1 and id <> $2 and subject_id = $3
    and person_id is not distinct from $4 and team_id is not distinct from $5 and role = $6
    and daterange(from_on, to_on, '[]') && daterange($7, $8, '[]'))
"""
_INSERT = """
insert into assignment (tenant_id, id, created_at, updated_at, confirmed_on, subject_id, person_id, team_id, role,
                        allocation, from_on, to_on)
values ($1, $2, $3, $3, organization_day($3), $4, $5, $6, $7, $8, $9, $10)
"""
_UPDATE = """
update assignment set version = version + 1, updated_at = $3, confirmed_on = organization_day($3), role = $4,
                      allocation = $5, from_on = $6, to_on = $7
where tenant_id = $1 and id = $2
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

_SUBJECT = "What is worked on: the organization, a portfolio, a product or an initiative."
_PERSON = "Who works; null: a team does."
_TEAM = "Team whose members all work on it alike; null: a person does."
_ALLOCATION = "Share of each person's time, 0 to 1."
_TO = "Last day, not before fromOn; null: until ended."


@strawberry.input(description="A new assignment, of a person or of a team.")
class AssignmentCreateInput(Retryable):
    subject_id: strawberry.ID = required(_SUBJECT)
    person_id: strawberry.ID | None = optional(_PERSON)
    team_id: strawberry.ID | None = optional(_TEAM)
    role: AssignmentRole = required("What they do.")
    allocation: float = required(_ALLOCATION)
    from_on: date = required("First day.")
    to_on: date | None = optional(_TO)
    external: ExternalReferenceInput | None = optional("Name in another system; null: none.")


@strawberry.input
class _AssignmentChanges:
    role: AssignmentRole | None = optional("What they do.")
    allocation: float | None = optional(_ALLOCATION)
    from_on: date | None = optional("First day.")
    to_on: date | None = optional(_TO)


@strawberry.input(description="Changes of an assignment: an absent member stays, null clears.")
class AssignmentUpdateInput(_AssignmentChanges, NodeInput):
    pass


@strawberry.input(
    description="An assignment by its name in another system: made if there is none, else changed. An absent member "
    "stays as it is, null clears; a new one needs subjectId and personId or teamId, which stay the same for ever, "
    "role, allocation and fromOn."
)
class AssignmentUpsertInput(_AssignmentChanges, UpsertInput):
    subject_id: strawberry.ID | None = optional(_SUBJECT)
    person_id: strawberry.ID | None = optional(_PERSON)
    team_id: strawberry.ID | None = optional(_TEAM)


@strawberry.input(description="An assignment that ends.")
class AssignmentEndInput(Retryable):
    id: strawberry.ID = required("Assignment to end.")
    version: int | None = optional("Version that you saw; null: whichever it has now.")
    to_on: date = required("Last day, not before the first.")


@strawberry.type(description="Answer to a change of an assignment.")
class AssignmentPayload(Payload):
    assignment: Assignment | None = entity_field("Assignment as it is now")


@mutation(AssignmentPayload)
async def assignment_create(write: Write, input: AssignmentCreateInput) -> Outcome:
    """Assign a person or a team to a piece of work. It warns when somebody is above 100 % by that."""
    return await _insert(write, input)


@mutation(AssignmentPayload)
async def assignment_update(write: Write, input: AssignmentUpdateInput) -> Outcome:
    """Change an assignment; what was known before is kept. It warns when somebody is above 100 % by that."""
    row = await write.find_for_change("ASSIGNMENT", "assignment", input)
    return await _change(write, row, await read_members(write, _TERMS, input, row), "ASSIGNMENT_UPDATED")


@mutation(AssignmentPayload)
async def assignment_upsert(write: Write, input: AssignmentUpsertInput) -> Outcome:
    """Make or change an assignment by the name that another system gives it. It warns as a change by id does."""
    row = await find_by_external(write, "ASSIGNMENT", input)
    if row is None:
        return await _insert(write, input)
    await refuse_moved(write, "ASSIGNMENT", row, input, "subject_id", "person_id", "team_id")
    return await _change(write, row, await read_members(write, _TERMS, input, row), "ASSIGNMENT_UPDATED")


@mutation(AssignmentPayload)
async def assignment_end(write: Write, input: AssignmentEndInput) -> Outcome:
    """Say on which day an assignment ends or ended. Safe to repeat."""
    row = await write.find_for_change("ASSIGNMENT", "assignment", input)
    values = {member.stored_in: row[member.stored_in] for member in _TERMS}
    values |= await read_members(write, (_TO_ON,), input, row)
    return await _change(write, row, values, "ASSIGNMENT_ENDED")


@mutation(AssignmentPayload)
async def assignment_confirm(write: Write, input: NodeInput) -> Outcome:
    """Say that an assignment is as it says: health trusts what was confirmed lately. Safe to repeat."""
    row = await write.find_for_change("ASSIGNMENT", "assignment", input)
    confirmed_on = await write.connection.fetchval(_CONFIRM, write.tenant_id, row["id"], write.now)
    if confirmed_on is not None:
        change = FieldChange("confirmedOn", row["confirmed_on"].isoformat(), confirmed_on.isoformat())
        write.record("ASSIGNMENT_CONFIRMED", _target(row), [change])
        write.mark(row["subject_id"])
    return _answer(row["id"])


async def _insert(write: Write, input: Any) -> Outcome:
    values = await read_members(write, _MEMBERS, input)
    if (values["person_id"] is None) == (values["team_id"] is None):
        raise reject(UserErrorCode.REQUIRED, "Give personId or teamId, one of the two.", "personId")
    subject = await read_subject(write, input.subject_id)
    id = write.new_id()
    row = {"id": id, "subject_id": subject["id"], "home_id": subject["home_id"], **values}
    await _refuse_overlap(write, row)
    await write.execute(_INSERT, id, write.now, subject["id"], *values.values())
    await write.execute(_KEEP, id, write.now)
    about = FieldChange("subjectId", None, input.subject_id)
    write.record("ASSIGNMENT_CREATED", _target(row), [about, *differences(_MEMBERS, None, values)])
    await refer_externally(write, _target(row), input.external)
    return _answer(id, await _follow_up(write, row))


async def _change(write: Write, row: Row, values: dict[str, Any], event: str) -> Outcome:
    changes = differences(_TERMS, row, values)
    if not changes:
        return _answer(row["id"])
    after = {**row, **values}
    await _refuse_overlap(write, after)
    await write.execute(_UPDATE, row["id"], write.now, *values.values())
    await write.execute(_SUPERSEDE, row["id"], write.now)
    await write.execute(_KEEP, row["id"], write.now)
    write.record(event, _target(row), changes)
    return _answer(row["id"], await _follow_up(write, after))


async def _refuse_overlap(write: Write, row: Row) -> None:
    """In one role, somebody is assigned to a piece of work at most once at a time."""
    from_on, to_on = row["from_on"], row["to_on"]
    if to_on is not None and to_on < from_on:
        raise reject(UserErrorCode.INVALID, "toOn is not before fromOn.", "toOn")
    await hold_subject(write, row["subject_id"])
    identity = (row["id"], row["subject_id"], row["person_id"], row["team_id"], row["role"])
    if await write.connection.fetchval(_OVERLAPS, write.tenant_id, *identity, from_on, to_on):
        message = "There is such an assignment in this role already for some of these days; change that one."
        raise reject(UserErrorCode.CONFLICT, message, "fromOn")


async def _follow_up(write: Write, row: Row) -> list[ChangeWarning]:
    people = await people_of(write, row)
    write.mark(row["subject_id"])
    await mark_work_of_people(write, people)
    return await over_allocations(write, row, people)


def _target(row: Row) -> Target:
    return Target("ASSIGNMENT", row["id"], subject_id=row["subject_id"], portfolio_id=row["home_id"])


def _answer(id: UUID, warnings: list[ChangeWarning] | None = None) -> Outcome:
    return Outcome({"assignment": ("ASSIGNMENT", id)}, warnings=warnings or [])
