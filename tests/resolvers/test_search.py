"""Search finds what a change has just written, and no longer what it took away."""

import pytest

from runtime.viewer import Viewer
from tests.resolvers.conftest import Ask
from tests.resolvers.tenant import Tenant

_SEARCH = "query ($query: String!) { search(query: $query) { key match } }"


@pytest.fixture
async def product(tenant: Tenant, home: str) -> str:
    return await tenant.made("productCreate", {"key": "CHURN", "name": "Abwanderung früh sehen", "portfolio_id": home})


async def keys(ask: Ask, query: str, viewer: Viewer | None = None) -> list[str]:
    return [hit["key"] for hit in (await ask(_SEARCH, viewer, query=query))["search"]]


@pytest.mark.usefixtures("product")
@pytest.mark.parametrize("query", ["CHURN", "chu", "Fruh", "ABWAND seh", "seh-abw"])
async def test_a_new_product_is_found_by_beginnings_of_its_words(ask: Ask, query: str):
    assert await keys(ask, query) == ["CHURN"]


@pytest.mark.usefixtures("product")
@pytest.mark.parametrize("query", ["wanderung", "abwand spät", "churn-2"])
async def test_every_word_asked_must_begin_one_of_its_words(ask: Ask, query: str):
    assert await keys(ask, query) == []


async def test_a_new_name_is_found_and_the_old_one_is_not(tenant: Tenant, ask: Ask, product: str):
    await tenant.change("productUpdate", {"id": product, "name": "Stay"})
    assert (await keys(ask, "stay"), await keys(ask, "abwanderung")) == (["CHURN"], [])


async def test_what_is_archived_is_found_again_once_it_is_restored(tenant: Tenant, ask: Ask, product: str):
    await tenant.change("productArchive", {"id": product})
    assert await keys(ask, "churn") == []
    await tenant.change("productRestore", {"id": product})
    assert await keys(ask, "churn") == ["CHURN"]


async def test_a_change_of_anything_else_leaves_the_words_alone(tenant: Tenant, product: str):
    before = await tenant.rows("select xmin, * from search_word")
    await tenant.change("productUpdate", {"id": product, "importance": 7})
    assert await tenant.rows("select xmin, * from search_word") == before


async def test_a_kpi_is_found_where_its_subject_is(tenant: Tenant, ask: Ask, home: str, product: str):
    there = await tenant.made("portfolioCreate", {"key": "THERE", "name": "Elsewhere"})
    kpi = {"key": "CHURN-RATE", "name": "Rate", "subject_id": product, "category": "REVENUE", "unit": "%"}
    await tenant.made("kpiCreate", {**kpi, "direction": "LOWER"})
    assert await keys(ask, "churn", tenant.viewer(grants=[home])) == ["CHURN", "CHURN-RATE"]
    assert await keys(ask, "churn", tenant.viewer(grants=[there])) == []
    await tenant.change("productUpdate", {"id": product, "portfolio_id": there})
    assert await keys(ask, "churn", tenant.viewer(grants=[home])) == []
    assert await keys(ask, "churn", tenant.viewer(grants=[there])) == ["CHURN", "CHURN-RATE"]


async def test_the_best_match_comes_first(tenant: Tenant, ask: Ask, home: str):
    for key, name in (
        ("A-LATE", "Too late"),
        ("LATE-10", "Early"),
        ("LATE-2", "Zebra"),
        ("TOP", "Late again"),
        ("BOTTOM", "Late again"),
        ("LATE", "Y"),
    ):
        await tenant.made("productCreate", {"key": key, "name": name, "portfolio_id": home})
    hits = (await ask(_SEARCH, query="late"))["search"]
    assert [(hit["key"], hit["match"]) for hit in hits] == [
        ("LATE", "KEY"),
        ("LATE-2", "KEY_PREFIX"),
        ("LATE-10", "KEY_PREFIX"),
        ("TOP", "NAME_PREFIX"),
        ("BOTTOM", "NAME_PREFIX"),
        ("A-LATE", "WORDS"),
    ]
