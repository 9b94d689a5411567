"""Initiatives: dates, products with their weights, and progress without a tracker."""

from datetime import date, timedelta
from typing import Any

import pytest

from tests.resolvers.tenant import NOON, Tenant, codes, uuid_of

LINKS = "select product_id, importance from initiative_product order by importance"


@pytest.fixture
async def initiative(tenant: Tenant, product: str, home: str) -> str:
    made = await tenant.made(
        "initiativeCreate",
        {
            "key": "RETRAIN",
            "name": "Retrain",
            "portfolio_id": home,
            "products": [{"product_id": product, "importance": 5}],
        },
    )
    await tenant.pending()
    return made


async def _product(tenant: Tenant, home: str, key: str) -> str:
    made = await tenant.made("productCreate", {"key": key, "name": key, "portfolio_id": home})
    await tenant.pending()
    return made


async def test_new_products_replace_the_old_ones_and_all_of_them_are_marked(
    tenant: Tenant, initiative: str, product: str, home: str
):
    other = await _product(tenant, home, "OTHER")
    await tenant.change("initiativeUpdate", {"id": initiative, "products": [{"product_id": other}]})
    assert await tenant.rows(LINKS) == [{"product_id": uuid_of(other), "importance": 100}]
    marked = {uuid_of(id) for id in (initiative, product, other, home)}
    assert await tenant.pending() == marked
    [event] = await tenant.events("INITIATIVE_UPDATED")
    assert event["told"] == [
        {
            "field": "products",
            "from": [{"productId": product, "importance": 5}],
            "to": [{"productId": other, "importance": 100}],
        }
    ]


async def test_absent_products_stay_the_same_ones_change_nothing_and_null_clears(
    tenant: Tenant, initiative: str, product: str
):
    await tenant.change("initiativeUpdate", {"id": initiative, "name": "Retraining"})
    same = [{"product_id": product, "importance": 5}]
    await tenant.change("initiativeUpdate", {"id": initiative, "products": same})
    assert await tenant.rows("select version from initiative") == [{"version": 2}]
    assert len(await tenant.rows(LINKS)) == 1
    await tenant.change("initiativeUpdate", {"id": initiative, "products": None})
    assert await tenant.rows(LINKS) == []


async def test_wrong_products_are_named_by_their_place(tenant: Tenant, initiative: str, product: str):
    one = {"product_id": product}
    for products, code in [
        ([one, {"product_id": initiative}], ("NOT_FOUND", "1")),
        ([one, one], ("INVALID", "1")),
        ([{**one, "importance": 0}], ("INVALID", "importance")),
        ([one] * 251, ("LIMIT_EXCEEDED", "products")),
    ]:
        answer = await tenant.change("initiativeUpdate", {"id": initiative, "products": products})
        assert codes(answer) == [code]


async def test_a_limited_key_leaves_links_to_hidden_products_alone_but_marks_them(
    tenant: Tenant, initiative: str, product: str, home: str
):
    away = await tenant.made("portfolioCreate", {"key": "AWAY", "name": "Away"})
    hidden = await _product(tenant, away, "HIDDEN")
    both = [{"product_id": product}, {"product_id": hidden, "importance": 9}]
    await tenant.change("initiativeUpdate", {"id": initiative, "products": both})
    await tenant.pending()
    viewer = tenant.viewer(grants=[home])
    refused = await tenant.change("initiativeUpdate", {"id": initiative, "products": both}, viewer)
    assert codes(refused) == [("NOT_FOUND", "1")]
    answer = await tenant.change("initiativeUpdate", {"id": initiative, "products": []}, viewer)
    assert codes(answer) == []
    assert await tenant.rows(LINKS) == [{"product_id": uuid_of(hidden), "importance": 9}]
    assert uuid_of(hidden) in await tenant.pending()
    told = (await tenant.events("INITIATIVE_UPDATED"))[-1]["told"]
    assert "HIDDEN" not in str(told)
    assert hidden not in str(told)


async def test_a_change_of_state_marks_products_and_portfolio(tenant: Tenant, initiative: str, product: str, home: str):
    await tenant.change("initiativeUpdate", {"id": initiative, "state": "ACTIVE"})
    assert await tenant.pending() == {uuid_of(id) for id in (initiative, product, home)}


async def test_the_target_day_is_not_before_the_first_day(tenant: Tenant, initiative: str):
    days = {"start_on": date(2026, 3, 2), "target_on": date(2026, 3, 1)}
    assert codes(await tenant.change("initiativeUpdate", {"id": initiative, **days})) == [("INVALID", "targetOn")]
    far = await tenant.change("initiativeUpdate", {"id": initiative, "target_on": date.max})
    assert codes(far) == [("INVALID", "targetOn")]


def observed(initiative: str, done: int, **more: Any) -> dict[str, Any]:
    return {"initiative_id": initiative, "total_items": 10, "done_items": done, **more}


async def test_recorded_progress_is_the_current_one_unless_an_older_observation_comes_late(
    tenant: Tenant, initiative: str
):
    progress = {"weekly_throughput": [1, 2], "total_scope": 12.5, "done_scope": 2.5}
    answer = await tenant.change("initiativeProgressRecord", observed(initiative, 4, **progress))
    assert answer["initiative"] == initiative
    assert answer["progressSnapshot"].startswith("prs_")
    assert await tenant.pending() == {uuid_of(initiative)}
    late = observed(initiative, 9, observed_at=NOON - timedelta(days=1))
    await tenant.change("initiativeProgressRecord", late)
    assert await tenant.pending() == set()
    [row] = await tenant.rows("select * from initiative")
    assert (row["done_items"], row["weekly_throughput"], row["version"]) == (4, [1, 2], 1)
    assert (str(row["done_scope"]), row["progress_source"]) == ("2.5", "SNAPSHOT")
    assert row["progress_observed_on"] == date(2026, 3, 2)
    assert len(await tenant.rows("select 1 from progress_snapshot")) == 2
    assert len(await tenant.events("INITIATIVE_PROGRESS_RECORDED")) == 2


@pytest.mark.parametrize(
    ("progress", "fault"),
    [
        ({"done_items": 3}, ("REQUIRED", "totalItems")),
        ({"total_items": 3, "done_items": 4}, ("INVALID", "doneItems")),
        ({"total_items": 3, "done_scope": 1.0}, ("INVALID", "doneScope")),
        ({"total_items": -1}, ("INVALID", "totalItems")),
        ({"total_items": 3, "weekly_throughput": [1] * 13}, ("INVALID", "weeklyThroughput")),
        ({"total_items": 3, "observed_at": NOON + timedelta(hours=1)}, ("INVALID", "observedAt")),
    ],
)
async def test_progress_that_contradicts_itself_is_refused(
    tenant: Tenant, initiative: str, progress: dict[str, Any], fault: tuple[str, str]
):
    answer = await tenant.change("initiativeProgressRecord", {"initiative_id": initiative, **progress})
    assert codes(answer) == [fault]
    assert await tenant.rows("select 1 from progress_snapshot") == []


async def test_an_initiative_that_follows_a_tracker_takes_no_snapshots(tenant: Tenant, initiative: str):
    await tenant.rows("update initiative set progress_source = 'TRACKER' returning id")
    answer = await tenant.change("initiativeProgressRecord", observed(initiative, 1))
    assert codes(answer) == [("CONFLICT", "initiativeId")]
