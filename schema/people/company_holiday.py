"""Company holidays: days on which nobody works."""

from datetime import date, datetime

import strawberry

from compiler.declare import column, identifier, lookup, many, table
from compiler.listing import listing
from schema import check
from schema.connection.external_link import external_links
from schema.entity import entity
from schema.member import written
from schema.node import Node
from schema.reference import by_id_or_external, lookup_input
from schema.scalars import COMPARATORS


@entity(
    external=True,
    tenant_wide=True,
    known_by=("heldOn",),
    create="Add a day on which nobody in the organization works.",
    update="Change a company holiday.",
    upsert="Make or change a company holiday by the name that another system gives it.",
    archive="Take back a company holiday: that day is a working day again. Safe to repeat.",
    restore="Bring back an archived company holiday. Safe to repeat.",
    needs="a new one needs heldOn and name",
)
@table("company_holiday", kind="COMPANY_HOLIDAY")
class CompanyHoliday(Node):
    """A day on which nobody in the organization works. On a Saturday or Sunday it changes nothing."""

    id: strawberry.ID = identifier("COMPANY_HOLIDAY")
    held_on: date = written(
        column("The day.", filter="DATE", sql_type="date", order=True), "The day; each has one at most.", check.day
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
    external_links = external_links()
    version: int = column("Number of changes; give it back in an update to be sure that nobody changed it meanwhile.")
    created_at: datetime = column("Instant of creation.", filter="DATE_TIME", sql_type="timestamptz", order=True)
    updated_at: datetime = column("Instant of the last change.", filter="DATE_TIME", sql_type="timestamptz", order=True)
    archived_at: datetime | None = column(
        "Instant since when it is archived; null: it is not.", filter="DATE_TIME", sql_type="timestamptz"
    )


CompanyHolidayConnection, CompanyHolidayEdge, CompanyHolidayFilter, CompanyHolidayOrder = listing(
    CompanyHoliday, COMPARATORS
)
CompanyHolidayBy = lookup_input("CompanyHolidayBy", "company holiday", external=True, key=False)


@strawberry.type
class CompanyHolidayQuery:
    company_holiday = lookup(
        "CompanyHoliday",
        "Company holiday by one of its names; null when there is none.",
        CompanyHolidayBy,
        by_id_or_external("COMPANY_HOLIDAY"),
    )
    company_holidays = many("CompanyHoliday", "Company holidays, by day.", order="HELD_ON")
