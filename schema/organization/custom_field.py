"""Custom fields: a few facts of the organization's own on products, initiatives and KPIs."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import strawberry

from compiler.declare import column, identifier, lookup, many, one, rows, table, value_object
from compiler.listing import listing
from portfolio.enumerations import CustomFieldEntity, CustomFieldType
from schema import check
from schema.entity import entity
from schema.member import written
from schema.node import Node
from schema.reference import lookup_input
from schema.scalars import COMPARATORS

_VALUES = (
    "(select v.*, f.key as field_key from custom_field_value v join custom_field f on f.tenant_id = v.tenant_id and f.id = v.custom_field_id"
    " where v.tenant_id = {tenant} and v.node_id = {self}.id and f.archived_at is null order by f.key limit 30) {other}"
)


MOST_FIELDS, MOST_CHOICES = 30, 50
_CHOICES = f"Values of a CHOICE in the order shown, at most {MOST_CHOICES}, 1 to 100 characters each"


def _choices(given: Sequence[str]) -> list[str]:
    choices = check.each(check.line(100))(given)
    if not 1 <= len(choices) <= MOST_CHOICES or len(set(choices)) < len(choices):
        raise ValueError(f"A field has 1 to {MOST_CHOICES} choices, each once.")
    return choices


@entity(
    tenant_wide=True,
    create="Add a field to all products, initiatives or KPIs.",
    update="Change a custom field. Kind and type stay for ever, and so do choices in use.",
    archive="Take a custom field and its values out of sight; they are kept. Safe to repeat.",
    restore="Bring back an archived custom field with its values. Safe to repeat.",
)
@table("custom_field", kind="CUSTOM_FIELD")
class CustomField(Node):
    """A typed field of the organization's own, for one kind of object; seen by everyone in it."""

    id: strawberry.ID = identifier("CUSTOM_FIELD")
    key: str = written(
        column("Name that people use, unique in the organization.", filter="STRING", order=True), check.KEY, check.key
    )
    name: str = written(
        column(
            "Display name.",
            filter="STRING",
            filter_expression="{self}.name_key",
            normalized=True,
            order="{self}.name_key",
        ),
        "Display name, 1 to 200 characters.",
        check.line(),
    )
    description: str | None = written(
        column("What it means, in Markdown; null when nobody wrote it down."),
        "What it means, in Markdown, at most 20,000 characters; null: not said.",
        check.text,
        private=True,
    )
    entity: CustomFieldEntity = written(
        column("Kind of object that has it.", filter=CustomFieldEntity),
        f"Kind of object that has it, for ever; each has at most {MOST_FIELDS}.",
        fixed=True,
    )
    type: CustomFieldType = written(
        column("Type of its values.", filter=CustomFieldType), "Type of its values, for ever.", fixed=True
    )
    choices: list[str] | None = written(
        column("Values of a CHOICE, in the order shown, at most 50; null for other types."),
        f"{_CHOICES}; for no other type.",
        _choices,
        update_says=f"{_CHOICES}; those in use must stay.",
    )
    version: int = column(
        "Number of changes; give it back in an update to be sure that nobody changed the field meanwhile."
    )
    created_at: datetime = column("Instant of creation.", filter="DATE_TIME", sql_type="timestamptz", order=True)
    updated_at: datetime = column("Instant of the last change.", filter="DATE_TIME", sql_type="timestamptz", order=True)
    archived_at: datetime | None = column(
        "Instant since when it is archived; null: it is not.",
        filter="DATE_TIME",
        sql_type="timestamptz",
    )


@value_object
class CustomFieldValue:
    """Value of a custom field: the member of the field's type holds it, all others are null."""

    field = one("CustomField", "The field.", "{other}.id = {self}.custom_field_id")
    text: str | None = column("Value of a TEXT.", "text_value")
    number: float | None = column("Value of a NUMBER.", "number_value")
    on: date | None = column("Value of a DATE.", "day_value")
    boolean: bool | None = column("Value of a BOOLEAN.", "boolean_value")
    choice: str | None = column("Value of a CHOICE.", "choice_value")


def custom_fields() -> Any:
    """The values of a product, an initiative or a KPI."""
    return rows(
        CustomFieldValue,
        "Values of custom fields, by key of the field; fields without a value are left out. At most 30.",
        _VALUES,
        "{other}.field_key",
    )


CustomFieldConnection, CustomFieldEdge, CustomFieldFilter, CustomFieldOrder = listing(CustomField, COMPARATORS)
CustomFieldBy = lookup_input("CustomFieldBy", "custom field", external=False)


@strawberry.type
class CustomFieldQuery:
    custom_field = lookup(
        "CustomField",
        "Custom field by its id or key; null when there is none.",
        CustomFieldBy,
        {"id": "{other}.id = {value}", "key": "{other}.key = {value}"},
    )
    custom_fields = many("CustomField", "Custom fields of the organization, in the order of creation.")
