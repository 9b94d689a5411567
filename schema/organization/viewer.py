"""The viewer: the key that asks."""

import strawberry

from compiler.declare import column, one, table
from portfolio.enumerations import Scope


@table("api_key")
class Viewer:
    """Who asks, and with which rights."""

    scopes: list[Scope] = column("What the key may do.")
    key = one("ApiKey", "Key that this request came with.", "{other}.id = {self}.id")
    person = one(
        "Person",
        "Person who holds the key; null for a service account.",
        "{other}.id = {self}.person_id",
        nullable=True,
        wall="true",
    )
    service_account = one(
        "ServiceAccount",
        "Service account that holds the key; null for a person.",
        "{other}.id = {self}.service_account_id",
        nullable=True,
        wall="true",
    )
    organization = one("Organization", "Organization to which the key belongs.", "true")


@strawberry.type
class ViewerQuery:
    viewer = one("Viewer", "Who asks, and with which rights.", "{other}.id = {key_id}")
