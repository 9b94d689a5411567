"""Products: made, changed, moved, archived, restored, and named by other systems."""

import pytest

from portfolio.identity import print_id
from tests.resolvers.tenant import Tenant, codes, uuid_of


async def test_a_new_product_has_its_row_its_subject_one_event_and_a_signal_for_it_and_its_portfolio(
    tenant: Tenant, home: str
):
    await tenant.pending()
    answer = await tenant.change(
        "productCreate",
        {
            "key": "CHURN",
            "name": " Churn model ",
            "portfolio_id": home,
            "owner_id": print_id("PERSON", tenant.person_id),
        },
    )
    assert answer["userErrors"] == []
    id = uuid_of(answer["product"])
    [row] = await tenant.rows("select * from product")
    assert (row["id"], row["name"], row["importance"], row["tier"]) == (
        id,
        "Churn model",
        100,
        "TIER_3",
    )
    assert await tenant.rows("select portfolio_id from subject where id = $1", id) == [{"portfolio_id": uuid_of(home)}]
    [event] = await tenant.events("PRODUCT_CREATED")
    assert (event["subject_id"], event["portfolio_id"], event["request_id"]) == (
        id,
        uuid_of(home),
        "req-1",
    )
    assert {"field": "portfolioId", "from": None, "to": home} in event["told"]
    assert not any("Churn" in str(change) for change in event["told"])
    assert await tenant.pending() == {id, uuid_of(home)}


async def test_every_fault_of_an_input_is_named_at_once_and_nothing_is_written(tenant: Tenant):
    answer = await tenant.change(
        "productCreate",
        {
            "key": "churn model",
            "name": "",
            "portfolio_id": "pfl_00000000-0000-7000-8000-000000000000",
            "importance": 0,
        },
    )
    assert "product" not in answer
    assert codes(answer) == [
        ("INVALID", "key"),
        ("INVALID", "name"),
        ("NOT_FOUND", "portfolioId"),
        ("INVALID", "importance"),
    ]
    assert "CHURN-MODEL" in answer["userErrors"][0]["message"]
    assert await tenant.rows("select 1 from product") == []
    assert await tenant.events() == []


async def test_an_absent_member_stays_and_null_clears(tenant: Tenant, product: str):
    await tenant.change("productUpdate", {"id": product, "description": "It predicts churn."})
    await tenant.change("productUpdate", {"id": product, "name": "Churn"})
    [row] = await tenant.rows("select * from product")
    assert (row["description"], row["name"], row["version"]) == ("It predicts churn.", "Churn", 3)
    await tenant.change("productUpdate", {"id": product, "description": None})
    assert (await tenant.rows("select description from product")) == [{"description": None}]


async def test_null_on_what_must_be_there_is_an_error_that_names_it(tenant: Tenant, product: str):
    answer = await tenant.change("productUpdate", {"id": product, "name": None, "tier": None})
    assert [(e["code"], e["field"]) for e in answer["userErrors"]] == [
        ("REQUIRED", ["input", "name"]),
        ("REQUIRED", ["input", "tier"]),
    ]


async def test_an_update_that_changes_nothing_writes_nothing(tenant: Tenant, product: str):
    before = await tenant.rows("select version, updated_at from product")
    answer = await tenant.change("productUpdate", {"id": product, "name": "Churn model", "version": 1})
    assert answer == {"userErrors": [], "warnings": [], "product": product}
    assert await tenant.rows("select version, updated_at from product") == before
    assert await tenant.events("PRODUCT_UPDATED") == []
    assert await tenant.pending() == set()


async def test_a_stale_version_is_refused_with_the_current_object(tenant: Tenant, product: str):
    await tenant.change("productUpdate", {"id": product, "version": 1, "name": "One"})
    answer = await tenant.change("productUpdate", {"id": product, "version": 1, "name": "Two"})
    assert answer["product"] == product
    assert [e["code"] for e in answer["userErrors"]] == ["STALE_VERSION"]
    assert await tenant.rows("select name from product") == [{"name": "One"}]


async def test_a_rename_does_not_recompute_health_but_importance_does(tenant: Tenant, product: str, home: str):
    await tenant.change("productUpdate", {"id": product, "name": "Renamed"})
    assert await tenant.pending() == set()
    await tenant.change("productUpdate", {"id": product, "importance": 7})
    assert await tenant.pending() == {uuid_of(product), uuid_of(home)}


async def test_a_moved_product_marks_both_portfolios_and_takes_its_subject_along(
    tenant: Tenant, product: str, home: str
):
    other = (await tenant.change("portfolioCreate", {"key": "OTHER", "name": "Other"}))["portfolio"]
    await tenant.pending()
    await tenant.change("productUpdate", {"id": product, "portfolio_id": other})
    assert await tenant.pending() == {uuid_of(product), uuid_of(home), uuid_of(other)}
    [event] = await tenant.events("PRODUCT_UPDATED")
    assert event["told"] == [{"field": "portfolioId", "from": home, "to": other}]
    assert await tenant.rows("select portfolio_id from subject where kind = 'PRODUCT'") == [
        {"portfolio_id": uuid_of(other)}
    ]


@pytest.mark.usefixtures("product")
async def test_a_taken_key_is_a_duplicate_on_create_and_on_update(tenant: Tenant, home: str):
    again = {"key": "CHURN", "name": "Again", "portfolio_id": home}
    assert codes(await tenant.change("productCreate", again)) == [("DUPLICATE", "key")]
    other = (await tenant.change("productCreate", {**again, "key": "OTHER"}))["product"]
    answer = await tenant.change("productUpdate", {"id": other, "key": "CHURN"})
    assert [(e["code"], e["field"]) for e in answer["userErrors"]] == [("DUPLICATE", ["input", "key"])]


async def test_archiving_twice_is_one_archiving_and_restoring_brings_it_back(tenant: Tenant, product: str, home: str):
    for _ in range(2):
        assert (await tenant.change("productArchive", {"id": product}))["product"] == product
    assert len(await tenant.events("PRODUCT_ARCHIVED")) == 1
    assert await tenant.pending() == {uuid_of(product), uuid_of(home)}
    refused = await tenant.change("productUpdate", {"id": product, "name": "X"})
    assert [e["code"] for e in refused["userErrors"]] == ["ARCHIVED"]
    for _ in range(2):
        await tenant.change("productRestore", {"id": product})
    assert len(await tenant.events("PRODUCT_RESTORED")) == 1
    assert await tenant.rows("select archived_at, version from product") == [{"archived_at": None, "version": 3}]


async def test_an_upsert_makes_a_product_once_and_changes_it_ever_after(tenant: Tenant, home: str):
    input = {
        "external": {"system": "JIRA", "id": "P-1", "url": "https://example.com/P-1"},
        "key": "CHURN",
        "name": "Churn",
        "portfolio_id": home,
    }
    first = await tenant.change("productUpsert", input)
    second = await tenant.change("productUpsert", {**input, "name": "Churn model"})
    assert first["product"] is not None
    assert first["product"] == second["product"]
    assert await tenant.rows("select name, version from product") == [{"name": "Churn model", "version": 2}]
    incomplete = await tenant.change("productUpsert", {"external": {"system": "JIRA", "id": "P-2"}})
    assert codes(incomplete) == [
        ("REQUIRED", "key"),
        ("REQUIRED", "name"),
        ("REQUIRED", "portfolioId"),
    ]
