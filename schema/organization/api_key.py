"""API keys: what a person or a service account shows at the door."""

from datetime import datetime

import strawberry

from compiler.declare import column, expression, identifier, lookup, many, one, table
from compiler.listing import listing
from portfolio.enumerations import ApiKeyReviewReason, Scope
from schema.entity import entity
from schema.node import Node
from schema.scalars import COMPARATORS

_REVIEW_REASON = (
    "case when {self}.revoked_at is null and {self}.expires_at > {now} then (select case"
    " when coalesce(p.archived_at, s.archived_at) is not null then 'MAKER_LEFT'"
    " when m.revoked_at is not null then 'MAKER_KEY_REVOKED' end from api_key m"
    " left join person p on p.tenant_id = m.tenant_id and p.id = m.person_id"
    " left join service_account s on s.tenant_id = m.tenant_id and s.id = m.service_account_id"
    " where m.tenant_id = {self}.tenant_id and m.id = {self}.maker_key_id) end"
)


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
    review_reason: ApiKeyReviewReason | None = expression(
        "Why somebody should look whether the key is still needed; null when nothing speaks for it, when the key is"
        " refused anyway, or when it was made by a command.",
        _REVIEW_REASON,
        filter=ApiKeyReviewReason,
    )


ApiKeyConnection, ApiKeyEdge, ApiKeyFilter, ApiKeyOrder = listing(ApiKey, COMPARATORS)


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
