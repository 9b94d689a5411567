"""What is special when memberships begin, change and end."""

from dataclasses import replace
from datetime import date
from typing import Any

import strawberry

from portfolio.row import Row
from resolvers.engine.mutation import mutation
from resolvers.engine.outcome import Outcome, Retryable, UserErrorCode, optional, reject, required
from resolvers.engine.session import Write
from resolvers.entity.archive import refuse_archived
from resolvers.entity.change import EntityChange, Hooks
from resolvers.entity.member import read_members
from resolvers.people.work import mark_work_of_people, mark_work_of_team
from schema.entity import entity_of
from schema.people.membership import Membership
from schema.people.team import Team

_OVERLAPS = """
select exists (
  select from membership where tenant_id = $1 and id is distinct from $2::uuid and team_id = $3 and person_id = $4
    and daterange(from_on, to_on, '[]') && daterange($5, $6, '[]'))
"""


async def _hold(write: Write, input: Any) -> None:
    """Two at once would not see each other's memberships. A team that is not there is refused with the members."""
    public_id = getattr(input, "team_id", None)
    row = None if public_id in (None, strawberry.UNSET) else await write.find("TEAM", public_id)
    if row is not None:
        refuse_archived(entity_of(Team), row)


async def _refuse(write: Write, before: Row | None, after: Row) -> None:
    if before is not None:
        await write.lock("TEAM", after["team_id"])
    if after["to_on"] is not None and after["to_on"] < after["from_on"]:
        raise reject(UserErrorCode.INVALID, "toOn is not before fromOn.", "toOn")
    days = (after["team_id"], after["person_id"], after["from_on"], after["to_on"])
    if await write.connection.fetchval(_OVERLAPS, write.tenant_id, before and before["id"], *days):
        message = "The person is in this team already for some of these days."
        raise reject(UserErrorCode.CONFLICT, message, "fromOn")


async def _mark(write: Write, row: Row, _: Row | None) -> None:
    await mark_work_of_team(write, row["team_id"])
    await mark_work_of_people(write, [row["person_id"]])


HOOKS = Hooks(hold=_hold, refuse=_refuse, mark=_mark)
_MEMBERSHIP = EntityChange(Membership, HOOKS)
_END = [replace(member, nullable=False) for member in _MEMBERSHIP.entity.members if member.name == "to_on"]


@strawberry.input(description="A person who leaves a team.")
class MembershipEndInput(Retryable):
    id: strawberry.ID = required("Membership to end.")
    version: int | None = optional("Version that you saw; null: whichever it has now.")
    to_on: date = required("Last day, not before the first.")


@mutation(_MEMBERSHIP.payload, tenant_wide=True)
async def membership_end(write: Write, input: MembershipEndInput) -> Outcome:
    """Say on which day a person leaves or left a team, also of a membership with an end. Safe to repeat."""
    row = await _MEMBERSHIP.find(write, input)
    await _MEMBERSHIP.apply(write, row, await read_members(write, _END, input, row), past="ENDED")
    return _MEMBERSHIP.answer(row["id"])
