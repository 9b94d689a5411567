"""Status updates: what people report, beside what is measured."""

from datetime import datetime

import strawberry

from compiler.declare import column, identifier, lookup, many, one, one_of, part, table, value_object
from compiler.listing import ExtraFilter, listing
from compiler.mapping import Filter
from portfolio.enumerations import ReportedStatus
from schema.connection.external_link import external_links
from schema.entity import entity
from schema.node import HealthSubject, Node
from schema.reference import by_id_or_external, lookup_input
from schema.scalars import COMPARATORS

_SINCE_PREVIOUS = (
    "{other}.subject_id = {self}.subject_id and {other}.occurred_at < {self}.reported_at and {other}.occurred_at > coalesce("
    "(select max(u.reported_at) from status_update u where u.tenant_id = {tenant} and u.subject_id = {self}.subject_id"
    " and u.archived_at is null and u.reported_at < {self}.reported_at), '-infinity')"
)


@value_object
class StatusUpdateAuthor:
    """Who made a status update: a person or a service account."""

    person = one(
        "Person",
        "Person; null when it was none, or is hidden from you.",
        "{other}.id = {self}.author_person_id",
        nullable=True,
    )
    service_account = one(
        "ServiceAccount",
        "Service account; null when it was none, or is hidden from you.",
        "{other}.id = {self}.author_service_account_id",
        nullable=True,
    )


@entity(subject="subject_id", external=True)
@table(
    "status_update",
    kind="STATUS_UPDATE",
    wall="exists (select from subject s where s.tenant_id = {self}.tenant_id and s.id = {self}.subject_id and s.portfolio_id = any({granted}))",
)
class StatusUpdate(Node):
    """Status of a subject as somebody reports it: never changed, at most retracted, and without weight in the score."""

    id: strawberry.ID = identifier("STATUS_UPDATE")
    status: ReportedStatus = column("Status reported.", filter=ReportedStatus)
    body: str | None = column("What there is to say, in Markdown; null: nothing.")
    author = part(StatusUpdateAuthor, "Who reported it.")
    subject = one_of(HealthSubject, "What it is about.", "{self}.subject_id")
    changes_since_previous = many(
        "Event",
        "What happened to the subject between the report before, retracted ones apart, and this one, oldest first. All before it when it is the first.",
        _SINCE_PREVIOUS,
        order="SEQUENCE",
    )
    external_links = external_links()
    version: int = column("1, and 2 once it is retracted.")
    reported_at: datetime = column("Instant of the report.", filter="DATE_TIME", sql_type="timestamptz", order=True)
    created_at: datetime = column(
        "Instant at which it was entered.", filter="DATE_TIME", sql_type="timestamptz", order=True
    )
    archived_at: datetime | None = column(
        "Instant since when it is retracted; null: it holds.",
        filter="DATE_TIME",
        sql_type="timestamptz",
    )


StatusUpdateConnection, StatusUpdateEdge, StatusUpdateFilter, StatusUpdateOrder = listing(
    StatusUpdate,
    COMPARATORS,
    {"subjectId": ExtraFilter(COMPARATORS["ID"], "What it is about.", Filter("{self}.subject_id", "ID", "uuid"))},
)
StatusUpdateBy = lookup_input("StatusUpdateBy", "status update", external=True, key=False)


@strawberry.type
class StatusUpdateQuery:
    status_update = lookup(
        "StatusUpdate",
        "Status update by one of its names; null when there is none that you may see.",
        StatusUpdateBy,
        by_id_or_external("STATUS_UPDATE"),
    )
    status_updates = many("StatusUpdate", "Status updates of all subjects, newest first.", order="REPORTED_AT desc")
