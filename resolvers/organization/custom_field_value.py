"""How values of custom fields change."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any
from uuid import UUID

import strawberry

from portfolio.identity import parse_id
from portfolio.row import Row
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
from resolvers.engine.session import Target, Write
from resolvers.entity.exported import named
from resolvers.entity.line import BulkType
from resolvers.entity.member import printable
from runtime.events import Change
from schema import check
from schema.entity import spoken
from schema.measurement.kpi import Kpi
from schema.portfolio.initiative import Initiative
from schema.portfolio.product import Product

# Type of the field → member of the input, its column, its rule.
_MEMBERS: Mapping[str, tuple[str, str, Callable[[Any], Any]]] = {
    "TEXT": ("text", "text_value", check.line(1000)),
    "NUMBER": ("number", "number_value", check.decimal),
    "DATE": ("on", "day_value", check.day),
    "BOOLEAN": ("boolean", "boolean_value", lambda value: value),
    "CHOICE": ("choice", "choice_value", lambda value: value),
}

_BEFORE = "select * from custom_field_value where tenant_id = $1 and node_id = $2 and custom_field_id = $3"
_CLEAR = "delete from custom_field_value where tenant_id = $1 and node_id = $2 and custom_field_id = $3"
_SET = """
insert into custom_field_value (tenant_id, node_id, custom_field_id, {column}) values ($1, $2, $3, $4)
on conflict (tenant_id, node_id, custom_field_id) do update set {column} = excluded.{column}
"""
_SET_BY_TYPE = {type: _SET.format(column=column) for type, (_, column, _) in _MEMBERS.items()}


@strawberry.input(one_of=True, description="A value: exactly the member of the field's type.")
class CustomFieldValueInput:
    text: str | None = optional("Value of a TEXT, 1 to 1,000 characters.")
    number: float | None = optional("Value of a NUMBER, at most 15 significant digits.")
    on: date | None = optional("Value of a DATE.")
    boolean: bool | None = optional("Value of a BOOLEAN.")
    choice: str | None = optional("Value of a CHOICE: one of the field's choices.")


@strawberry.input(description="The value of a custom field on one object.")
class CustomFieldValueSetInput(Retryable):
    custom_field_id: strawberry.ID = required("The field.")
    entity_id: strawberry.ID = required("Product, initiative or KPI, of the field's kind.")
    value: CustomFieldValueInput | None = required("Value from now on; null: none.")


@strawberry.type(description="Answer to a change of a custom field's value.")
class CustomFieldValuePayload(Payload):
    product: Product | None = entity_field("Product as it is now; null for another kind")
    initiative: Initiative | None = entity_field("Initiative as it is now; null for another kind")
    kpi: Kpi | None = entity_field("KPI as it is now; null for another kind")


@mutation(CustomFieldValuePayload)
async def custom_field_value_set(write: Write, input: CustomFieldValueSetInput) -> Outcome:
    """Give an object the value of a custom field, or take it away. Safe to repeat."""
    field = await _read_field(write, input.custom_field_id)
    kind = field["entity"]
    row = await _read_entity(write, kind, input.entity_id)
    _, column, _ = _MEMBERS[field["type"]]
    found = await write.connection.fetchrow(_BEFORE, write.tenant_id, row["id"], field["id"])
    before, after = found[column] if found else None, _read_value(field, input.value)
    if before != after:
        if after is None:
            await write.execute(_CLEAR, row["id"], field["id"])
        else:
            await write.execute(_SET_BY_TYPE[field["type"]], row["id"], field["id"], after)
        told = (printable(before), printable(after))
        # What people write into a field of their own may be about a person.
        change = Change(f"customFields.{field['key']}", *told, private=True)
        write.record("CUSTOM_FIELD_VALUE_SET", _target(kind, row), [change])
    return Outcome({kind.lower(): (kind, row["id"])})


async def _read_field(write: Write, public_id: str) -> Row:
    field = await write.refer("CUSTOM_FIELD", public_id)
    if field is None:
        raise reject(UserErrorCode.NOT_FOUND, "There is no such custom field.", "customFieldId")
    if field["archived_at"] is not None:
        raise reject(UserErrorCode.ARCHIVED, "That custom field is archived.", "customFieldId")
    return field


async def _read_entity(write: Write, kind: str, public_id: str) -> Row:
    parsed = parse_id(public_id)
    row = await write.find(kind, public_id) if parsed and parsed[0] == kind else None
    if row is None:
        message = f"There is no such {spoken(kind)}; the field is for those alone."
        raise reject(UserErrorCode.NOT_FOUND, message, "entityId")
    if row["archived_at"] is not None:
        raise reject(UserErrorCode.ARCHIVED, f"That {spoken(kind)} is archived; restore it first.", "entityId")
    return row


def _read_value(field: Row, given: CustomFieldValueInput | None) -> Any:
    if given is None:
        return None
    member, _, rule = _MEMBERS[field["type"]]
    value = getattr(given, member)
    if value in (None, strawberry.UNSET):
        raise reject(UserErrorCode.INVALID, f"The field takes {member}, being a {field['type']}.", "value")
    if member == "choice" and value not in field["choices"]:
        raise reject(UserErrorCode.INVALID, "That is none of the field's choices.", "value", member)
    try:
        return rule(value)
    except ValueError as error:
        raise reject(UserErrorCode.INVALID, str(error), "value", member) from None


def _target(kind: str, row: Row) -> Target:
    subject_id: UUID = row["subject_id"] if kind == "KPI" else row["id"]
    return Target(kind, row["id"], subject_id=subject_id, portfolio_id=row["home_id"])


_CUSTOM_FIELD_VALUE = f"""
select 'customFieldValue' as type, f.key as "customField", s.name as entity,
       json_strip_nulls(json_build_object('text', x.text_value, 'number', x.number_value, 'on', x.day_value,
                                          'boolean', x.boolean_value, 'choice', x.choice_value)) as value
from custom_field_value x
join custom_field f on f.tenant_id = x.tenant_id and f.id = x.custom_field_id and f.archived_at is null
{named("node_id", "product", "initiative", "kpi")} where x.tenant_id = $1 order by f.key, s.place, s.key
"""

LINES = BulkType(
    "customFieldValue",
    "CUSTOM_FIELD",
    "customFieldValueSet",
    "customFieldValueSet",
    _CUSTOM_FIELD_VALUE,
    identity=(),
    kinds={"entityId": ("PRODUCT", "INITIATIVE", "KPI")},
)
