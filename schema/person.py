"""People: who answers for things."""

from datetime import datetime

import strawberry

from compiler.declare import column, identifier, lookup, many, table
from compiler.listing import listing
from schema.node import Node
from schema.reference import by_id_key_or_external, external_references, lookup_input
from schema.scalars import COMPARATORS

# A viewer with grants sees the people who answer for something that the viewer sees.
_WALL = " or ".join(
    f"exists (select from {owned} o where o.tenant_id = {{self}}.tenant_id and o.owner_id = {{self}}.id and o.{wall} = any({{granted}}))"
    for owned, wall in (
        ("portfolio", "id"),
        ("product", "portfolio_id"),
        ("initiative", "portfolio_id"),
    )
)


@table("person", kind="PERSON", wall=f"({_WALL})")
class Person(Node):
    """A person of the organization."""

    id: strawberry.ID = identifier("PERSON")
    key: str = column("Name that people use, unique in the organization.", filter="STRING", order=True)
    name: str = column(
        "Display name.",
        filter="STRING",
        filter_expression="{self}.name_key",
        normalized=True,
        order="{self}.name_key",
    )
    email: str | None = column("E-mail address; null when not known.")
    portfolios = many("Portfolio", "Portfolios that the person answers for.", "{other}.owner_id = {self}.id")
    products = many("Product", "Products that the person answers for.", "{other}.owner_id = {self}.id")
    initiatives = many("Initiative", "Initiatives that the person answers for.", "{other}.owner_id = {self}.id")
    api_keys = many("ApiKey", "Keys that belong to the person.", "{other}.person_id = {self}.id", scope="ADMIN")
    external_references = external_references()
    version: int = column(
        "Number of changes; give it back in an update to be sure that nobody changed the person meanwhile."
    )
    created_at: datetime = column("Instant of creation.", filter="DATE_TIME", sql_type="timestamptz", order=True)
    updated_at: datetime = column("Instant of the last change.", filter="DATE_TIME", sql_type="timestamptz", order=True)
    archived_at: datetime | None = column(
        "Instant since when the person is archived; null: not.",
        filter="DATE_TIME",
        sql_type="timestamptz",
    )


_LISTING = listing(Person, COMPARATORS)
PersonConnection, PersonEdge, PersonFilter, PersonOrder = (
    _LISTING.connection,
    _LISTING.edge,
    _LISTING.filter,
    _LISTING.order,
)
PersonBy = lookup_input("PersonBy", "person", external=True)


@strawberry.type
class PersonQuery:
    person = lookup(
        "Person",
        "Person by one of their names; null when there is none that you may see.",
        PersonBy,
        by_id_key_or_external("PERSON"),
    )
    persons = many("Person", "People of the organization, in the order of creation.")
