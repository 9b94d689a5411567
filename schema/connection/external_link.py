"""External links: how other systems name an object, and which of its fields they own."""

from datetime import datetime
from typing import Any

import strawberry

from compiler.declare import column, expression, identifier, many, one, one_of, table
from compiler.listing import ExtraFilter, listing
from compiler.mapping import Filter
from schema.entity import entity
from schema.node import HealthSubject, Node, public_id
from schema.people.work import person_in_sight, works_in_sight
from schema.scalars import COMPARATORS

# What the tenant shares has no subject: it is seen as the linked object is.
_WALL = f"""(exists (select from subject s where s.tenant_id = {{self}}.tenant_id and s.id = {{self}}.subject_id and s.portfolio_id = any({{granted}}))
 or {{self}}.kind in ('SKILL', 'LABEL')
 or {{self}}.kind = 'TEAM' and {works_in_sight("team_id", "{self}.node_id")}
 or {{self}}.kind = 'PERSON' and {person_in_sight("{self}.node_id")}
 or {{self}}.kind = 'MEMBERSHIP' and exists (select from membership m where m.tenant_id = {{self}}.tenant_id and m.id = {{self}}.node_id
 and {works_in_sight("team_id", "m.team_id")} and {person_in_sight("m.person_id")}))"""


def external_links() -> Any:
    return many("ExternalLink", "Other systems that know the object, and by which name.", "{other}.node_id = {self}.id")


@entity(subject="subject_id")
@table("external_link", kind="EXTERNAL_LINK", wall=_WALL.replace("\n", ""))
class ExternalLink(Node):
    """An object as another system names it. Fields that the system owns are changed there, and by nobody else here."""

    id: strawberry.ID = identifier("EXTERNAL_LINK")
    entity_kind: str = column("Kind of object, such as INITIATIVE.", "kind", filter="STRING")
    entity_id: strawberry.ID = expression("Id of the object.", public_id("{self}.kind", "{self}.node_id"))
    subject = one_of(
        HealthSubject,
        "What the object is, or belongs to; null for what the organization shares, such as people.",
        "{self}.subject_id",
        nullable=True,
    )
    system: str = column("The other system, such as JIRA or a name of your own.", filter="STRING", order=True)
    external_id: str = column("Id there.", filter="STRING", order=True)
    url: str | None = column("Address for people, http or https; null when none was given.")
    title: str | None = column("What people call it there; null when none was given.")
    authoritative_fields: list[str] = column(
        "Fields of the object that the system owns, as inputs name them, at most 20, in alphabetical order."
    )
    service_account = one(
        "ServiceAccount",
        "Service account that alone changes those fields and, beside keys with scope ADMIN, the link; null when whoever speaks for the system may, or when it is hidden from you.",
        "{other}.id = {self}.service_account_id",
        nullable=True,
    )
    version: int = column(
        "Number of changes; give it back in a change to be sure that nobody changed the link meanwhile."
    )
    created_at: datetime = column("Instant of creation.", filter="DATE_TIME", sql_type="timestamptz", order=True)
    updated_at: datetime = column("Instant of the last change.", filter="DATE_TIME", sql_type="timestamptz", order=True)


ExternalLinkConnection, ExternalLinkEdge, ExternalLinkFilter, ExternalLinkOrder = listing(
    ExternalLink,
    COMPARATORS,
    {"entityId": ExtraFilter(COMPARATORS["ID"], "Linked object.", Filter("{self}.node_id", "ID", "uuid"))},
)


@strawberry.type
class ExternalLinkQuery:
    external_links = many("ExternalLink", "External links of all objects, in the order of creation.")
