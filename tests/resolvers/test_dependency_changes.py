"""Dependencies: no circle comes about, not even by two hands at once, and a plan that does not hold is shown."""

import asyncio
from datetime import date
from typing import Any

import pytest

from resolvers.engine.execute import Schema
from tests.resolvers.conftest import Ask
from tests.resolvers.tenant import Tenant, codes


@pytest.fixture
async def chain(tenant: Tenant, home: str) -> list[str]:
    """A blocks B blocks C."""
    made = [
        await tenant.made("initiativeCreate", {"key": f"{key}-1", "name": key, "portfolio_id": home}) for key in "ABC"
    ]
    for blocker, blocked in (made[:2], made[1:]):
        await tenant.made("dependencyCreate", {"blocker_id": blocker, "blocked_id": blocked})
    return made


async def test_a_circle_is_refused_and_its_way_is_told(tenant: Tenant, chain: list[str]):
    answer = await tenant.change("dependencyCreate", {"blocker_id": chain[2], "blocked_id": chain[0]})
    assert codes(answer) == [("CYCLE", "blockedId")]
    assert "C-1 → A-1 → B-1 → C-1" in answer["userErrors"][0]["message"]
    own = await tenant.change("dependencyCreate", {"blocker_id": chain[0], "blocked_id": chain[0]})
    assert codes(own) == [("CYCLE", "blockedId")]


async def test_a_circle_tells_a_limited_key_nothing_of_what_it_may_not_see(tenant: Tenant, chain: list[str], home: str):
    away = await tenant.made("portfolioCreate", {"key": "AWAY", "name": "Away"})
    await tenant.change("initiativeUpdate", {"id": chain[1], "portfolio_id": away})
    input = {"blocker_id": chain[2], "blocked_id": chain[0]}
    answer = await tenant.change("dependencyCreate", input, tenant.viewer(grants=[home]))
    assert "C-1 → A-1 → (outside your portfolios) → C-1" in answer["userErrors"][0]["message"]
    input = {"blocker_id": chain[2], "blocked_id": chain[1]}
    hidden = await tenant.change("dependencyCreate", input, tenant.viewer(grants=[home]))
    assert codes(hidden) == [("NOT_FOUND", "blockedId")]


async def test_two_that_would_close_a_circle_at_once_are_not_both_made(tenant: Tenant, home: str):
    left, right = [
        await tenant.made("initiativeCreate", {"key": f"{key}-1", "name": key, "portfolio_id": home}) for key in "LR"
    ]
    answers = await asyncio.gather(
        tenant.change("dependencyCreate", {"blocker_id": left, "blocked_id": right}),
        tenant.change("dependencyCreate", {"blocker_id": right, "blocked_id": left}),
    )
    assert sorted(len(answer["userErrors"]) for answer in answers) == [0, 1]


async def test_the_same_dependency_is_kept_once_and_an_ended_one_closes_no_circle(tenant: Tenant, chain: list[str]):
    again = await tenant.made("dependencyCreate", {"blocker_id": chain[0], "blocked_id": chain[1]})
    assert len(await tenant.rows("select 1 from dependency")) == 2
    await tenant.change("dependencyArchive", {"id": again})
    back = await tenant.change("dependencyCreate", {"blocker_id": chain[1], "blocked_id": chain[0]})
    assert codes(back) == []


_ASK = """query Ask($id: ID!) {
  node(id: $id) { ... on Initiative { blockers { nodes { isViolated } } } }
  initiatives(filter: {hasViolatedDependencies: true}) { nodes { id } }
}"""
_TODAY = date(2026, 3, 2)


@pytest.mark.parametrize(
    ("blocker", "blocked", "is_violated"),
    [
        ({"state": "ACTIVE", "target_on": date(2026, 4, 2)}, {"start_on": date(2026, 4, 1)}, True),
        ({"state": "ACTIVE", "target_on": date(2026, 4, 1)}, {"start_on": date(2026, 4, 1)}, False),
        ({"state": "ACTIVE", "target_on": date(2026, 3, 1)}, {}, True),
        ({"state": "ACTIVE", "target_on": _TODAY}, {}, False),
        ({"state": "COMPLETED", "target_on": date(2026, 3, 1)}, {"start_on": date(2026, 1, 1)}, False),
        ({"state": "CANCELED"}, {}, True),
        ({"state": "CANCELED"}, {"state": "COMPLETED"}, False),
        ({"state": "ACTIVE"}, {"state": "ACTIVE"}, False),
    ],
)
async def test_a_plan_that_does_not_hold_is_a_violation(
    tenant: Tenant, ask: Ask, chain: list[str], blocker: dict[str, Any], blocked: dict[str, Any], is_violated: bool
):
    await tenant.change("initiativeUpdate", {"id": chain[0], **blocker})
    await tenant.change("initiativeUpdate", {"id": chain[1], **blocked})
    data = await ask(_ASK, id=chain[1])
    assert data["node"]["blockers"]["nodes"] == [{"isViolated": is_violated}]
    assert data["initiatives"]["nodes"] == ([{"id": chain[1]}] if is_violated else [])


def test_the_reason_of_a_refusal_is_documented():
    assert "wait for each other" in Schema().print()


async def test_a_limited_key_learns_nothing_of_the_end_that_it_may_not_see(
    tenant: Tenant, ask: Ask, chain: list[str], home: str
):
    away = await tenant.made("portfolioCreate", {"key": "AWAY", "name": "Away"})
    await tenant.change("initiativeUpdate", {"id": chain[0], "portfolio_id": away, "state": "CANCELED"})
    text = """query Ask($filter: DependencyFilter) {
      dependencies(filter: $filter) { nodes { note isViolated blocker { key } blocked { key } } }
    }"""
    limited, by_blocker = tenant.viewer(grants=[home]), {"blockerId": {"eq": chain[0]}}
    hidden, seen = (await ask(text, limited))["dependencies"]["nodes"]
    assert hidden == {"note": None, "isViolated": None, "blocker": None, "blocked": {"key": "B-1"}}
    assert seen["blocker"] == {"key": "B-1"}
    assert (await ask(text, limited, filter=by_blocker))["dependencies"]["nodes"] == []
    assert len((await ask(text, filter=by_blocker))["dependencies"]["nodes"]) == 1
