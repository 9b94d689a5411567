"""Saved views: a list with its filter and order, to come back to."""

from datetime import datetime

import strawberry

from compiler.declare import column, identifier, many, one, table
from compiler.listing import listing
from portfolio.enumerations import SavedViewEntity
from schema.entity import entity
from schema.node import Node
from schema.scalars import COMPARATORS, JSON

_MINE = (
    "exists (select from api_key k where k.tenant_id = {self}.tenant_id and k.id = {key_id}"
    " and coalesce(k.person_id, k.service_account_id) = coalesce({self}.person_id, {self}.service_account_id))"
)


# What is shared may name portfolios in its filter: viewers with grants see their own views only.
@entity(found="{self}.shared_at is not null")
@table("saved_view", kind="SAVED_VIEW", wall=_MINE, fence=f"({{self}}.shared_at is not null or {_MINE})")
class SavedView(Node):
    """A filter and an order of a list, saved by the holder of a key; others see it once it is shared."""

    id: strawberry.ID = identifier("SAVED_VIEW")
    name: str = column(
        "Display name.",
        filter="STRING",
        filter_expression="{self}.name_key",
        normalized=True,
        order="{self}.name_key",
    )
    entity: SavedViewEntity = column("Kind of object that it lists.", filter=SavedViewEntity)
    filter: JSON | None = column("Filter, as the entity's list takes it; null: none.")
    order_by: JSON | None = column("Sort keys, as the entity's list takes them; null: the default.")
    person = one(
        "Person",
        "Person whose view it is; null when it is a service account's, or hidden from you.",
        "{other}.id = {self}.person_id",
        nullable=True,
    )
    service_account = one(
        "ServiceAccount",
        "Service account whose view it is; null when it is a person's, or hidden from you.",
        "{other}.id = {self}.service_account_id",
        nullable=True,
    )
    shared_at: datetime | None = column(
        "Instant since when others see it; null: its owner alone does.",
        filter="DATE_TIME",
        sql_type="timestamptz",
    )
    version: int = column(
        "Number of changes; give it back in an update to be sure that nobody changed the view meanwhile."
    )
    created_at: datetime = column("Instant of creation.", filter="DATE_TIME", sql_type="timestamptz", order=True)
    updated_at: datetime = column("Instant of the last change.", filter="DATE_TIME", sql_type="timestamptz", order=True)
    archived_at: datetime | None = column(
        "Instant since when it is archived; null: it is not.",
        filter="DATE_TIME",
        sql_type="timestamptz",
    )


SavedViewConnection, SavedViewEdge, SavedViewFilter, SavedViewOrder = listing(SavedView, COMPARATORS)


@strawberry.type
class SavedViewQuery:
    saved_views = many("SavedView", "Your saved views and those shared with you, by name.", order="NAME")
