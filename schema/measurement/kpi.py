"""KPIs: what is measured, and when it is good enough."""

from datetime import date, datetime

import strawberry

from compiler.declare import column, identifier, lookup, many, one, one_of, table
from compiler.listing import ExtraFilter, listing
from compiler.mapping import Filter
from portfolio.enumerations import KpiCategory, KpiDirection, KpiValueMode
from schema.connection.external_link import external_links
from schema.node import HealthSubject, Searchable
from schema.organization.custom_field import custom_fields
from schema.reference import by_id_key_or_external, lookup_input
from schema.scalars import COMPARATORS

_WALL = "exists (select from subject s where s.tenant_id = {self}.tenant_id and s.id = {self}.subject_id and s.portfolio_id = any({granted}))"


@table("kpi", kind="KPI", wall=_WALL)
class Kpi(Searchable):
    """A measure of a product, an initiative, a portfolio or the organization, with a target."""

    id: strawberry.ID = identifier("KPI")
    description: str | None = column("How it is measured, in Markdown; null when nobody wrote it down.")
    subject = one_of(HealthSubject, "What the KPI measures.", "{self}.subject_id")
    category: KpiCategory = column(
        "What kind of outcome it is; it decides the health dimension.",
        filter=KpiCategory,
        order=True,
    )
    unit: str = column("Unit of its values, such as % or ms.")
    direction: KpiDirection = column("Whether higher or lower is better, or a range is wanted.", filter=KpiDirection)
    value_mode: KpiValueMode = column(
        "LAST: the newest day's value counts. MEDIAN3: the median of the newest three days."
    )
    cadence_days: int | None = column("Days within which a new value is expected; null: the policy's, 30.")
    weight: int = column("Weight among the KPIs of its dimension, 1 to 1000.", filter="INT", sql_type="integer")
    required: bool = column("Whether a missing value lowers the score.", filter="BOOLEAN", sql_type="boolean")
    critical: bool = column(
        "Whether a red value caps the score; critical implies required.",
        filter="BOOLEAN",
        sql_type="boolean",
    )
    waived_through_on: date | None = column(
        "Last day on which the KPI is left out of health; null: it counts.", "waived_until"
    )
    latest_value: float | None = column(
        "Value of the newest measurement; null: never measured.",
        filter="FLOAT",
        sql_type="numeric",
        order=True,
    )
    latest_observed_at: datetime | None = column(
        "Instant of the newest measurement; null: never measured.",
        filter="DATE_TIME",
        sql_type="timestamptz",
        order=True,
    )
    latest_measurement = one(
        "Measurement",
        "Newest measurement; null: never measured.",
        "{other}.id = {self}.latest_measurement_id",
        nullable=True,
    )
    target = one(
        "KpiTarget",
        "Target in force; null: there is none.",
        "{other}.id = {self}.target_id",
        nullable=True,
    )
    targets = many(
        "KpiTarget",
        "Targets, past ones included, newest first.",
        "{other}.kpi_id = {self}.id",
        order="RECORDED_AT desc",
    )
    measurements = many(
        "Measurement",
        "Measurements, superseded ones included, newest first.",
        "{other}.kpi_id = {self}.id",
        order="OBSERVED_AT desc",
    )
    custom_fields = custom_fields()
    external_links = external_links()
    version: int = column(
        "Number of changes; give it back in an update to be sure that nobody changed the KPI meanwhile."
    )
    created_at: datetime = column("Instant of creation.", filter="DATE_TIME", sql_type="timestamptz", order=True)
    updated_at: datetime = column("Instant of the last change.", filter="DATE_TIME", sql_type="timestamptz", order=True)
    archived_at: datetime | None = column(
        "Instant since when it is archived; null: it is not.",
        filter="DATE_TIME",
        sql_type="timestamptz",
    )


_LISTING = listing(
    Kpi,
    COMPARATORS,
    {"subjectId": ExtraFilter(COMPARATORS["ID"], "What the KPI measures.", Filter("{self}.subject_id", "ID", "uuid"))},
)
KpiConnection, KpiEdge, KpiFilter, KpiOrder = (
    _LISTING.connection,
    _LISTING.edge,
    _LISTING.filter,
    _LISTING.order,
)
KpiBy = lookup_input("KpiBy", "KPI", external=True)


@strawberry.type
class KpiQuery:
    kpi = lookup(
        "Kpi",
        "KPI by one of its names; null when there is none that you may see.",
        KpiBy,
        by_id_key_or_external("KPI"),
    )
    kpis = many("Kpi", "KPIs of the organization, in the order of creation.")
