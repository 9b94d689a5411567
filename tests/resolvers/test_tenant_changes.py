"""The organization, its people, and its keys."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from portfolio.identity import print_id
from tests.resolvers.tenant import NOON, Tenant, codes, uuid_of

ZONE = "select time_zone, previous_time_zone, time_zone_from > '-infinity' as changes from organization"


async def _day_of(tenant: Tenant, instant: datetime) -> str:
    return (await tenant.rows("select organization_day($1)::text as day", instant))[0]["day"]


async def test_a_time_zone_holds_from_the_next_day_and_can_be_taken_back(tenant: Tenant):
    await tenant.change("organizationUpdate", {"time_zone": "America/Los_Angeles"})
    [row] = await tenant.rows("select time_zone_from from organization")
    assert row["time_zone_from"] == datetime(2026, 3, 3, tzinfo=UTC)
    assert await _day_of(tenant, NOON) == "2026-03-02"
    assert await _day_of(tenant, NOON.replace(day=4, hour=3)) == "2026-03-03"
    await tenant.change("organizationUpdate", {"time_zone": "Asia/Tokyo"})
    assert await tenant.rows(ZONE) == [{"time_zone": "Asia/Tokyo", "previous_time_zone": "UTC", "changes": True}]
    await tenant.change("organizationUpdate", {"time_zone": "UTC"})
    assert await tenant.rows(ZONE) == [{"time_zone": "UTC", "previous_time_zone": None, "changes": False}]
    assert tenant.id in await tenant.pending()


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../etc/passwd", "\x00", "utc"])
async def test_only_zones_of_the_iana_list_are_taken(tenant: Tenant, zone: str):
    answer = await tenant.change("organizationUpdate", {"time_zone": zone})
    assert codes(answer) == [("INVALID", "timeZone")]


async def test_the_organization_is_changed_once_a_version(tenant: Tenant):
    changed = {"name": "Acme AI", "first_weekday": 7, "version": 1}
    assert codes(await tenant.change("organizationUpdate", changed)) == []
    stale = await tenant.change("organizationUpdate", {"name": "Other", "version": 1})
    assert codes(stale) == [("STALE_VERSION", "version")]
    assert stale["organization"] == print_id("ORGANIZATION", tenant.id)
    [event] = await tenant.events("ORGANIZATION_UPDATED")
    assert "Acme" not in str(event["told"])


async def test_a_person_leaves_no_personal_word_in_the_audit_chain(tenant: Tenant):
    input = {"key": "grace.hopper", "name": "Grace Hopper", "email": "grace@example.com"}
    person = await tenant.made("personCreate", input)
    await tenant.change("personUpdate", {"id": person, "email": "hopper@example.com"})
    await tenant.change("personArchive", {"id": person})
    await tenant.change("personRestore", {"id": person})
    events = [event for event in await tenant.events() if event["entity_kind"] == "PERSON"]
    assert [event["type"] for event in events] == [
        f"PERSON_{verb}" for verb in ("CREATED", "UPDATED", "ARCHIVED", "RESTORED")
    ]
    assert all("opper" not in str(event["told"]) for event in events)
    kept = await tenant.rows("select to_value::text as value from event_private_value")
    assert {"value": '"hopper@example.com"'} in kept


async def test_an_upserted_person_is_made_once(tenant: Tenant):
    input = {"external": {"system": "HR", "id": "7"}, "key": "bob", "name": "Bob"}
    first = await tenant.made("personUpsert", input)
    assert await tenant.made("personUpsert", {**input, "email": "bob@example.com"}) == first
    assert codes(await tenant.change("personCreate", {**input, "key": "bob2"})) == [("DUPLICATE", "external")]


def key_of(tenant: Tenant, **more: Any) -> dict[str, Any]:
    holder = print_id("PERSON", tenant.person_id)
    return {"name": "CI", "scopes": ["READ"], "person_id": holder, **more}


async def test_a_key_lives_90_days_unless_told_otherwise_and_never_longer_than_a_year(tenant: Tenant, home: str):
    grants = {"scopes": ["WRITE", "READ", "READ"], "portfolio_ids": [home, home]}
    await tenant.change("apiKeyCreate", key_of(tenant, **grants))
    [row] = await tenant.rows("select * from api_key")
    assert timedelta(0) <= row["expires_at"] - NOON - timedelta(days=90) < timedelta(seconds=1)
    assert (row["scopes"], row["granted_portfolio_ids"]) == (["READ", "WRITE"], [uuid_of(home)])
    for days in (0, 366):
        answer = await tenant.change("apiKeyCreate", key_of(tenant, expires_at=NOON + timedelta(days=days)))
        assert codes(answer) == [("INVALID", "expiresAt")]


async def test_a_key_has_one_holder_and_a_scope_and_known_portfolios(tenant: Tenant):
    robot = await tenant.made("serviceAccountCreate", {"key": "jira-sync", "name": "Jira"})
    for more, fault in [
        ({"service_account_id": robot}, ("INVALID", "personId")),
        ({"person_id": None}, ("INVALID", "personId")),
        ({"person_id": robot}, ("NOT_FOUND", "personId")),
        ({"scopes": []}, ("REQUIRED", "scopes")),
        ({"portfolio_ids": []}, ("LIMIT_EXCEEDED", "portfolioIds")),
        ({"portfolio_ids": [robot]}, ("NOT_FOUND", "0")),
    ]:
        assert codes(await tenant.change("apiKeyCreate", key_of(tenant, **more))) == [fault]
    await tenant.change("serviceAccountArchive", {"id": robot})
    answer = await tenant.change("apiKeyCreate", key_of(tenant, person_id=None, service_account_id=robot))
    assert codes(answer) == [("ARCHIVED", "serviceAccountId")]


async def test_a_key_is_revoked_once(tenant: Tenant):
    key = (await tenant.change("apiKeyCreate", key_of(tenant)))["apiKey"]
    for _ in range(2):
        assert codes(await tenant.change("apiKeyRevoke", {"id": key})) == []
    assert len(await tenant.events("API_KEY_REVOKED")) == 1
    [row] = await tenant.rows("select revoked_at, version from api_key")
    assert row["revoked_at"] is not None
    assert row["version"] == 2
