"""Events: the feed of everything that changed, gapless and in one order."""

from datetime import datetime

import strawberry

from compiler.declare import (
    column,
    expression,
    identifier,
    many,
    one,
    one_of,
    part,
    rows,
    table,
    value_object,
)
from compiler.listing import ExtraFilter, listing
from compiler.mapping import Filter
from portfolio.enumerations import EventSource
from schema.node import HealthSubject, Node, public_id
from schema.scalars import COMPARATORS, JSON


@value_object
class FieldChange:
    """One field's move."""

    field: str = column("Name of the field, as the API spells it.")
    from_: JSON | None = column("Value before; null: none, or erased.", "from_value", field="from")
    to: JSON | None = column("Value after; null: none, or erased.", "to_value")


@value_object
class EventActor:
    """Who caused an event, and through which door."""

    via: EventSource = column("The door.")
    person = one(
        "Person",
        "Person; null when it was none, or is hidden from you.",
        "{other}.id = {self}.actor_person_id",
        nullable=True,
    )
    service_account = one(
        "ServiceAccount",
        "Service account; null when it was none, or is hidden from you.",
        "{other}.id = {self}.actor_service_account_id",
        nullable=True,
    )
    key_id: strawberry.ID | None = expression(
        "Id of the key; null when it was a worker or a command, or the key is hidden from you.",
        "(case when true {restricted and {self}.actor_key_id = {key_id}} then {self}.actor_key_id end)",
        kind="API_KEY",
    )
    request_id: str | None = column("Id of the request; null when it was a worker or a command.")


_CHANGES = (
    "(select c.value ->> 'field' as field, coalesce(c.value -> 'from', v.from_value) as from_value,"
    " coalesce(c.value -> 'to', v.to_value) as to_value, c.place"
    " from jsonb_array_elements({self}.changes) with ordinality as c (value, place)"
    " left join event_private_value v on v.tenant_id = {tenant} and v.event_id = {self}.id and v.position = c.place - 1) {other}"
)


@table("sealed_event", kind="EVENT", wall="{self}.portfolio_id = any({granted})")
class Event(Node):
    """Something that changed: at once audit entry, change feed and reason to recompute."""

    id: strawberry.ID = identifier("EVENT")
    sequence: str = column(
        "Place in the organization's feed, a whole number from 1 without gaps, as text.",
        order="{self}.sequence",
        sql_type="bigint",
    )
    type: str = column(
        "What happened, in the past tense: PRODUCT_CREATED, MEASUREMENTS_RECORDED, HEALTH_CHANGED.",
        filter="STRING",
    )
    entity_kind: str = column("Kind of object that changed, such as KPI.", filter="STRING")
    entity_id: strawberry.ID = expression(
        "Id of the object that changed.",
        public_id("{self}.entity_kind", "{self}.entity_id"),
    )
    subject = one_of(
        HealthSubject,
        "What it is about; null for the organization's own affairs, such as keys.",
        "{self}.subject_id",
        nullable=True,
    )
    actor = part(EventActor, "Who caused it.")
    changes = rows(FieldChange, "Fields that moved, at most 250.", _CHANGES, "{other}.place")
    occurred_at: datetime = column("Instant of the change.", filter="DATE_TIME", sql_type="timestamptz")


EventConnection, EventEdge, EventFilter, EventOrder = listing(
    Event,
    COMPARATORS,
    {
        "subjectId": ExtraFilter(
            COMPARATORS["ID"], "What the event is about.", Filter("{self}.subject_id", "ID", "uuid")
        )
    },
)


@strawberry.type
class EventQuery:
    events = many(
        "Event",
        "The feed, oldest first. Read on with the last cursor that you stored: nothing is missed, nothing comes twice.",
        order="SEQUENCE",
    )
