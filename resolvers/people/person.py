"""How people change."""

from typing import Any
from uuid import UUID

import strawberry

from resolvers.engine.archive import archive, refuse_archived, restore
from resolvers.engine.external import ExternalReferenceInput, UpsertInput, linkable, refer_externally, upsert
from resolvers.engine.member import Member, differences, read_members
from resolvers.engine.mutation import mutation
from resolvers.engine.outcome import (
    NodeInput,
    Outcome,
    Payload,
    Retryable,
    entity_field,
    optional,
    required,
)
from resolvers.engine.session import Row, Target, Write
from schema import check
from schema.people.person import Person

_MEMBERS = (
    Member("key", check.account_key, nullable=False, private=True),
    Member("name", check.line(), nullable=False, private=True),
    Member("email", check.email, private=True),
)
linkable("PERSON", _MEMBERS)

_INSERT = """
insert into person (tenant_id, id, created_at, updated_at, key, name, email) values ($1, $2, $3, $3, $4, $5, $6)
"""
_UPDATE = """
update person set version = version + 1, updated_at = $3, key = $4, name = $5, email = $6
where tenant_id = $1 and id = $2
"""

_EMAIL = "E-mail address; null: not known."


@strawberry.input
class _PersonChanges:
    key: str | None = optional(check.ACCOUNT_KEY)
    name: str | None = optional("Display name, 1 to 200 characters.")
    email: str | None = optional(_EMAIL)


@strawberry.input(description="A new person.")
class PersonCreateInput(Retryable):
    key: str = required(check.ACCOUNT_KEY)
    name: str = required("Display name, 1 to 200 characters.")
    email: str | None = optional(_EMAIL)
    external: ExternalReferenceInput | None = optional("Name in another system; null: none.")


@strawberry.input(description="Changes of a person: an absent member stays, null clears.")
class PersonUpdateInput(_PersonChanges, NodeInput):
    pass


@strawberry.input(
    description="A person by the name in another system: made if there is none, else changed. An "
    "absent member stays as it is, null clears; a new person needs key and name."
)
class PersonUpsertInput(_PersonChanges, UpsertInput):
    pass


@strawberry.type(description="Answer to a change of a person.")
class PersonPayload(Payload):
    person: Person | None = entity_field("Person as it is now")


@mutation(PersonPayload, tenant_wide=True)
async def person_create(write: Write, input: PersonCreateInput) -> Outcome:
    """Add a person to the organization."""
    return _answer(await _insert(write, input))


@mutation(PersonPayload, tenant_wide=True)
async def person_update(write: Write, input: PersonUpdateInput) -> Outcome:
    """Change a person."""
    row = await write.find_for_change("PERSON", "person", input)
    await _change(write, row, input)
    return _answer(row["id"])


@mutation(PersonPayload, tenant_wide=True)
async def person_upsert(write: Write, input: PersonUpsertInput) -> Outcome:
    """Make or change a person by the name that another system gives it."""
    return _answer(await upsert(write, "PERSON", input, _insert, _change))


@mutation(PersonPayload, tenant_wide=True)
async def person_archive(write: Write, input: NodeInput) -> Outcome:
    """Take a person out of lists; the person's keys are refused from then on. Safe to repeat."""
    row = await write.find_for_change("PERSON", "person", input)
    await archive(write, Target("PERSON", row["id"]), row)
    return _answer(row["id"])


@mutation(PersonPayload, tenant_wide=True)
async def person_restore(write: Write, input: NodeInput) -> Outcome:
    """Bring back an archived person, with those keys that are still valid. Safe to repeat."""
    row = await write.find_for_change("PERSON", "person", input)
    await restore(write, Target("PERSON", row["id"]), row)
    return _answer(row["id"])


async def _insert(write: Write, input: Any) -> UUID:
    values = await read_members(write, _MEMBERS, input)
    id = write.new_id()
    await write.execute(_INSERT, id, write.now, *values.values())
    write.record("PERSON_CREATED", Target("PERSON", id), differences(_MEMBERS, None, values))
    await refer_externally(write, Target("PERSON", id), input.external)
    return id


async def _change(write: Write, row: Row, input: Any) -> None:
    refuse_archived("PERSON", row)
    values = await read_members(write, _MEMBERS, input, row)
    changes = differences(_MEMBERS, row, values)
    if changes:
        await write.execute(_UPDATE, row["id"], write.now, *values.values())
        write.record("PERSON_UPDATED", Target("PERSON", row["id"]), changes)


def _answer(id: UUID) -> Outcome:
    return Outcome({"person": ("PERSON", id)})
