"""Changes of one external name at the same time come one after the other."""

import asyncio
from typing import Any

from tests.resolvers.tenant import Tenant, codes, uuid_of

_WAITING = "select count(distinct pid) from pg_locks where not granted"


async def waiting(tenant: Tenant, changes: int) -> None:
    """Until so many changes wait for a lock; at most two seconds."""
    found = 0
    for _ in range(100):
        [found] = [row["count"] for row in await tenant.rows(_WAITING)]
        if found == changes:
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"not {changes}, but {found} wait")


async def test_a_link_is_not_removed_under_the_hands_of_who_sets_it(tenant: Tenant, home: str):
    entity = await tenant.made("initiativeCreate", {"key": "RETRAIN", "name": "Retrain", "portfolio_id": home})
    name = {"entity_id": entity, "system": "JIRA", "external_id": "1"}
    link = await tenant.made("externalLinkSet", name)
    async with tenant.database.transaction(tenant.id) as connection:
        await connection.execute("select from initiative where id = $1 for update", uuid_of(entity))
        setting = asyncio.create_task(tenant.change("externalLinkSet", {**name, "title": "Epic"}))
        await waiting(tenant, 1)
        removing = asyncio.create_task(tenant.change("externalLinkRemove", {"id": link}))
        await waiting(tenant, 2)
    assert [codes(await task) for task in (setting, removing)] == [[], []]
    told = [event["type"] for event in await tenant.events() if event["entity_kind"] == "EXTERNAL_LINK"]
    assert told == ["EXTERNAL_LINK_SET", "EXTERNAL_LINK_SET", "EXTERNAL_LINK_REMOVED"]


async def test_an_upsert_beside_a_create_of_the_same_name_finds_what_that_has_made(tenant: Tenant, product: str):
    external = {"system": "HR", "id": "7"}

    async def beside(entity: str, made: dict[str, Any], hold: str, *arguments: Any) -> None:
        input = {**made, "external": external}
        async with tenant.database.transaction(tenant.id) as connection:
            await connection.execute(hold, *arguments)
            creating = asyncio.create_task(tenant.change(f"{entity}Create", input))
            await waiting(tenant, 1)
            upserting = asyncio.create_task(
                tenant.change(f"{entity}Upsert", {**input, "idempotency_key": f"once-{entity}"})
            )
            await waiting(tenant, 2)
        created, upserted = await creating, await upserting
        assert [codes(created), codes(upserted)] == [[], []]
        assert created[entity] == upserted[entity]

    await beside("skill", {"key": "SQL", "name": "SQL"}, "lock table skill in exclusive mode")
    status = {"subject_id": product, "status": "ON_TRACK"}
    await beside("statusUpdate", status, "select from subject where id = $1 for update", uuid_of(product))
