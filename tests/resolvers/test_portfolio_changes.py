"""The portfolio tree under every change: its closure, its walls, and what it refuses."""

import asyncio
import random
from uuid import UUID

import pytest

from tests.resolvers.tenant import Tenant, codes, uuid_of

_CLOSURE_BY_HAND = """
with recursive up as (
  select id as descendant_id, id as ancestor_id, parent_id, 0 as depth from portfolio
  union all
  select up.descendant_id, p.id, p.parent_id, up.depth + 1 from up join portfolio p on p.id = up.parent_id)
select ancestor_id, descendant_id, depth from up order by 1, 2
"""
_CLOSURE = "select ancestor_id, descendant_id, depth from portfolio_closure order by 1, 2"


async def _tree(tenant: Tenant, *paths: str) -> dict[str, str]:
    """Portfolios by key; A-B lies below A."""
    ids: dict[str, str] = {}
    for path in paths:
        parent = ids.get(path.rpartition("-")[0])
        ids[path] = await tenant.made("portfolioCreate", {"key": f"K{path}", "name": path, "parent_id": parent})
    await tenant.pending()
    return ids


async def test_the_closure_stays_what_the_parents_say_under_random_moves(tenant: Tenant):
    ids = list((await _tree(tenant, *(str(number) for number in range(8)))).values())
    choices = random.Random(7)
    refused = 0
    for _ in range(40):
        moved, parent = choices.choice(ids), choices.choice([*ids, None])
        answer = await tenant.change("portfolioUpdate", {"id": moved, "parent_id": parent})
        refused += codes(answer) == [("CYCLE", "parentId")]
        assert await tenant.rows(_CLOSURE) == await tenant.rows(_CLOSURE_BY_HAND)
    assert 0 < refused < 40


async def test_two_moves_at_once_cannot_close_a_circle(tenant: Tenant):
    ids = await _tree(tenant, "A", "B")
    answers = await asyncio.gather(
        tenant.change("portfolioUpdate", {"id": ids["A"], "parent_id": ids["B"]}),
        tenant.change("portfolioUpdate", {"id": ids["B"], "parent_id": ids["A"]}),
    )
    assert sorted(len(answer["userErrors"]) for answer in answers) == [0, 1]
    assert await tenant.rows(_CLOSURE) == await tenant.rows(_CLOSURE_BY_HAND)


async def test_a_move_marks_the_parents_that_lose_and_gain_it(tenant: Tenant):
    ids = await _tree(tenant, "A", "B", "A-C")
    await tenant.change("portfolioUpdate", {"id": ids["A-C"], "parent_id": ids["B"]})
    assert await tenant.pending() == {uuid_of(ids[key]) for key in ("A", "B", "A-C")}
    await tenant.change("portfolioUpdate", {"id": ids["A-C"], "parent_id": None})
    assert await tenant.pending() == {uuid_of(ids["B"]), uuid_of(ids["A-C"]), tenant.id}


async def test_a_portfolio_that_holds_something_is_not_archived_and_says_what(tenant: Tenant, home: str):
    await tenant.made("portfolioCreate", {"key": "BELOW", "name": "Below", "parent_id": home})
    products = [
        await tenant.made("productCreate", {"key": f"P{n}", "name": "P", "portfolio_id": home}) for n in range(2)
    ]
    answer = await tenant.change("portfolioArchive", {"id": home})
    assert codes(answer) == [("CONFLICT", "id")]
    assert "1 portfolio and 2 products" in answer["userErrors"][0]["message"]
    for product in products:
        await tenant.change("productArchive", {"id": product})
    below = (await tenant.rows("select id from portfolio where key = 'BELOW'"))[0]["id"]
    await tenant.change("portfolioArchive", {"id": f"pfl_{below}"})
    assert codes(await tenant.change("portfolioArchive", {"id": home})) == []
    for name, id in (("productRestore", products[0]), ("portfolioRestore", f"pfl_{below}")):
        assert codes(await tenant.change(name, {"id": id})) == [("ARCHIVED", "id")]
    moved = await tenant.change("productCreate", {"key": "NEW", "name": "N", "portfolio_id": home})
    assert codes(moved) == [("ARCHIVED", "portfolioId")]


async def test_a_portfolio_is_never_archived_while_something_is_put_into_it(tenant: Tenant):
    for number in range(12):
        key = f"H{number}"
        home = await tenant.made("portfolioCreate", {"key": key, "name": key})
        product = {"key": f"P{number}", "name": "P", "portfolio_id": home}
        put, archived = await asyncio.gather(
            tenant.change("productCreate", product),
            tenant.change("portfolioArchive", {"id": home}),
        )
        assert sorted(len(answer["userErrors"]) for answer in (put, archived)) == [0, 1]


@pytest.mark.parametrize("parent", ["nobody", "outside"])
async def test_what_lies_outside_the_grants_is_as_good_as_not_there(tenant: Tenant, parent: str):
    ids = await _tree(tenant, "A", "B", "A-C")
    nobody = "pfl_" + str(UUID(int=9))
    outside = {"nobody": nobody, "outside": ids["B"]}[parent]
    viewer = tenant.viewer(grants=[ids["A"]])
    inside = {"key": "INNER", "name": "I", "parent_id": ids["A-C"]}
    assert codes(await tenant.change("portfolioCreate", inside, viewer)) == []
    answers = [
        await tenant.change("portfolioUpdate", {"id": outside, "name": "Mine"}, viewer),
        await tenant.change("portfolioArchive", {"id": outside}, viewer),
        await tenant.change("portfolioUpdate", {"id": ids["A-C"], "parent_id": outside}, viewer),
        await tenant.change("productCreate", {"key": "P1", "name": "P", "portfolio_id": outside}, viewer),
    ]
    assert [codes(answer) for answer in answers] == [
        [("NOT_FOUND", "id")],
        [("NOT_FOUND", "id")],
        [("NOT_FOUND", "parentId")],
        [("NOT_FOUND", "portfolioId")],
    ]
    assert all("outside" not in str(answer) for answer in answers)


async def test_a_limited_key_neither_adds_at_the_top_nor_moves_what_it_was_granted(tenant: Tenant):
    ids = await _tree(tenant, "A", "A-C", "A-D")
    viewer = tenant.viewer(grants=[ids["A-C"], ids["A-D"]])
    for name, input in [
        ("portfolioCreate", {"key": "TOP", "name": "Top"}),
        ("portfolioUpdate", {"id": ids["A-C"], "parent_id": None}),
        ("portfolioUpdate", {"id": ids["A-C"], "parent_id": ids["A-D"]}),
    ]:
        assert codes(await tenant.change(name, input, viewer)) == [("FORBIDDEN", "parentId")]
