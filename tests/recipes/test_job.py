"""The recipe of a job: what its blocks make runs once a generation, and ends."""

import asyncio

from tests.recipes.conftest import Follow
from tests.resolvers.tenant import uuid_of
from tests.waiting import until

_VIEWER = "{ viewer { person { id } } }"
_CREATE_PORTFOLIO = """
mutation ($owner: ID!) {
  portfolioCreate(input: {key: "AI", name: "AI", ownerId: $owner}) { portfolio { id } userErrors { message } }
}
"""
_CREATE = """
mutation ($portfolio: ID!) {
  productCreate(input: {key: "ONE", name: "One", portfolioId: $portfolio}) { product { id } userErrors { message } }
}
"""
_RENAME = """
mutation ($id: ID!) { productUpdate(input: {id: $id, name: "Two"}) { product { version } userErrors { message } } }
"""
_OWNER = '{ product(by: {key: "ONE"}) { owner { key } events { nodes { type actor { via } } } } }'
_NAMES = "test_the_database_knows_the_names_of_exactly_the_declared_jobs"
# The sweeper rings again for what has not been done three seconds after it was rung for.
_RUNG_AGAIN_SECONDS = 4.5


async def test_a_job_made_by_the_recipe_runs_once_a_generation_and_ends(follow: Follow):
    workshop = await follow("A job", "worker")
    [own] = [str(path.relative_to(workshop.root)) for path in workshop.made if path.name.startswith("test_")]
    testing = asyncio.create_task(workshop.test(own, f"tests/workers/test_job.py::{_NAMES}"))
    viewer = await workshop.ask(_VIEWER)
    made = await workshop.ask(_CREATE_PORTFOLIO, owner=viewer["viewer"]["person"]["id"])
    created = await workshop.ask(_CREATE, portfolio=made["portfolioCreate"]["portfolio"]["id"])
    product = created["productCreate"]["product"]["id"]

    async def has_run(generation: int) -> bool:
        rows = await workshop.fetch(
            "select from signal where job = 'inherit_owner' and target_id = $1 and done_generation = $2",
            *(uuid_of(product), generation),
        )
        return bool(rows)

    await until(lambda: has_run(1), 20)
    answer = await workshop.ask(_OWNER)
    assert answer["product"]["owner"] == {"key": "ada"}
    await workshop.ask(_RENAME, id=product)
    await until(lambda: has_run(2), 20)
    await asyncio.gather(testing, asyncio.sleep(_RUNG_AGAIN_SECONDS))
    runs = [line for line in workshop.log("worker").splitlines() if "job done" in line and "inherit_owner" in line]
    assert len(runs) == 2, runs
    [signal] = await workshop.fetch("select * from signal where job = 'inherit_owner'")
    assert (signal["generation"], signal["done_generation"], signal["tries"]) == (2, 2, 0)
    answer = await workshop.ask(_OWNER)
    told = [(event["type"], event["actor"]["via"]) for event in answer["product"]["events"]["nodes"]]
    assert [event for event in told if event[0] != "HEALTH_CHANGED"] == [
        ("PRODUCT_CREATED", "API"),
        ("PRODUCT_UPDATED", "WORKER"),
        ("PRODUCT_UPDATED", "API"),
    ]
