"""Which organizations a command is about."""

from typing import NamedTuple
from uuid import UUID

from runtime.failure import Failure
from runtime.postgres import RELAY_ROLE, Database, open_connection

# The application's role sees no tenant that it does not claim; the relay's sees that they exist.
_TENANTS = """
select distinct tenant_id from (
  select tenant_id from signal union all select tenant_id from event_unsealed
  union all select tenant_id from event_seal where sequence = 1) known
order by tenant_id
"""
_KEY = "select key, name from organization where tenant_id = $1"


class Tenant(NamedTuple):
    id: UUID
    key: str
    name: str


async def all_tenants(database_url: str, database: Database) -> list[Tenant]:
    connection = await open_connection(database_url, RELAY_ROLE)
    try:
        rows = await connection.fetch(_TENANTS)
    finally:
        await connection.close()
    return [await _read(database, row["tenant_id"]) for row in rows]


async def find_tenants(database_url: str, database: Database, key: str | None = None) -> list[Tenant]:
    """All organizations, or the one with the key; a Failure if there is none."""
    tenants = await all_tenants(database_url, database)
    found = [tenant for tenant in tenants if key in (None, tenant.key)]
    if not found:
        known = ", ".join(tenant.key for tenant in tenants) or "none"
        raise Failure(
            f"There is no organization {key}." if key else "There is no organization yet.",
            f"Organizations: {known}. `folioscope organization create` makes one, `folioscope seed` makes a demo.",
        )
    return found


async def find_tenant(database_url: str, database: Database, key: str | None = None) -> Tenant:
    """The only organization, or the one with the key."""
    tenants = await find_tenants(database_url, database, key)
    if len(tenants) > 1:
        keys = ", ".join(tenant.key for tenant in tenants)
        raise Failure("There are several organizations.", f"Name one with --organization: {keys}.")
    return tenants[0]


async def _read(database: Database, tenant_id: UUID) -> Tenant:
    async with database.transaction(tenant_id) as connection:
        row = await connection.fetchrow(_KEY, tenant_id)
    return Tenant(tenant_id, row["key"], row["name"]) if row else Tenant(tenant_id, "", "")
