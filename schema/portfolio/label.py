"""Labels: words by which products and initiatives are found."""

from datetime import datetime
from typing import Any

import strawberry

from compiler.declare import column, identifier, lookup, many, table
from compiler.listing import ExtraFilter, listing
from compiler.mapping import Filter
from schema import check
from schema.connection.external_link import external_links
from schema.entity import entity
from schema.member import written
from schema.node import Node
from schema.reference import ExternalReferenceBy, by_id_or_external
from schema.scalars import COMPARATORS

LABEL_FILTER = ExtraFilter(
    COMPARATORS["ID_LIST"],
    "Labels that it carries.",
    Filter(
        "array(select a.label_id from label_assignment a where a.tenant_id = {tenant} and a.subject_id = {self}.id)",
        "ID_LIST",
        "uuid",
        "LABEL",
    ),
)


def labels() -> Any:
    """The labels of a product or an initiative."""
    return many(
        "Label",
        "Labels that it carries, by name.",
        "{other}.id in (select a.label_id from label_assignment a where a.tenant_id = {tenant} and a.subject_id = {self}.id)",
        order="NAME",
    )


def _carried_by(type_name: str, description: str) -> Any:
    return many(
        type_name,
        description,
        "{other}.id in (select a.subject_id from label_assignment a where a.tenant_id = {tenant} and a.label_id = {self}.id)",
    )


@entity(
    external=True,
    tenant_wide=True,
    known_by=("name",),
    match='x.name_key = lower($2::text collate "C")',
    create="Add a label to the organization.",
    update="Change the word or the color of a label, wherever it is carried.",
    upsert="Make or change a label by the name that another system gives it.",
    archive="Take a label out of lists; what carries it keeps it, unseen. Safe to repeat.",
    restore="Bring back an archived label, on all that carries it. Safe to repeat.",
    needs="a new label needs a name",
)
@table("label", kind="LABEL")
class Label(Node):
    """A word of the organization, seen by everyone in it, that products and initiatives can carry."""

    id: strawberry.ID = identifier("LABEL")
    name: str = written(
        column(
            "The word, unique in the organization in any case.",
            filter="STRING",
            filter_expression="{self}.name_key",
            normalized=True,
            order="{self}.name_key",
        ),
        "The word, 1 to 50 characters, unique in the organization in any case.",
        check.line(50),
    )
    color: str = written(
        column("Color for screens, as #RRGGBB."),
        "Color for screens, as #RRGGBB; a new label: #808080.",
        check.color,
        default="#808080",
        update_says="Color for screens, as #RRGGBB.",
        upsert_says="Color for screens, as #RRGGBB; a new label: #808080.",
    )
    products = _carried_by("Product", "Products that carry it.")
    initiatives = _carried_by("Initiative", "Initiatives that carry it.")
    external_links = external_links()
    version: int = column(
        "Number of changes; give it back in an update to be sure that nobody changed the label meanwhile."
    )
    created_at: datetime = column("Instant of creation.", filter="DATE_TIME", sql_type="timestamptz", order=True)
    updated_at: datetime = column("Instant of the last change.", filter="DATE_TIME", sql_type="timestamptz", order=True)
    archived_at: datetime | None = column(
        "Instant since when it is archived; null: it is not.",
        filter="DATE_TIME",
        sql_type="timestamptz",
    )


LabelConnection, LabelEdge, LabelFilter, LabelOrder = listing(Label, COMPARATORS)


@strawberry.input(one_of=True, description="Exactly one name of the label.")
class LabelBy:
    id: strawberry.ID | None = strawberry.field(description="Id of the label.", default=strawberry.UNSET)
    name: str | None = strawberry.field(description="Name of the label, in any case.", default=strawberry.UNSET)
    external: ExternalReferenceBy | None = strawberry.field(
        description="Name of the label in another system.", default=strawberry.UNSET
    )


@strawberry.type
class LabelQuery:
    label = lookup(
        "Label",
        "Label by one of its names; null when there is none.",
        LabelBy,
        {**by_id_or_external("LABEL"), "name": '{other}.name_key = lower({value} collate "C")'},
    )
    labels = many("Label", "Labels of the organization, by name.", order="NAME")
