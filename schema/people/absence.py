"""Absences: when people are away, and for which part of the day. Why is for few to know."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

import strawberry

from compiler.declare import column, expression, identifier, lookup, many, one, table
from compiler.listing import ExtraFilter, listing
from compiler.mapping import Filter
from schema import check
from schema.connection.external_link import external_links
from schema.entity import entity
from schema.enumerations import described
from schema.member import written
from schema.node import Node
from schema.people.work import person_in_sight
from schema.reference import by_id_or_external, lookup_input
from schema.scalars import COMPARATORS

# Health data, in part: for the person and for those who administer the organization, and never a filter or an order.
_KIND = (
    "(select {self}.kind from api_key k where k.tenant_id = {self}.tenant_id and k.id = {key_id}"
    " and ('ADMIN' = any (k.scopes) or k.person_id = {self}.person_id))"
)


@described(
    "Why somebody is away.",
    VACATION="Vacation.",
    SICK="Sickness.",
    HOLIDAY="A public holiday where the person works.",
    OTHER="Another reason, or none given.",
)
class AbsenceKind(StrEnum):
    VACATION = "VACATION"
    SICK = "SICK"
    HOLIDAY = "HOLIDAY"
    OTHER = "OTHER"


def _share_away(value: Any) -> Decimal:
    share = check.share(value)
    if not share:
        raise ValueError("This is above 0: who is away for no part of a day is not absent.")
    return share


@entity(
    external=True,
    tenant_wide=True,
    known_by=("personId", "fromOn", "toOn"),
    is_unique=False,
    create="Say that a person is away.",
    update="Change an absence.",
    upsert="Make or change an absence by the name that another system gives it.",
    archive="Take back an absence. Safe to repeat.",
    restore="Bring back an archived absence. Safe to repeat.",
    needs="a new one needs personId, which stays the same for ever, fromOn and toOn",
)
@table("absence", kind="ABSENCE", wall=person_in_sight("{self}.person_id"))
class Absence(Node):
    """Days on which a person is away, for all or a part of each. Where two overlap, the one that begins later holds."""

    id: strawberry.ID = identifier("ABSENCE")
    person = written(one("Person", "Who is away.", "{other}.id = {self}.person_id"), "Who is away.", fixed=True)
    from_on: date = written(
        column("First day.", filter="DATE", sql_type="date", order=True), "First day.", check.day, weighs=True
    )
    to_on: date = written(
        column("Last day.", filter="DATE", sql_type="date", order=True),
        "Last day, not before fromOn.",
        check.day,
        weighs=True,
    )
    share_away: float = written(
        column("Share of each day, above 0 to 1.", filter="FLOAT", sql_type="numeric", order=True),
        "Share of each day, above 0 to 1; 0.5 is half of every day.",
        _share_away,
        default=Decimal(1),
        nullable=False,
        weighs=True,
    )
    kind: AbsenceKind | None = written(
        expression("Why; null unless your key is the person's own or has the scope ADMIN.", _KIND),
        "Why; OTHER if it is not said. Only keys of the person and keys with the scope ADMIN may say it.",
        default=AbsenceKind.OTHER,
        nullable=False,
        untold=True,
    )
    external_links = external_links()
    version: int = column("Number of changes; give it back in an update to be sure that nobody changed it meanwhile.")
    created_at: datetime = column("Instant of creation.", filter="DATE_TIME", sql_type="timestamptz", order=True)
    updated_at: datetime = column("Instant of the last change.", filter="DATE_TIME", sql_type="timestamptz", order=True)
    archived_at: datetime | None = column(
        "Instant since when it is archived; null: it is not.", filter="DATE_TIME", sql_type="timestamptz"
    )


AbsenceConnection, AbsenceEdge, AbsenceFilter, AbsenceOrder = listing(
    Absence,
    COMPARATORS,
    {"personId": ExtraFilter(COMPARATORS["ID"], "Who is away.", Filter("{self}.person_id", "ID", "uuid", "PERSON"))},
)
AbsenceBy = lookup_input("AbsenceBy", "absence", external=True, key=False)


@strawberry.type
class AbsenceQuery:
    absence = lookup(
        "Absence",
        "Absence by one of its names; null when there is none that you may see.",
        AbsenceBy,
        by_id_or_external("ABSENCE"),
    )
    absences = many("Absence", "Absences of all people, in the order of creation.")
