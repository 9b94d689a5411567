"""The organization: the tenant, and the top of every roll-up."""

from datetime import datetime

import strawberry

from compiler.declare import column, identifier, many, one, table
from schema.node import HealthSubject
from schema.rollup import rollup


@table("organization", kind="ORGANIZATION")
class Organization(HealthSubject):
    """The organization to which everything belongs. Its health is hidden from viewers who see only some portfolios."""

    id: strawberry.ID = identifier("ORGANIZATION")
    name: str = column("Display name.")
    time_zone: str = column(
        "IANA time zone in which days begin, such as Europe/Zurich. A change holds from the next day."
    )
    first_weekday: int = column("First day of the week: 1 Monday to 7 Sunday.")
    health_policy_version: str = column("Version of the rules by which health is computed now.")
    portfolios = many("Portfolio", "Portfolios at the top: those without a parent.", "{other}.parent_id is null")
    rollup = rollup("")
    version: int = column(
        "Number of changes; give it back in an update to be sure that nobody changed the organization meanwhile."
    )
    created_at: datetime = column("Instant of creation.")
    updated_at: datetime = column("Instant of the last change.")


@strawberry.type
class OrganizationQuery:
    organization = one("Organization", "Organization to which the key belongs.", "true")
