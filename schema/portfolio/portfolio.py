"""Portfolios: a tree of what belongs together."""

from datetime import datetime

import strawberry

from compiler.declare import column, identifier, lookup, many, one, table
from compiler.listing import ExtraFilter, listing
from compiler.mapping import Filter, Order
from schema import check
from schema.connection.external_link import external_links
from schema.entity import entity
from schema.measurement.health import HEALTH_FILTER
from schema.measurement.mover import IN_PORTFOLIO, movers
from schema.measurement.rollup import rollup
from schema.member import written
from schema.node import HealthSubject
from schema.people.assignment import assignments
from schema.people.capacity import capacity_of_work
from schema.people.skill_demand import skill_demands, skill_gaps
from schema.portfolio.data_gap import Reach, data_gaps
from schema.reference import by_id_key_or_external, lookup_input
from schema.scalars import COMPARATORS

_BELOW = "and p.portfolio_id in (select c.descendant_id from portfolio_closure c where c.tenant_id = {tenant} and c.ancestor_id = {self}.id)"

_WORK_BELOW = "s.portfolio_id in (select c.descendant_id from portfolio_closure c where c.tenant_id = {tenant} and c.ancestor_id = {self}.id)"


@entity(
    home="id",
    below="parent_id",
    external=True,
    marks=("id", "parent_id"),
    create="Add a portfolio, at the top or below another one.",
    update="Change a portfolio, or move it with all that lies below it.",
    upsert="Make or change a portfolio by the name that another system gives it.",
    archive="Take an empty portfolio out of lists and out of its parent's health. Safe to repeat.",
    restore="Bring back an archived portfolio. Safe to repeat.",
    needs="a new portfolio needs key and name",
)
@table(
    "portfolio",
    kind="PORTFOLIO",
    wall="{self}.id = any({granted})",
    orders={"HEALTH_SCORE": Order("{self}.health_score_mp", "integer")},
)
class Portfolio(HealthSubject):
    """A portfolio of AI products, and of portfolios."""

    id: strawberry.ID = identifier("PORTFOLIO")
    description: str | None = written(
        column("What the portfolio is for, in Markdown; null when nobody wrote it down."),
        "What the portfolio is for, in Markdown, at most 20,000 characters; null: nothing.",
        check.text,
        private=True,
    )
    parent = written(
        one(
            "Portfolio",
            "Portfolio above; null at the top and above what you may see.",
            "{other}.id = {self}.parent_id",
            nullable=True,
        ),
        "Portfolio above; null: at the top.",
        weighs=True,
    )
    owner = written(
        one(
            "Person",
            "Person who answers for the portfolio; null when nobody does.",
            "{other}.id = {self}.owner_id",
            nullable=True,
        ),
        "Person who answers for the portfolio; null: nobody.",
    )
    importance: int = written(
        column("Weight in its parent's health, 1 to 1000.", filter="INT", sql_type="integer", order=True),
        "Weight in its parent's health, 1 to 1000; a new portfolio: 100.",
        check.whole(1, 1000),
        default=100,
        weighs=True,
    )
    children = many("Portfolio", "Portfolios directly below.", "{other}.parent_id = {self}.id")
    products = many("Product", "Products whose home this portfolio is.", "{other}.portfolio_id = {self}.id")
    initiatives = many(
        "Initiative",
        "Initiatives whose home this portfolio is.",
        "{other}.portfolio_id = {self}.id",
    )
    kpis = many("Kpi", "KPIs of the portfolio itself.", "{other}.subject_id = {self}.id")
    events = many(
        "Event",
        "What happened to the portfolio itself, oldest first.",
        "{other}.subject_id = {self}.id",
        order="SEQUENCE",
    )
    rollup = rollup(_BELOW)
    assignments = assignments()
    skill_demands = skill_demands()
    capacity = capacity_of_work(
        "Time of those who work on the portfolio and on all that lies below it, there.", _WORK_BELOW
    )
    skill_gaps = skill_gaps("Skills needed by the portfolio and all that lies below it.", _WORK_BELOW)
    data_gaps = data_gaps(Reach.PORTFOLIO)
    movers = movers(IN_PORTFOLIO)
    external_links = external_links()
    version: int = column(
        "Number of changes; give it back in an update to be sure that nobody changed the portfolio meanwhile."
    )
    created_at: datetime = column("Instant of creation.", filter="DATE_TIME", sql_type="timestamptz", order=True)
    updated_at: datetime = column("Instant of the last change.", filter="DATE_TIME", sql_type="timestamptz", order=True)
    archived_at: datetime | None = column(
        "Instant since when it is archived; null: it is not.",
        filter="DATE_TIME",
        sql_type="timestamptz",
    )


PortfolioConnection, PortfolioEdge, PortfolioFilter, PortfolioOrder = listing(
    Portfolio,
    COMPARATORS,
    {
        "health": HEALTH_FILTER,
        "parentId": ExtraFilter(
            COMPARATORS["ID"],
            "Portfolio above; isNull finds those at the top.",
            # What `parent` hides, the filter does not find.
            Filter("(case when true {within {self}.parent_id} then {self}.parent_id end)", "ID", "uuid", "PORTFOLIO"),
        ),
        "ownerId": ExtraFilter(COMPARATORS["ID"], "Owner.", Filter("{self}.owner_id", "ID", "uuid", "PERSON")),
    },
)
PortfolioBy = lookup_input("PortfolioBy", "portfolio", external=True)


@strawberry.type
class PortfolioQuery:
    portfolio = lookup(
        "Portfolio",
        "Portfolio by one of its names; null when there is none that you may see.",
        PortfolioBy,
        by_id_key_or_external("PORTFOLIO"),
    )
    portfolios = many("Portfolio", "Portfolios of the organization, at every depth, in the order of creation.")
