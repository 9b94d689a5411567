"""How custom fields change: their definition, not their values."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import strawberry

from portfolio.enumerations import CustomFieldEntity, CustomFieldType
from resolvers.engine.archive import archive, refuse_archived, restore
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
from resolvers.engine.session import Target, Write
from schema import check
from schema.organization.custom_field import CustomField

_MOST_FIELDS, _MOST_CHOICES = 30, 50


def _choices(given: Sequence[str]) -> list[str]:
    choices = check.each(check.line(100))(given)
    if not 1 <= len(choices) <= _MOST_CHOICES or len(set(choices)) < len(choices):
        raise ValueError(f"A field has 1 to {_MOST_CHOICES} choices, each once.")
    return choices


_CHANGEABLE = (
    Member("key", check.key, nullable=False),
    Member("name", check.line(), nullable=False),
    Member("description", check.text, private=True),
    Member("choices", _choices),
)
_MEMBERS = (*_CHANGEABLE, Member("entity", nullable=False), Member("type", nullable=False))

_INSERT = """
insert into custom_field (tenant_id, id, created_at, updated_at, key, name, description, choices, entity, type)
values ($1, $2, $3, $3, $4, $5, $6, $7, $8, $9)
"""
_UPDATE = """
update custom_field set version = version + 1, updated_at = $3, key = $4, name = $5, description = $6, choices = $7
where tenant_id = $1 and id = $2
"""
_IS_FULL = """
select count(*) >= $3 from custom_field where tenant_id = $1 and entity = $2 and archived_at is null
"""
_CHOSEN = """
select choice_value from custom_field_value
where tenant_id = $1 and custom_field_id = $2 and choice_value <> all ($3::text[]) limit 1
"""

_DESCRIPTION = "What it means, in Markdown, at most 20,000 characters; null: not said."
_CHOICES_TEXT = f"Values of a CHOICE in the order shown, at most {_MOST_CHOICES}, 1 to 100 characters each"


@strawberry.input(description="A new custom field.")
class CustomFieldCreateInput(Retryable):
    key: str = required(check.KEY)
    name: str = required("Display name, 1 to 200 characters.")
    description: str | None = optional(_DESCRIPTION)
    entity: CustomFieldEntity = required(f"Kind of object that has it, for ever; each has at most {_MOST_FIELDS}.")
    type: CustomFieldType = required("Type of its values, for ever.")
    choices: list[str] | None = optional(f"{_CHOICES_TEXT}; for no other type.")


@strawberry.input(description="Changes of a custom field: an absent member stays, null clears.")
class CustomFieldUpdateInput(NodeInput):
    key: str | None = optional(check.KEY)
    name: str | None = optional("Display name, 1 to 200 characters.")
    description: str | None = optional(_DESCRIPTION)
    choices: list[str] | None = optional(f"{_CHOICES_TEXT}; those in use must stay.")


@strawberry.type(description="Answer to a change of a custom field.")
class CustomFieldPayload(Payload):
    custom_field: CustomField | None = entity_field("Custom field as it is now")


@mutation(CustomFieldPayload, tenant_wide=True)
async def custom_field_create(write: Write, input: CustomFieldCreateInput) -> Outcome:
    """Add a field to all products, initiatives or KPIs."""
    values = await read_members(write, _MEMBERS, input)
    _refuse_choices(values["type"], values["choices"])
    await _refuse_more(write, values["entity"])
    id = write.new_id()
    await write.execute(_INSERT, id, write.now, *values.values())
    write.record("CUSTOM_FIELD_CREATED", Target("CUSTOM_FIELD", id), differences(_MEMBERS, None, values))
    return _answer(id)


@mutation(CustomFieldPayload, tenant_wide=True)
async def custom_field_update(write: Write, input: CustomFieldUpdateInput) -> Outcome:
    """Change a custom field. Kind and type stay for ever, and so do choices in use."""
    row = await write.find_for_change("CUSTOM_FIELD", "customField", input)
    refuse_archived("CUSTOM_FIELD", row)
    values = await read_members(write, _CHANGEABLE, input, row)
    _refuse_choices(row["type"], values["choices"])
    chosen = await write.connection.fetchval(_CHOSEN, write.tenant_id, row["id"], values["choices"] or [])
    if chosen is not None:
        raise reject(UserErrorCode.CONFLICT, f"The choice {chosen} is in use.", "choices")
    changes = differences(_CHANGEABLE, row, values)
    if changes:
        await write.execute(_UPDATE, row["id"], write.now, *values.values())
        write.record("CUSTOM_FIELD_UPDATED", Target("CUSTOM_FIELD", row["id"]), changes)
    return _answer(row["id"])


@mutation(CustomFieldPayload, tenant_wide=True)
async def custom_field_archive(write: Write, input: NodeInput) -> Outcome:
    """Take a custom field and its values out of sight; they are kept. Safe to repeat."""
    row = await write.find_for_change("CUSTOM_FIELD", "customField", input)
    await archive(write, Target("CUSTOM_FIELD", row["id"]), row)
    return _answer(row["id"])


@mutation(CustomFieldPayload, tenant_wide=True)
async def custom_field_restore(write: Write, input: NodeInput) -> Outcome:
    """Bring back an archived custom field with its values. Safe to repeat."""
    row = await write.find_for_change("CUSTOM_FIELD", "customField", input)
    if row["archived_at"] is not None:
        await _refuse_more(write, row["entity"])
    await restore(write, Target("CUSTOM_FIELD", row["id"]), row)
    return _answer(row["id"])


def _refuse_choices(type: str, choices: Any) -> None:
    if (type == CustomFieldType.CHOICE) != (choices is not None):
        raise reject(UserErrorCode.INVALID, "A CHOICE has choices, and no other type has.", "choices")


async def _refuse_more(write: Write, entity: str) -> None:
    await write.hold("custom fields")
    if await write.connection.fetchval(_IS_FULL, write.tenant_id, entity, _MOST_FIELDS):
        message = f"There are {_MOST_FIELDS} custom fields of this kind; archive one first."
        raise reject(UserErrorCode.LIMIT_EXCEEDED, message)


def _answer(id: UUID) -> Outcome:
    return Outcome({"customField": ("CUSTOM_FIELD", id)})
