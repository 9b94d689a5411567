"""Initiatives: the work that moves products, with its dates and its progress."""

from datetime import date, datetime

import strawberry

from compiler.declare import (
    column,
    expression,
    identifier,
    lookup,
    many,
    one,
    part,
    rows,
    table,
    value_object,
)
from compiler.listing import ExtraFilter, listing
from compiler.mapping import Filter, Order
from portfolio.enumerations import InitiativeState, ProgressSource
from schema import check
from schema.connection.external_link import external_links
from schema.entity import entity
from schema.measurement.health import HEALTH_FILTER
from schema.member import written
from schema.node import HealthSubject
from schema.organization.custom_field import custom_fields
from schema.people.assignment import assignments
from schema.people.skill_demand import skill_demands, skill_gaps
from schema.portfolio.data_gap import Reach, data_gaps
from schema.portfolio.dependency import HAS_VIOLATED
from schema.portfolio.label import LABEL_FILTER, labels
from schema.reference import by_id_key_or_external, lookup_input
from schema.scalars import COMPARATORS


@value_object
class InitiativeProgress:
    """Progress as last known, from the tracker's items or from the last recorded snapshot."""

    source: ProgressSource | None = column("Where it comes from; null: never measured.", "progress_source")
    ratio: float | None = expression(
        "Scope done over total scope, 0 to 1, six decimals; null without scope.",
        "round({self}.done_scope / nullif({self}.total_scope, 0), 6)",
    )
    total_scope: float | None = column(
        "Scope in all, in the unit of the source; canceled items are no scope. Null: unknown."
    )
    done_scope: float | None = column("Scope done, in the same unit. Null: unknown.")
    total_items: int | None = column("Number of items in all; null: unknown.")
    done_items: int | None = column("Number of items done; null: unknown.")
    in_progress_items: int | None = column("Number of items being worked on; null: unknown.")
    blocked_items: int | None = column("Number of items in progress that are blocked; null: unknown.")
    weekly_throughput: list[int] | None = column(
        "Items done in each completed week, oldest first, at most 12; null: unknown."
    )
    observed_on: date | None = column("Day of the observation; null: never.", "progress_observed_on")


@value_object
class InitiativeProduct:
    """An initiative's share in a product."""

    importance: int = column("Weight of the initiative in the product's health, 1 to 1000.")
    product = one(
        "Product",
        "The product; null when it is outside your portfolios.",
        "{other}.id = {self}.product_id",
        nullable=True,
    )


@strawberry.input(description="A product that an initiative works on.")
class InitiativeProductInput:
    product_id: strawberry.ID = strawberry.field(description="The product.")
    importance: int | None = strawberry.field(
        description="Weight of the initiative in the product's health, 1 to 1000; null: 100.", default=strawberry.UNSET
    )


# A list that lacks what is archived would take it away in an import: such a list is left out of the line.
_LINE_OF_PRODUCTS = """
  (select case when bool_or(p.archived_at is not null) then to_json(chr(1))
          else coalesce(json_agg(json_build_object('product', p.key, 'importance', l.importance) order by p.key),
                        '[]') end
   from initiative_product l join product p on p.tenant_id = l.tenant_id and p.id = l.product_id
   where l.tenant_id = $1 and l.initiative_id = x.id)"""


@entity(
    home="portfolio_id",
    below="portfolio_id",
    external=True,
    owned=("labels", "customFields"),
    marks=("id", "portfolio_id"),
    create="Add an initiative to a portfolio, with the products that it works on.",
    update="Change an initiative, or move it to another portfolio or other products.",
    upsert="Make or change an initiative by the name that another system gives it.",
    archive="Take an initiative out of lists and out of its products' health. Safe to repeat.",
    restore="Bring back an archived initiative. Safe to repeat.",
    needs="a new one needs key, name and portfolioId",
)
@table(
    "initiative",
    kind="INITIATIVE",
    wall="{self}.portfolio_id = any({granted})",
    orders={"HEALTH_SCORE": Order("{self}.health_score_mp", "integer")},
)
class Initiative(HealthSubject):
    """A piece of planned work on one or several products."""

    id: strawberry.ID = identifier("INITIATIVE")
    description: str | None = written(
        column("What the initiative is for, in Markdown; null when nobody wrote it down."),
        "What the initiative is for, in Markdown, at most 20,000 characters; null: nothing.",
        check.text,
        private=True,
    )
    portfolio = written(
        one("Portfolio", "Home portfolio.", "{other}.id = {self}.portfolio_id"), "Home portfolio.", weighs=True
    )
    owner = written(
        one(
            "Person",
            "Person who answers for the initiative; null when nobody does.",
            "{other}.id = {self}.owner_id",
            nullable=True,
        ),
        "Person who answers for the initiative; null: nobody.",
    )
    state: InitiativeState = written(
        column("State of the work.", filter=InitiativeState, order=True),
        "State of the work; a new initiative: PROPOSED.",
        default=InitiativeState.PROPOSED,
        weighs=True,
    )
    start_on: date | None = written(
        column("First day of the work; null: not planned.", filter="DATE", sql_type="date", order=True),
        "First day of the work; null: not planned.",
        check.day,
        weighs=True,
    )
    target_on: date | None = written(
        column(
            "Day by which it should be finished; null: not planned.",
            filter="DATE",
            sql_type="date",
            order=True,
        ),
        "Day by which it should be finished, not before startOn; null: not planned.",
        check.day,
        weighs=True,
    )
    progress = part(InitiativeProgress, "Progress as last known.")
    products = many(
        "Product",
        "Products that the initiative works on.",
        "{other}.id in (select l.product_id from initiative_product l where l.tenant_id = {tenant} and l.initiative_id = {self}.id)",
    )
    product_links = written(
        rows(
            InitiativeProduct,
            "Products with the weight of the initiative in each; at most 250.",
            "(select l.* from initiative_product l where l.tenant_id = {tenant} and l.initiative_id = {self}.id order by l.product_id limit 250) {other}",
            "{other}.product_id",
        ),
        "Products that it works on, at most 250, in place of those before; null: none.",
        name="products",
        annotation=list[InitiativeProductInput],
        kinds=("PRODUCT",),
        kept_apart=True,
        line=_LINE_OF_PRODUCTS,
        weighs=True,
    )
    kpis = many("Kpi", "KPIs of the initiative itself.", "{other}.subject_id = {self}.id")
    work_items = many(
        "WorkItem",
        "Tracker items that belong to the initiative now.",
        "{other}.id in (select l.work_item_id from work_item_link l where l.tenant_id = {tenant} and l.initiative_id = {self}.id and l.valid_to is null)",
    )
    linking_rules = many(
        "LinkingRule",
        "Rules by which tracker items belong to the initiative.",
        "{other}.initiative_id = {self}.id",
    )
    progress_snapshots = many(
        "ProgressSnapshot",
        "Progress recorded by hand or by program, newest first.",
        "{other}.initiative_id = {self}.id",
        order="OBSERVED_AT desc",
    )
    events = many(
        "Event",
        "What happened to the initiative and its items, oldest first.",
        "{other}.subject_id = {self}.id",
        order="SEQUENCE",
    )
    assignments = assignments()
    skill_demands = skill_demands()
    skill_gaps = skill_gaps("Skills needed by the initiative.", "s.id = {self}.id")
    milestones = many(
        "Milestone", "Milestones of the initiative, by due day.", "{other}.initiative_id = {self}.id", order="DUE_ON"
    )
    blockers = many(
        "Dependency", "Dependencies on initiatives that must be finished first.", "{other}.blocked_id = {self}.id"
    )
    blocks = many("Dependency", "Dependencies of initiatives that wait for this one.", "{other}.blocker_id = {self}.id")
    labels = labels()
    custom_fields = custom_fields()
    data_gaps = data_gaps(Reach.INITIATIVE)
    external_links = external_links()
    version: int = column(
        "Number of changes; give it back in an update to be sure that nobody changed the initiative meanwhile."
    )
    created_at: datetime = column("Instant of creation.", filter="DATE_TIME", sql_type="timestamptz", order=True)
    updated_at: datetime = column("Instant of the last change.", filter="DATE_TIME", sql_type="timestamptz", order=True)
    archived_at: datetime | None = column(
        "Instant since when it is archived; null: it is not.",
        filter="DATE_TIME",
        sql_type="timestamptz",
    )


InitiativeConnection, InitiativeEdge, InitiativeFilter, InitiativeOrder = listing(
    Initiative,
    COMPARATORS,
    {
        "health": HEALTH_FILTER,
        "portfolioId": ExtraFilter(
            COMPARATORS["ID"],
            "Home portfolio.",
            Filter("{self}.portfolio_id", "ID", "uuid", "PORTFOLIO"),
        ),
        "ownerId": ExtraFilter(COMPARATORS["ID"], "Owner.", Filter("{self}.owner_id", "ID", "uuid", "PERSON")),
        "labelIds": LABEL_FILTER,
        "hasViolatedDependencies": ExtraFilter(
            bool, "Whether it waits for another initiative in a way that the plan does not hold.", HAS_VIOLATED
        ),
    },
)
InitiativeBy = lookup_input("InitiativeBy", "initiative", external=True)


@strawberry.type
class InitiativeQuery:
    initiative = lookup(
        "Initiative",
        "Initiative by one of its names; null when there is none that you may see.",
        InitiativeBy,
        by_id_key_or_external("INITIATIVE"),
    )
    initiatives = many("Initiative", "Initiatives of the organization, in the order of creation.")
