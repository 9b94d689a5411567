"""How memberships begin and end."""

from datetime import date
from typing import Any
from uuid import UUID

import strawberry

from resolvers import check
from resolvers.archive import refuse_archived
from resolvers.member import Member, differences, read_members
from resolvers.mutation import mutation
from resolvers.outcome import (
    Outcome,
    Payload,
    Retryable,
    UserErrorCode,
    entity_field,
    optional,
    reject,
    required,
)
from resolvers.session import Target, Write
from resolvers.work import mark_work_of_people, mark_work_of_team
from schema.membership import Membership

_MEMBERS = (
    Member("team_id", kind="TEAM", nullable=False),
    Member("person_id", kind="PERSON", nullable=False),
    Member("role", check.line(64), private=True),
    Member("from_on", check.day, nullable=False),
    Member("to_on", check.day),
)
_END = (Member("to_on", check.day, nullable=False),)

_INSERT = """
insert into membership (tenant_id, id, created_at, updated_at, team_id, person_id, role, from_on, to_on)
values ($1, $2, $3, $3, $4, $5, $6, $7, $8)
"""
_SET_END = "update membership set version = version + 1, updated_at = $3, to_on = $4 where tenant_id = $1 and id = $2"
_OVERLAPS = """
select exists (
  select from membership where tenant_id = $1 and id <> $2 and team_id = $3 and person_id = $4
    and daterange(from_on, to_on, '[]') && daterange($5, $6, '[]'))
"""


@strawberry.input(description="A person who joins a team.")
class MembershipStartInput(Retryable):
    team_id: strawberry.ID = required("Team.")
    person_id: strawberry.ID = required("New member.")
    role: str | None = optional("What the person does in the team, 1 to 64 characters; null: not said.")
    from_on: date = required("First day.")
    to_on: date | None = optional("Last day, not before fromOn; null: until ended.")


@strawberry.input(description="A person who leaves a team.")
class MembershipEndInput(Retryable):
    id: strawberry.ID = required("Membership to end.")
    version: int | None = optional("Version that you saw; null: whichever it has now.")
    to_on: date = required("Last day, not before the first.")


@strawberry.type(description="Answer to a change of a membership.")
class MembershipPayload(Payload):
    membership: Membership | None = entity_field("Membership as it is now")


@mutation(MembershipPayload, tenant_wide=True)
async def membership_start(write: Write, input: MembershipStartInput) -> Outcome:
    """Put a person into a team. A person is in a team at most once at a time."""
    await _lock_team(write, input.team_id)
    values = await read_members(write, _MEMBERS, input)
    id = write.new_id()
    await _refuse_overlap(write, id, values)
    await write.execute(_INSERT, id, write.now, *values.values())
    write.record("MEMBERSHIP_STARTED", Target("MEMBERSHIP", id), differences(_MEMBERS, None, values))
    await _mark(write, values)
    return _answer(id)


@mutation(MembershipPayload, tenant_wide=True)
async def membership_end(write: Write, input: MembershipEndInput) -> Outcome:
    """Say on which day a person leaves or left a team, also of a membership with an end. Safe to repeat."""
    row = await write.find_for_change("MEMBERSHIP", "membership", input)
    await write.lock("TEAM", row["team_id"])
    values = {**row, **await read_members(write, _END, input, row)}
    changes = differences(_END, row, values)
    if changes:
        await _refuse_overlap(write, row["id"], values)
        await write.execute(_SET_END, row["id"], write.now, values["to_on"])
        write.record("MEMBERSHIP_ENDED", Target("MEMBERSHIP", row["id"]), changes)
        await _mark(write, values)
    return _answer(row["id"])


async def _lock_team(write: Write, public_id: str) -> None:
    """Two at once would not see each other's memberships. A team that is not there is refused with the members."""
    row = await write.find("TEAM", public_id)
    if row is not None:
        refuse_archived("TEAM", row)


async def _refuse_overlap(write: Write, id: UUID, values: dict[str, Any]) -> None:
    if values["to_on"] is not None and values["to_on"] < values["from_on"]:
        raise reject(UserErrorCode.INVALID, "toOn is not before fromOn.", "toOn")
    identity = (values["team_id"], values["person_id"], values["from_on"], values["to_on"])
    if await write.connection.fetchval(_OVERLAPS, write.tenant_id, id, *identity):
        message = "The person is in this team already for some of these days."
        raise reject(UserErrorCode.CONFLICT, message, "fromOn")


async def _mark(write: Write, values: dict[str, Any]) -> None:
    await mark_work_of_team(write, values["team_id"])
    await mark_work_of_people(write, [values["person_id"]])


def _answer(id: UUID) -> Outcome:
    return Outcome({"membership": ("MEMBERSHIP", id)})
