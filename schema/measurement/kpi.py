"""KPIs: what is measured, and when it is good enough."""

from datetime import date, datetime

import strawberry

from compiler.declare import column, identifier, lookup, many, one, one_of, table
from compiler.listing import ExtraFilter, listing
from compiler.mapping import Filter
from portfolio.enumerations import KpiCategory, KpiDirection, KpiValueMode
from schema import check
from schema.connection.external_link import external_links
from schema.entity import entity
from schema.measurement.kpi_target import KpiTargetInput
from schema.member import written
from schema.node import HealthSubject, Searchable
from schema.organization.custom_field import custom_fields
from schema.reference import by_id_key_or_external, lookup_input
from schema.scalars import COMPARATORS

_WALL = "exists (select from subject s where s.tenant_id = {self}.tenant_id and s.id = {self}.subject_id and s.portfolio_id = any({granted}))"


_LINE_OF_TARGET = """
  (select row_to_json(v) from (
    select t.target, t.baseline, t.start_on as "startOn", t.target_on as "targetOn", t.red_at as "redAt",
           t.green_at as "greenAt", t.tolerance, t.range_low as "rangeLow", t.range_high as "rangeHigh"
    from kpi_target t where t.tenant_id = $1 and t.kpi_id = x.id and t.superseded_at is null) v)"""


@entity(
    subject="subject_id",
    external=True,
    owned=("customFields",),
    marks=("subject_id",),
    on_insert={"created_on": "organization_day($3)"},
    create="Add a KPI to what it measures, with a target if it has one.",
    update="Change a KPI's definition.",
    upsert="Make or change a KPI by the name that another system gives it.",
    archive="Take a KPI out of lists and out of health; its measurements are kept. Safe to repeat.",
    restore="Bring back an archived KPI. Safe to repeat.",
    needs="a new KPI needs key, name, subjectId, category, unit and direction",
)
@table("kpi", kind="KPI", wall=_WALL)
class Kpi(Searchable):
    """A measure of a product, an initiative, a portfolio or the organization, with a target."""

    id: strawberry.ID = identifier("KPI")
    subject = written(
        one_of(HealthSubject, "What the KPI measures.", "{self}.subject_id"),
        "What the KPI measures: the organization, a portfolio, a product or an initiative.",
        fixed=True,
        upsert_says="What the KPI measures: the organization, a portfolio, a product or an initiative. It stays the same for ever.",
    )
    description: str | None = written(
        column("How it is measured, in Markdown; null when nobody wrote it down."),
        "How it is measured, in Markdown, at most 20,000 characters; null: not said.",
        check.text,
        private=True,
    )
    category: KpiCategory = written(
        column(
            "What kind of outcome it is; it decides the health dimension.",
            filter=KpiCategory,
            order=True,
        ),
        "What kind of outcome it is.",
        weighs=True,
    )
    unit: str = written(
        column("Unit of its values, such as % or ms."),
        "Unit of its values, such as % or ms, 1 to 32 characters.",
        check.line(32),
    )
    direction: KpiDirection = written(
        column("Whether higher or lower is better, or a range is wanted.", filter=KpiDirection),
        "Which values are good.",
        weighs=True,
        update_says="Which values are good; changed together with the target where that no longer fits.",
    )
    value_mode: KpiValueMode = written(
        column("LAST: the newest day's value counts. MEDIAN3: the median of the newest three days."),
        "How the value of a day is taken from the measurements; a new KPI: LAST.",
        default=KpiValueMode.LAST,
        weighs=True,
    )
    cadence_days: int | None = written(
        column("Days within which a new value is expected; null: the policy's, 30."),
        "Days within which a new value is expected, 1 to 3650; null: the policy's, 30.",
        check.whole(1, 3650),
        weighs=True,
    )
    weight: int = written(
        column("Weight among the KPIs of its dimension, 1 to 1000.", filter="INT", sql_type="integer"),
        "Weight among the KPIs of its dimension, 1 to 1000; a new KPI: 1.",
        check.whole(1, 1000),
        default=1,
        weighs=True,
    )
    required: bool = written(
        column("Whether a missing value lowers the score.", filter="BOOLEAN", sql_type="boolean"),
        "Whether a missing value lowers the score; a new KPI: false.",
        default=False,
        weighs=True,
    )
    critical: bool = written(
        column(
            "Whether a red value caps the score; critical implies required.",
            filter="BOOLEAN",
            sql_type="boolean",
        ),
        "Whether a red value caps the score, which implies required; a new KPI: false.",
        default=False,
        weighs=True,
    )
    waived_through_on: date | None = written(
        column("Last day on which the KPI is left out of health; null: it counts.", "waived_until"),
        "Last day on which the KPI is left out of health; null: it counts.",
        check.day,
        weighs=True,
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
    target = written(
        one(
            "KpiTarget",
            "Target in force; null: there is none.",
            "{other}.id = {self}.target_id",
            nullable=True,
        ),
        "Target from now on, as a whole; absent or null: the one in force, or none.",
        name="target",
        annotation=KpiTargetInput,
        kept_apart=True,
        line=_LINE_OF_TARGET,
        weighs=True,
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


KpiConnection, KpiEdge, KpiFilter, KpiOrder = listing(
    Kpi,
    COMPARATORS,
    {"subjectId": ExtraFilter(COMPARATORS["ID"], "What the KPI measures.", Filter("{self}.subject_id", "ID", "uuid"))},
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
