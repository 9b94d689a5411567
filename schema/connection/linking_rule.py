"""Linking rules: which tracker items belong to which initiative."""

from datetime import datetime

import strawberry

from compiler.declare import column, identifier, many, one, table
from compiler.listing import listing
from portfolio.enumerations import LinkingRuleKind
from schema.entity import entity
from schema.node import Node
from schema.scalars import COMPARATORS


@entity(subject="initiative_id")
@table(
    "linking_rule",
    kind="LINKING_RULE",
    wall="exists (select from subject s where s.tenant_id = {self}.tenant_id and s.id = {self}.initiative_id and s.portfolio_id = any({granted}))",
)
class LinkingRule(Node):
    """A rule by which items of a tracker belong to an initiative. The first kind that matches decides: EXPLICIT, MILESTONE, LABEL."""

    id: strawberry.ID = identifier("LINKING_RULE")
    kind: LinkingRuleKind = column("What the rule looks at.", filter=LinkingRuleKind)
    container: str | None = column("Repository or project in which it holds; null: in all.")
    value: str = column("Milestone title, label, or key of the item.", filter="STRING")
    connection = one(
        "Connection",
        "Tracker whose items it looks at; null when it is hidden from you.",
        "{other}.id = {self}.connection_id",
        nullable=True,
    )
    initiative = one("Initiative", "Initiative to which the items belong.", "{other}.id = {self}.initiative_id")
    version: int = column("Number of changes.")
    created_at: datetime = column("Instant of creation.", filter="DATE_TIME", sql_type="timestamptz", order=True)
    archived_at: datetime | None = column(
        "Instant since when the rule no longer holds; null: it holds.",
        filter="DATE_TIME",
        sql_type="timestamptz",
    )


LinkingRuleConnection, LinkingRuleEdge, LinkingRuleFilter, LinkingRuleOrder = listing(LinkingRule, COMPARATORS)


@strawberry.type
class LinkingRuleQuery:
    linking_rules = many("LinkingRule", "Linking rules of all trackers, in the order of creation.")
