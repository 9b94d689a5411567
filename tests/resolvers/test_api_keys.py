"""A key makes no key that may do, see or last more than itself; what was made by one who left is listed."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from portfolio.identity import print_id
from runtime.refusal import Refusal
from runtime.viewer import Viewer
from tests.resolvers.conftest import Ask
from tests.resolvers.tenant import NOON, Tenant, codes, uuid_of

_REVIEW = "{ apiKeys(filter: {reviewReason: {isNull: false}}) { nodes { name reviewReason } } }"


def key_of(tenant: Tenant, *scopes: str, **more: Any) -> dict[str, Any]:
    return {"name": "CI", "scopes": scopes, "person_id": print_id("PERSON", tenant.person_id), **more}


async def maker(tenant: Tenant, *scopes: str, holder: str = "", **more: Any) -> Viewer:
    """Who holds a key of these scopes."""
    holder = holder or print_id("PERSON", tenant.person_id)
    answer = await tenant.change("apiKeyCreate", {**key_of(tenant, *scopes, **more), "person_id": holder})
    viewer = tenant.viewer(frozenset(scopes))
    return replace(viewer, key_id=uuid_of(answer["apiKey"]), person_id=uuid_of(holder))


async def expiry(tenant: Tenant, key: str) -> datetime:
    [row] = await tenant.rows("select expires_at from api_key where id = $1", uuid_of(key))
    return row["expires_at"]


async def test_a_key_gives_no_scope_that_it_has_not(tenant: Tenant):
    administrator = await maker(tenant, "ADMIN")
    answer = await tenant.change("apiKeyCreate", key_of(tenant, "READ", "WRITE", "INGEST", "ADMIN"), administrator)
    assert codes(answer) == [("FORBIDDEN", "scopes")]
    assert "INGEST, READ, WRITE; it has ADMIN." in answer["userErrors"][0]["message"]
    assert codes(await tenant.change("apiKeyCreate", key_of(tenant, "ADMIN"), administrator)) == []


async def test_a_key_outlives_not_the_key_that_made_it(tenant: Tenant):
    ends = NOON + timedelta(minutes=5)
    brief = await maker(tenant, "ADMIN", "READ", expires_at=ends)
    longer = key_of(tenant, "READ", expires_at=NOON + timedelta(days=364))
    answer = await tenant.change("apiKeyCreate", longer, brief)
    assert codes(answer) == [("FORBIDDEN", "expiresAt")]
    assert ends.isoformat() in answer["userErrors"][0]["message"]
    unsaid = await tenant.change("apiKeyCreate", key_of(tenant, "READ"), brief)
    assert await expiry(tenant, unsaid["apiKey"]) == ends
    as_long = await tenant.change("apiKeyCreate", key_of(tenant, "READ", expires_at=ends), brief)
    assert await expiry(tenant, as_long["apiKey"]) == ends


async def test_a_key_of_some_portfolios_makes_no_key(tenant: Tenant, home: str):
    limited = replace(await maker(tenant, "ADMIN", portfolio_ids=[home]), granted_portfolio_ids=(uuid_of(home),))
    with pytest.raises(Refusal):
        await tenant.change("apiKeyCreate", key_of(tenant, "ADMIN"), limited)


async def test_a_key_that_was_revoked_a_moment_ago_makes_none(tenant: Tenant):
    administrator = await maker(tenant, "ADMIN")
    await tenant.change("apiKeyRevoke", {"id": print_id("API_KEY", administrator.key_id)})
    answer = await tenant.change("apiKeyCreate", key_of(tenant, "ADMIN"), administrator)
    assert codes(answer) == [("FORBIDDEN", None)]


async def test_keys_made_by_one_who_left_are_listed_until_they_are_revoked(tenant: Tenant, ask: Ask):
    bob = await tenant.made("personCreate", {"key": "bob", "name": "Bob"})
    administrator = await maker(tenant, "ADMIN", "READ", holder=bob)
    made = await tenant.change("apiKeyCreate", key_of(tenant, "ADMIN", name="Of Bob"), administrator)
    assert (await ask(_REVIEW))["apiKeys"]["nodes"] == []
    await tenant.change("personArchive", {"id": bob})
    assert (await ask(_REVIEW))["apiKeys"]["nodes"] == [{"name": "Of Bob", "reviewReason": "MAKER_LEFT"}]
    await tenant.change("apiKeyRevoke", {"id": made["apiKey"]})
    assert (await ask(_REVIEW))["apiKeys"]["nodes"] == []


async def test_keys_made_with_a_key_that_was_revoked_are_listed(tenant: Tenant, ask: Ask):
    administrator = await maker(tenant, "ADMIN")
    await tenant.change("apiKeyCreate", key_of(tenant, "ADMIN", name="Child"), administrator)
    await tenant.change("apiKeyRevoke", {"id": print_id("API_KEY", administrator.key_id)})
    assert (await ask(_REVIEW))["apiKeys"]["nodes"] == [{"name": "Child", "reviewReason": "MAKER_KEY_REVOKED"}]
