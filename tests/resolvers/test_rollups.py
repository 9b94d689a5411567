"""Roll-ups by those who answer for products and work on them."""

from datetime import timedelta
from typing import Any

from portfolio.identity import print_id
from tests.resolvers.conftest import Ask
from tests.resolvers.tenant import NOON, Tenant

TODAY = NOON.date()
_ROLLUP = (
    "query ($by: RollupGroup!) { organization { rollup(groupBy: $by) { group owner { key } team { key } count } } }"
)


async def rollup(ask: Ask, by: str) -> list[Any]:
    return (await ask(_ROLLUP, by=by))["organization"]["rollup"]


async def assign(tenant: Tenant, product: str, team: str, role: str, **span: Any) -> None:
    terms = {"subject_id": product, "team_id": team, "role": role, "allocation": 0.2, "from_on": TODAY, **span}
    await tenant.made("assignmentCreate", terms)


async def test_a_product_counts_once_under_each_team_that_works_on_it_today(
    tenant: Tenant, ask: Ask, product: str, home: str
):
    await tenant.made("productCreate", {"key": "IDLE", "name": "Idle", "portfolio_id": home})
    teams = [await tenant.made("teamCreate", {"key": key, "name": key}) for key in ("BUILD", "RUN", "PAST", "NEXT")]
    await assign(tenant, product, teams[0], "AI_ENGINEER")
    await assign(tenant, product, teams[0], "DESIGNER", to_on=TODAY)
    await assign(tenant, product, teams[1], "ML_OPS", to_on=TODAY)
    await assign(tenant, product, teams[2], "ML_OPS", from_on=TODAY - timedelta(9), to_on=TODAY - timedelta(1))
    await assign(tenant, product, teams[3], "ML_OPS", from_on=TODAY + timedelta(1))
    assert await rollup(ask, "TEAM") == [
        {"group": "NONE", "owner": None, "team": None, "count": 1},
        {"group": teams[0], "owner": None, "team": {"key": "BUILD"}, "count": 1},
        {"group": teams[1], "owner": None, "team": {"key": "RUN"}, "count": 1},
    ]


async def test_products_are_counted_by_owner_and_those_without_one_together(tenant: Tenant, ask: Ask, home: str):
    ada = print_id("PERSON", tenant.person_id)
    for key, owner in (("A", ada), ("B", ada), ("C", None)):
        input = {"key": f"{key}{key}", "name": key, "portfolio_id": home, "owner_id": owner}
        await tenant.made("productCreate", input)
    assert await rollup(ask, "OWNER") == [
        {"group": "NONE", "owner": None, "team": None, "count": 1},
        {"group": ada, "owner": {"key": "ada"}, "team": None, "count": 2},
    ]
    assert await rollup(ask, "TIER") == [{"group": "TIER_3", "owner": None, "team": None, "count": 3}]
