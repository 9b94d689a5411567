"""How the organization's vocabulary of skills changes."""

from typing import Any
from uuid import UUID

import strawberry

from resolvers.engine.archive import archive, refuse_archived, restore
from resolvers.engine.external import ExternalReferenceInput, UpsertInput, linkable, refer_externally, upsert
from resolvers.engine.member import Member, differences, read_members
from resolvers.engine.mutation import mutation
from resolvers.engine.outcome import NodeInput, Outcome, Payload, Retryable, entity_field, optional, required
from resolvers.engine.session import Row, Target, Write
from schema import check
from schema.people.skill import Skill

_MEMBERS = (
    Member("key", check.key, nullable=False),
    Member("name", check.line(), nullable=False, private=True),
    Member("category", check.line(64), private=True),
)
linkable("SKILL", _MEMBERS)

_INSERT = """
insert into skill (tenant_id, id, created_at, updated_at, key, name, category) values ($1, $2, $3, $3, $4, $5, $6)
"""
_UPDATE = """
update skill set version = version + 1, updated_at = $3, key = $4, name = $5, category = $6
where tenant_id = $1 and id = $2
"""

_CATEGORY = "Group of skills that it belongs to, 1 to 64 characters; null: none."


@strawberry.input
class _SkillChanges:
    key: str | None = optional(check.KEY)
    name: str | None = optional("Display name, 1 to 200 characters.")
    category: str | None = optional(_CATEGORY)


@strawberry.input(description="A new skill.")
class SkillCreateInput(Retryable):
    key: str = required(check.KEY)
    name: str = required("Display name, 1 to 200 characters.")
    category: str | None = optional(_CATEGORY)
    external: ExternalReferenceInput | None = optional("Name in another system; null: none.")


@strawberry.input(description="Changes of a skill: an absent member stays, null clears.")
class SkillUpdateInput(_SkillChanges, NodeInput):
    pass


@strawberry.input(
    description="A skill by its name in another system: made if there is none, else changed. An absent member stays as "
    "it is, null clears; a new skill needs key and name."
)
class SkillUpsertInput(_SkillChanges, UpsertInput):
    pass


@strawberry.type(description="Answer to a change of a skill.")
class SkillPayload(Payload):
    skill: Skill | None = entity_field("Skill as it is now")


@mutation(SkillPayload, tenant_wide=True)
async def skill_create(write: Write, input: SkillCreateInput) -> Outcome:
    """Add a skill to the organization's vocabulary."""
    return _answer(await _insert(write, input))


@mutation(SkillPayload, tenant_wide=True)
async def skill_update(write: Write, input: SkillUpdateInput) -> Outcome:
    """Change how a skill is named."""
    row = await write.find_for_change("SKILL", "skill", input)
    await _change(write, row, input)
    return _answer(row["id"])


@mutation(SkillPayload, tenant_wide=True)
async def skill_upsert(write: Write, input: SkillUpsertInput) -> Outcome:
    """Make or change a skill by the name that another system gives it."""
    return _answer(await upsert(write, "SKILL", input, _insert, _change))


@mutation(SkillPayload, tenant_wide=True)
async def skill_archive(write: Write, input: NodeInput) -> Outcome:
    """Take a skill out of lists; what it says of people and work stays. Safe to repeat."""
    row = await write.find_for_change("SKILL", "skill", input)
    await archive(write, Target("SKILL", row["id"]), row)
    return _answer(row["id"])


@mutation(SkillPayload, tenant_wide=True)
async def skill_restore(write: Write, input: NodeInput) -> Outcome:
    """Bring back an archived skill. Safe to repeat."""
    row = await write.find_for_change("SKILL", "skill", input)
    await restore(write, Target("SKILL", row["id"]), row)
    return _answer(row["id"])


async def _insert(write: Write, input: Any) -> UUID:
    values = await read_members(write, _MEMBERS, input)
    id = write.new_id()
    await write.execute(_INSERT, id, write.now, *values.values())
    write.record("SKILL_CREATED", Target("SKILL", id), differences(_MEMBERS, None, values))
    await refer_externally(write, Target("SKILL", id), input.external)
    return id


async def _change(write: Write, row: Row, input: Any) -> None:
    refuse_archived("SKILL", row)
    values = await read_members(write, _MEMBERS, input, row)
    changes = differences(_MEMBERS, row, values)
    if changes:
        await write.execute(_UPDATE, row["id"], write.now, *values.values())
        write.record("SKILL_UPDATED", Target("SKILL", row["id"]), changes)


def _answer(id: UUID) -> Outcome:
    return Outcome({"skill": ("SKILL", id)})
