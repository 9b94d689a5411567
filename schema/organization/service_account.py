"""Service accounts: programs that hold keys of their own."""

from datetime import datetime

import strawberry

from compiler.declare import column, identifier, lookup, many, table
from compiler.listing import listing
from portfolio.enumerations import Scope
from schema import check
from schema.entity import entity
from schema.member import written
from schema.node import Node
from schema.reference import lookup_input
from schema.scalars import COMPARATORS


@entity(
    scope=Scope.ADMIN,
    tenant_wide=True,
    create="Add a service account, to which keys of programs belong.",
    update="Change a service account.",
    archive="Take a service account out of lists; its keys are refused from then on. Safe to repeat.",
    restore="Bring back an archived service account, with its valid keys. Safe to repeat.",
)
@table("service_account", kind="SERVICE_ACCOUNT", wall="false")
class ServiceAccount(Node):
    """A program that acts for the organization. Hidden from viewers who see only some portfolios."""

    id: strawberry.ID = identifier("SERVICE_ACCOUNT")
    key: str = written(
        column("Name that people use, unique in the organization.", filter="STRING", order=True),
        check.ACCOUNT_KEY,
        check.account_key,
    )
    name: str = written(
        column(
            "Display name.",
            filter="STRING",
            filter_expression="{self}.name_key",
            normalized=True,
            order="{self}.name_key",
        ),
        "Display name, 1 to 200 characters.",
        check.line(),
        private=True,
    )
    api_keys = many(
        "ApiKey",
        "Keys that belong to the service account.",
        "{other}.service_account_id = {self}.id",
        scope="ADMIN",
    )
    status_updates = many(
        "StatusUpdate",
        "Status updates by the service account, newest first.",
        "{other}.author_service_account_id = {self}.id",
        order="REPORTED_AT desc",
    )
    saved_views = many(
        "SavedView",
        "Views that the service account saved, as far as you see them.",
        "{other}.service_account_id = {self}.id",
        order="NAME",
    )
    external_links = many(
        "ExternalLink", "Links whose fields it alone changes.", "{other}.service_account_id = {self}.id"
    )
    version: int = column(
        "Number of changes; give it back in an update to be sure that nobody changed the account meanwhile."
    )
    created_at: datetime = column("Instant of creation.", filter="DATE_TIME", sql_type="timestamptz", order=True)
    updated_at: datetime = column("Instant of the last change.", filter="DATE_TIME", sql_type="timestamptz", order=True)
    archived_at: datetime | None = column(
        "Instant since when it is archived; null: it is not.",
        filter="DATE_TIME",
        sql_type="timestamptz",
    )


ServiceAccountConnection, ServiceAccountEdge, ServiceAccountFilter, ServiceAccountOrder = listing(
    ServiceAccount, COMPARATORS
)
ServiceAccountBy = lookup_input("ServiceAccountBy", "service account", external=False)


@strawberry.type
class ServiceAccountQuery:
    service_account = lookup(
        "ServiceAccount",
        "Service account by one of its names; null when there is none that you may see.",
        ServiceAccountBy,
        {"id": "{other}.id = {value}", "key": "{other}.key = {value}"},
    )
    service_accounts = many("ServiceAccount", "Service accounts of the organization, in the order of creation.")
