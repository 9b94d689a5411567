"""Products: what a portfolio is made of."""

from datetime import datetime

import strawberry

from compiler.declare import column, identifier, lookup, many, one, table
from compiler.listing import ExtraFilter, listing
from compiler.mapping import Filter, Order
from portfolio.enumerations import LifecycleStage, ProductTier
from schema import check
from schema.connection.external_link import external_links
from schema.entity import entity
from schema.measurement.health import HEALTH_FILTER
from schema.member import written
from schema.node import HealthSubject
from schema.organization.custom_field import custom_fields
from schema.people.assignment import assignments
from schema.people.capacity import capacity_of_work
from schema.people.skill_demand import skill_demands, skill_gaps
from schema.portfolio.data_gap import Reach, data_gaps
from schema.portfolio.label import LABEL_FILTER, labels
from schema.reference import by_id_key_or_external, lookup_input
from schema.scalars import COMPARATORS

_WORK = "(s.id = {self}.id or s.id in (select l.initiative_id from initiative_product l where l.tenant_id = {tenant} and l.product_id = {self}.id))"


@entity(
    home="portfolio_id",
    below="portfolio_id",
    external=True,
    owned=("labels", "customFields"),
    marks=("id", "portfolio_id"),
    create="Add a product to a portfolio.",
    update="Change a product, or move it to another portfolio.",
    upsert="Make or change a product by the name that another system gives it.",
    archive="Take a product out of lists and out of its portfolio's health. Safe to repeat.",
    restore="Bring back an archived product. Safe to repeat.",
    needs="a new product needs key, name and portfolioId",
)
@table(
    "product",
    kind="PRODUCT",
    wall="{self}.portfolio_id = any({granted})",
    orders={"HEALTH_SCORE": Order("{self}.health_score_mp", "integer")},
)
class Product(HealthSubject):
    """An AI product that the organization builds, buys or runs."""

    id: strawberry.ID = identifier("PRODUCT")
    description: str | None = written(
        column("What the product is for, in Markdown; null when nobody wrote it down."),
        "What the product is for, in Markdown, at most 20,000 characters; null: nothing.",
        check.text,
        private=True,
    )
    portfolio = written(
        one("Portfolio", "Home portfolio.", "{other}.id = {self}.portfolio_id"), "Home portfolio.", weighs=True
    )
    owner = written(
        one(
            "Person",
            "Person who answers for the product; null when nobody does.",
            "{other}.id = {self}.owner_id",
            nullable=True,
        ),
        "Person who answers for the product; null: nobody.",
    )
    lifecycle_stage: LifecycleStage = written(
        column("Stage of its life.", filter=LifecycleStage, order=True),
        "Stage of its life; a new product: IDEA.",
        default=LifecycleStage.IDEA,
        weighs=True,
    )
    tier: ProductTier = written(
        column(
            "How critical it is to the business; a label, never a weight.",
            filter=ProductTier,
            order=True,
        ),
        "How critical it is to the business, a label; a new product: TIER_3.",
        default=ProductTier.TIER_3,
    )
    importance: int = written(
        column("Weight in its portfolio's health, 1 to 1000.", filter="INT", sql_type="integer", order=True),
        "Weight in its portfolio's health, 1 to 1000; a new product: 100.",
        check.whole(1, 1000),
        default=100,
        weighs=True,
    )
    initiatives = many(
        "Initiative",
        "Initiatives that work on the product, those of other portfolios included.",
        "{other}.id in (select l.initiative_id from initiative_product l where l.tenant_id = {tenant} and l.product_id = {self}.id)",
    )
    kpis = many("Kpi", "KPIs of the product itself.", "{other}.subject_id = {self}.id")
    events = many(
        "Event",
        "What happened to the product and its KPIs, oldest first.",
        "{other}.subject_id = {self}.id",
        order="SEQUENCE",
    )
    assignments = assignments()
    skill_demands = skill_demands()
    capacity = capacity_of_work("Time of those who work on the product and its initiatives, there.", _WORK)
    skill_gaps = skill_gaps("Skills needed by the product and its initiatives.", _WORK)
    labels = labels()
    custom_fields = custom_fields()
    data_gaps = data_gaps(Reach.PRODUCT)
    external_links = external_links()
    version: int = column(
        "Number of changes; give it back in an update to be sure that nobody changed the product meanwhile."
    )
    created_at: datetime = column("Instant of creation.", filter="DATE_TIME", sql_type="timestamptz", order=True)
    updated_at: datetime = column("Instant of the last change.", filter="DATE_TIME", sql_type="timestamptz", order=True)
    archived_at: datetime | None = column(
        "Instant since when it is archived; null: it is not.",
        filter="DATE_TIME",
        sql_type="timestamptz",
    )


ProductConnection, ProductEdge, ProductFilter, ProductOrder = listing(
    Product,
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
    },
)
ProductBy = lookup_input("ProductBy", "product", external=True)


@strawberry.type
class ProductQuery:
    product = lookup(
        "Product",
        "Product by one of its names; null when there is none that you may see.",
        ProductBy,
        by_id_key_or_external("PRODUCT"),
    )
    products = many("Product", "Products of the organization, in the order of creation.")
