"""How teams change: a tree without circles."""

from typing import Any
from uuid import UUID

import strawberry

from resolvers.engine.archive import archive, refuse_archived, refuse_archived_above, refuse_content, restore
from resolvers.engine.external import ExternalReferenceInput, UpsertInput, linkable, refer_externally, upsert
from resolvers.engine.member import Member, differences, read_members
from resolvers.engine.mutation import mutation
from resolvers.engine.outcome import (
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
from schema import check
from schema.people.team import Team

_MEMBERS = (
    Member("key", check.key, nullable=False),
    Member("name", check.line(), nullable=False, private=True),
    Member("description", check.text, private=True),
    Member("parent_id", kind="TEAM"),
    Member("lead_id", kind="PERSON"),
)
linkable("TEAM", _MEMBERS)

_TREE = "team tree"  # held by every change: two moves at once could close a circle
_IS_BELOW = "select $2 in (select team_branch($1))"
_INSERT = """
insert into team (tenant_id, id, created_at, updated_at, key, name, description, parent_id, lead_id)
values ($1, $2, $3, $3, $4, $5, $6, $7, $8)
"""
_UPDATE = """
update team set version = version + 1, updated_at = $3, key = $4, name = $5, description = $6, parent_id = $7,
                lead_id = $8
where tenant_id = $1 and id = $2
"""
_CONTENT = """
select
  (select count(*) from team x where x.tenant_id = $1 and x.parent_id = $2 and x.archived_at is null) as team,
  (select count(*) from membership x where x.tenant_id = $1 and x.team_id = $2
     and coalesce(x.to_on, 'infinity') >= organization_day($3)) as membership,
  (select count(*) from assignment x where x.tenant_id = $1 and x.team_id = $2
     and coalesce(x.to_on, 'infinity') >= organization_day($3)) as assignment
"""


@strawberry.input
class _TeamInput:
    description: str | None = optional("What the team is for, in Markdown, at most 20,000 characters; null: nothing.")
    parent_id: strawberry.ID | None = optional("Team above; null: at the top.")
    lead_id: strawberry.ID | None = optional("Person who leads the team; null: nobody.")


@strawberry.input
class _TeamChanges(_TeamInput):
    key: str | None = optional(check.KEY)
    name: str | None = optional("Display name, 1 to 200 characters.")


@strawberry.input(description="A new team.")
class TeamCreateInput(_TeamInput, Retryable):
    key: str = required(check.KEY)
    name: str = required("Display name, 1 to 200 characters.")
    external: ExternalReferenceInput | None = optional("Name in another system; null: none.")


@strawberry.input(description="Changes of a team: an absent member stays, null clears.")
class TeamUpdateInput(_TeamChanges, NodeInput):
    pass


@strawberry.input(
    description="A team by its name in another system: made if there is none, else changed. An absent member stays as "
    "it is, null clears; a new team needs key and name."
)
class TeamUpsertInput(_TeamChanges, UpsertInput):
    pass


@strawberry.type(description="Answer to a change of a team.")
class TeamPayload(Payload):
    team: Team | None = entity_field("Team as it is now")


@mutation(TeamPayload, tenant_wide=True)
async def team_create(write: Write, input: TeamCreateInput) -> Outcome:
    """Add a team, at the top or below another one."""
    await write.hold(_TREE)
    return _answer(await _insert(write, input))


@mutation(TeamPayload, tenant_wide=True)
async def team_update(write: Write, input: TeamUpdateInput) -> Outcome:
    """Change a team, or move it with all that lies below it."""
    await write.hold(_TREE)
    row = await write.find_for_change("TEAM", "team", input)
    await _change(write, row, input)
    return _answer(row["id"])


@mutation(TeamPayload, tenant_wide=True)
async def team_upsert(write: Write, input: TeamUpsertInput) -> Outcome:
    """Make or change a team by the name that another system gives it."""
    await write.hold(_TREE)
    return _answer(await upsert(write, "TEAM", input, _insert, _change))


@mutation(TeamPayload, tenant_wide=True)
async def team_archive(write: Write, input: NodeInput) -> Outcome:
    """Take a team out of lists that has no teams below it, no members and no work. Safe to repeat."""
    await write.hold(_TREE)
    row = await write.find_for_change("TEAM", "team", input)
    await refuse_content(write, _CONTENT, row["id"], write.now)
    await archive(write, Target("TEAM", row["id"]), row)
    return _answer(row["id"])


@mutation(TeamPayload, tenant_wide=True)
async def team_restore(write: Write, input: NodeInput) -> Outcome:
    """Bring back an archived team. Safe to repeat."""
    await write.hold(_TREE)
    row = await write.find_for_change("TEAM", "team", input)
    await refuse_archived_above(write, "TEAM", "TEAM", row["parent_id"])
    await restore(write, Target("TEAM", row["id"]), row)
    return _answer(row["id"])


async def _insert(write: Write, input: Any) -> UUID:
    values = await read_members(write, _MEMBERS, input)
    id = write.new_id()
    await write.execute(_INSERT, id, write.now, *values.values())
    write.record("TEAM_CREATED", Target("TEAM", id), differences(_MEMBERS, None, values))
    await refer_externally(write, Target("TEAM", id), input.external)
    return id


async def _change(write: Write, row: Row, input: Any) -> None:
    refuse_archived("TEAM", row)
    values = await read_members(write, _MEMBERS, input, row)
    changes = differences(_MEMBERS, row, values)
    if not changes:
        return
    if values["parent_id"] is not None and await write.connection.fetchval(_IS_BELOW, row["id"], values["parent_id"]):
        raise reject(UserErrorCode.CYCLE, "A team cannot lie below itself.", "parentId")
    await write.execute(_UPDATE, row["id"], write.now, *values.values())
    write.record("TEAM_UPDATED", Target("TEAM", row["id"]), changes)


def _answer(id: UUID) -> Outcome:
    return Outcome({"team": ("TEAM", id)})
