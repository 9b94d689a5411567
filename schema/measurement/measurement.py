"""Measurements: values of a KPI; corrections supersede, nothing is deleted."""

from datetime import date, datetime

import strawberry

from compiler.declare import column, identifier, many, one, table
from compiler.listing import ExtraFilter, listing
from compiler.mapping import Filter
from schema.node import Node
from schema.scalars import COMPARATORS

_WALL = (
    "exists (select from kpi k join subject s on s.tenant_id = k.tenant_id and s.id = k.subject_id"
    " where k.tenant_id = {self}.tenant_id and k.id = {self}.kpi_id and s.portfolio_id = any({granted}))"
)


@table("measurement", kind="MEASUREMENT", wall=_WALL)
class Measurement(Node):
    """A value of a KPI at an instant."""

    id: strawberry.ID = identifier("MEASUREMENT")
    kpi = one("Kpi", "KPI that was measured.", "{other}.id = {self}.kpi_id")
    value: float = column(
        "Value in the KPI's unit, exactly as it was given.",
        filter="FLOAT",
        sql_type="numeric",
        order=True,
    )
    observed_at: datetime = column(
        "Instant for which the value holds.", filter="DATE_TIME", sql_type="timestamptz", order=True
    )
    observed_on: date = column(
        "Day of that instant in the organization's calendar, fixed when it was written.",
        filter="DATE",
        sql_type="date",
    )
    recorded_at: datetime = column(
        "Instant at which it was recorded here.",
        filter="DATE_TIME",
        sql_type="timestamptz",
        order=True,
    )
    source: str | None = column("Name of the sender's system; null when not given.", filter="STRING")
    external_id: str | None = column("Id of the value there; null when not given.", filter="STRING")
    note: str | None = column("Remark; null when there is none.")
    supersedes = one(
        "Measurement",
        "Measurement that this one corrects; null: none.",
        "{other}.id = {self}.supersedes_id",
        nullable=True,
    )
    superseded_at: datetime | None = column(
        "Instant at which a correction replaced it; null: it counts.",
        filter="DATE_TIME",
        sql_type="timestamptz",
    )


MeasurementConnection, MeasurementEdge, MeasurementFilter, MeasurementOrder = listing(
    Measurement,
    COMPARATORS,
    {
        "kpiId": ExtraFilter(
            COMPARATORS["ID"],
            "KPI that was measured.",
            Filter("{self}.kpi_id", "ID", "uuid", "KPI"),
        )
    },
)


@strawberry.type
class MeasurementQuery:
    measurements = many("Measurement", "Measurements of all KPIs, in the order of recording.")
