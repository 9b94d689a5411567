"""How memberships begin and end."""

from datetime import date
from typing import Any
from uuid import UUID

import strawberry

from resolvers.engine.archive import refuse_archived
from resolvers.engine.external import (
    ExternalReferenceInput,
    UpsertInput,
    linkable,
    refer_externally,
    refuse_moved,
    upsert,
)
from resolvers.engine.member import Member, differences, read_members
from resolvers.engine.mutation import mutation
from resolvers.engine.outcome import (
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
from resolvers.people.work import mark_work_of_people, mark_work_of_team
from schema import check
from schema.people.membership import Membership

_TERMS = (
    Member("role", check.line(64), private=True),
    Member("from_on", check.day, nullable=False),
    Member("to_on", check.day),
)
_MEMBERS = (
    Member("team_id", kind="TEAM", nullable=False),
    Member("person_id", kind="PERSON", nullable=False),
    *_TERMS,
)
linkable("MEMBERSHIP", _TERMS)
_END = (Member("to_on", check.day, nullable=False),)

_INSERT = """
insert into membership (tenant_id, id, created_at, updated_at, team_id, person_id, role, from_on, to_on)
values ($1, $2, $3, $3, $4, $5, $6, $7, $8)
"""
_UPDATE = """
update membership set version = version + 1, updated_at = $3, role = $4, from_on = $5, to_on = $6
where tenant_id = $1 and id = $2
"""
_OVERLAPS = """
select exists (
  select from membership where tenant_id = $1 and id <> $2 and team_id = $3 and person_id = $4
    and daterange(from_on, to_on, '[]') && daterange($5, $6, '[]'))
"""


_ROLE = "What the person does in the team, 1 to 64 characters; null: not said."
_TO = "Last day, not before fromOn; null: until ended."


@strawberry.input(description="A person who joins a team.")
class MembershipStartInput(Retryable):
    team_id: strawberry.ID = required("Team.")
    person_id: strawberry.ID = required("New member.")
    role: str | None = optional(_ROLE)
    from_on: date = required("First day.")
    to_on: date | None = optional(_TO)
    external: ExternalReferenceInput | None = optional("Name in another system; null: none.")


@strawberry.input(description="A person who leaves a team.")
class MembershipEndInput(Retryable):
    id: strawberry.ID = required("Membership to end.")
    version: int | None = optional("Version that you saw; null: whichever it has now.")
    to_on: date = required("Last day, not before the first.")


@strawberry.input(
    description="A membership by its name in another system: made if there is none, else changed. An absent member "
    "stays as it is, null clears; a new one needs teamId and personId, which stay the same for ever, and fromOn."
)
class MembershipUpsertInput(UpsertInput):
    team_id: strawberry.ID | None = optional("Team.")
    person_id: strawberry.ID | None = optional("Member.")
    role: str | None = optional(_ROLE)
    from_on: date | None = optional("First day.")
    to_on: date | None = optional(_TO)


@strawberry.type(description="Answer to a change of a membership.")
class MembershipPayload(Payload):
    membership: Membership | None = entity_field("Membership as it is now")


@mutation(MembershipPayload, tenant_wide=True)
async def membership_start(write: Write, input: MembershipStartInput) -> Outcome:
    """Put a person into a team. A person is in a team at most once at a time."""
    return _answer(await _insert(write, input))


@mutation(MembershipPayload, tenant_wide=True)
async def membership_end(write: Write, input: MembershipEndInput) -> Outcome:
    """Say on which day a person leaves or left a team, also of a membership with an end. Safe to repeat."""
    row = await write.find_for_change("MEMBERSHIP", "membership", input)
    await _change_terms(write, row, {**row, **await read_members(write, _END, input, row)}, "MEMBERSHIP_ENDED")
    return _answer(row["id"])


@mutation(MembershipPayload, tenant_wide=True)
async def membership_upsert(write: Write, input: MembershipUpsertInput) -> Outcome:
    """Make or change a membership by the name that another system gives it."""
    return _answer(await upsert(write, "MEMBERSHIP", input, _insert, _change))


async def _insert(write: Write, input: Any) -> UUID:
    await _lock_team(write, input.team_id)
    values = await read_members(write, _MEMBERS, input)
    id = write.new_id()
    await _refuse_overlap(write, id, values)
    await write.execute(_INSERT, id, write.now, *values.values())
    write.record("MEMBERSHIP_STARTED", Target("MEMBERSHIP", id), differences(_MEMBERS, None, values))
    await refer_externally(write, Target("MEMBERSHIP", id), input.external)
    await _mark(write, values)
    return id


async def _change(write: Write, row: Row, input: Any) -> None:
    await refuse_moved(write, "MEMBERSHIP", row, input, "team_id", "person_id")
    await _change_terms(write, row, {**row, **await read_members(write, _TERMS, input, row)}, "MEMBERSHIP_UPDATED")


async def _change_terms(write: Write, row: Row, after: dict[str, Any], event: str) -> None:
    await write.lock("TEAM", row["team_id"])
    changes = differences(_TERMS, row, after)
    if changes:
        await _refuse_overlap(write, row["id"], after)
        await write.execute(_UPDATE, row["id"], write.now, *(after[member.stored_in] for member in _TERMS))
        write.record(event, Target("MEMBERSHIP", row["id"]), changes)
        await _mark(write, after)


async def _lock_team(write: Write, public_id: Any) -> None:
    """Two at once would not see each other's memberships. A team that is not there is refused with the members."""
    row = None if public_id in (None, strawberry.UNSET) else await write.find("TEAM", public_id)
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
