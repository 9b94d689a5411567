"""API keys: what a person or a service account shows at the door."""

from datetime import datetime

import strawberry

from compiler.declare import column, expression, identifier, lookup, many, one, table
from compiler.listing import listing
from portfolio.enumerations import Scope
from schema.entity import entity
from schema.node import Node
from schema.scalars import COMPARATORS


@entity()
@table("api_key", kind="API_KEY", wall="{self}.id = {key_id}")
class ApiKey(Node):
    """A key of the API. Its secret is shown once, when it is made."""

    id: strawberry.ID = identifier("API_KEY")
    name: str = column(
        "What the key is for.",
        filter="STRING",
        filter_expression="{self}.name_key",
        normalized=True,
        order="{self}.name_key",
    )
    person = one(
        "Person",
        "Person to whom the key belongs; null for a service account's key.",
        "{other}.id = {self}.person_id",
        nullable=True,
        wall="true",
    )
    service_account = one(
        "ServiceAccount",
        "Service account to whom the key belongs; null for a person's key.",
        "{other}.id = {self}.service_account_id",
        nullable=True,
        wall="true",
    )
    scopes: list[Scope] = column("What the key may do.")
    is_restricted: bool = expression(
        "Whether the key sees some portfolios only.", "{self}.granted_portfolio_ids is not null"
    )
    granted_portfolios = many(
        "Portfolio",
        "Portfolios at the top of what the key sees; empty for an unrestricted key.",
        "{other}.id = any({self}.granted_portfolio_ids)",
    )
    expires_at: datetime = column(
        "Instant from which the key is refused.",
        filter="DATE_TIME",
        sql_type="timestamptz",
        order=True,
    )
    revoked_at: datetime | None = column(
        "Instant at which the key was revoked; null: it was not.",
        filter="DATE_TIME",
        sql_type="timestamptz",
    )
    version: int = column("Number of changes.")
    created_at: datetime = column("Instant of creation.", filter="DATE_TIME", sql_type="timestamptz", order=True)
    updated_at: datetime = column("Instant of the last change.", filter="DATE_TIME", sql_type="timestamptz", order=True)


_LISTING = listing(ApiKey, COMPARATORS)
ApiKeyConnection, ApiKeyEdge, ApiKeyFilter, ApiKeyOrder = (
    _LISTING.connection,
    _LISTING.edge,
    _LISTING.filter,
    _LISTING.order,
)


@strawberry.input(one_of=True, description="Exactly one name of the key.")
class ApiKeyBy:
    id: strawberry.ID | None = strawberry.field(description="Id of the key.", default=strawberry.UNSET)


@strawberry.type
class ApiKeyQuery:
    api_key = lookup(
        "ApiKey",
        "Key by its id; null when there is none that you may see. Needs scope ADMIN.",
        ApiKeyBy,
        {"id": "{other}.id = {value}"},
        scope="ADMIN",
    )
    api_keys = many(
        "ApiKey",
        "Keys of the organization, in the order of creation. Needs scope ADMIN.",
        scope="ADMIN",
    )
