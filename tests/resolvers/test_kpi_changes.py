"""KPIs and the versions of their targets."""

from typing import Any

import pytest

from portfolio.identity import print_id
from tests.resolvers.tenant import Tenant, codes, uuid_of


def defined(subject: str, **more: Any) -> dict[str, Any]:
    return {
        "subject_id": subject,
        "key": "USERS",
        "name": "Active users",
        "unit": "users",
        "category": "ENGAGEMENT",
        "direction": "HIGHER",
        **more,
    }


@pytest.fixture
async def kpi(tenant: Tenant, product: str) -> str:
    made = await tenant.made("kpiCreate", defined(product, target={"target": 100.0}))
    await tenant.pending()
    return made


async def test_a_new_kpi_has_its_target_in_force_and_marks_what_it_measures(tenant: Tenant, product: str):
    input = defined(product, target={"target": 0.1, "red_at": 0.05}, cadence_days=7)
    kpi = await tenant.made("kpiCreate", input)
    [row] = await tenant.rows(
        "select k.id, k.created_on::text, t.target::text, t.superseded_at"
        " from kpi k join kpi_target t on t.id = k.target_id"
    )
    assert row == {"id": uuid_of(kpi), "created_on": "2026-03-02", "target": "0.1", "superseded_at": None}
    assert await tenant.pending() == {uuid_of(product)}
    [event] = await tenant.events("KPI_CREATED")
    assert event["subject_id"] == uuid_of(product)
    assert {"field": "target", "from": None, "to": {"target": "0.1", "redAt": "0.05"}} in event["told"]


@pytest.mark.parametrize("kind", ["ORGANIZATION", "PORTFOLIO", "INITIATIVE"])
async def test_a_kpi_measures_anything_that_has_health(tenant: Tenant, home: str, kind: str):
    subjects = {
        "ORGANIZATION": print_id("ORGANIZATION", tenant.id),
        "PORTFOLIO": home,
        "INITIATIVE": await tenant.made("initiativeCreate", {"key": "I1", "name": "I", "portfolio_id": home}),
    }
    await tenant.pending()
    assert codes(await tenant.change("kpiCreate", defined(subjects[kind]))) == []
    assert await tenant.pending() == {uuid_of(subjects[kind])}


async def test_a_new_target_supersedes_the_one_in_force_and_the_same_again_changes_nothing(
    tenant: Tenant, kpi: str, product: str
):
    for _ in range(2):
        answer = await tenant.change("kpiTargetSet", {"kpi_id": kpi, "target": 120.0, "green_at": 110.0})
        assert codes(answer) == []
    rows = await tenant.rows("select target, green_at, superseded_at is null as in_force from kpi_target order by id")
    assert [(row["target"], row["green_at"], row["in_force"]) for row in rows] == [
        (100, None, False),
        (120, 110, True),
    ]
    assert await tenant.pending() == {uuid_of(product)}
    [event] = await tenant.events("KPI_TARGET_SET")
    assert event["told"] == [{"field": "target", "from": {"target": "100"}, "to": {"target": "120", "greenAt": "110"}}]
    assert (await tenant.rows("select version from kpi")) == [{"version": 2}]


@pytest.mark.parametrize(
    ("direction", "target", "says"),
    [
        ("HIGHER", {}, "needs target"),
        ("HIGHER", {"target": 1.0, "range_low": 0.0}, "RANGE"),
        ("HIGHER", {"target": 10.0, "baseline": 20.0}, "against the direction"),
        ("HIGHER", {"target": 10.0, "red_at": 11.0}, "follow each other"),
        ("HIGHER", {"target": 0.0}, "tolerance"),
        ("LOWER", {"target": 10.0, "tolerance": 0.0}, "above 0"),
        ("RANGE", {"range_low": 1.0}, "rangeLow and rangeHigh"),
        ("RANGE", {"range_low": 2.0, "range_high": 1.0}, "at most"),
        ("RANGE", {"range_low": 1.0, "range_high": 2.0, "target": 1.0}, "no target"),
        ("RANGE", {"range_low": 1.0, "range_high": 1.0}, "tolerance"),
    ],
)
async def test_a_target_that_cannot_be_scored_is_refused(
    tenant: Tenant, product: str, direction: str, target: dict[str, float], says: str
):
    input = defined(product, direction=direction, target=target)
    answer = await tenant.change("kpiCreate", input)
    assert [error["code"] for error in answer["userErrors"]] == ["INVALID"]
    assert says in answer["userErrors"][0]["message"]
    assert await tenant.rows("select 1 from kpi") == []


async def test_a_direction_changes_only_together_with_a_target_that_fits(tenant: Tenant, kpi: str):
    assert codes(await tenant.change("kpiUpdate", {"id": kpi, "direction": "RANGE"})) == [("INVALID", "target")]
    range_ = {"range_low": 1.0, "range_high": 2.0}
    changed = {"id": kpi, "direction": "RANGE", "target": range_}
    assert codes(await tenant.change("kpiUpdate", changed)) == []
    [event] = await tenant.events("KPI_UPDATED")
    assert [change["field"] for change in event["told"]] == ["direction", "target"]
    no_edges = defined(print_id("ORGANIZATION", tenant.id), key="BARE", direction="RANGE")
    assert codes(await tenant.change("kpiCreate", no_edges)) == [("REQUIRED", "target")]


async def test_a_rename_of_a_kpi_does_not_recompute_health_but_its_weight_does(tenant: Tenant, kpi: str, product: str):
    await tenant.change("kpiUpdate", {"id": kpi, "name": "Users", "unit": "people"})
    assert await tenant.pending() == set()
    await tenant.change("kpiUpdate", {"id": kpi, "weight": 5, "critical": True})
    assert await tenant.pending() == {uuid_of(product)}


async def test_a_kpi_keeps_what_it_measures(tenant: Tenant, product: str, home: str):
    input = {**defined(product), "external": {"system": "LOOKER", "id": "1"}}
    kpi = await tenant.made("kpiUpsert", input)
    assert await tenant.made("kpiUpsert", {**input, "name": "Users"}) == kpi
    moved = await tenant.change("kpiUpsert", {**input, "subject_id": home})
    assert codes(moved) == [("INVALID", "subjectId")]


async def test_an_archived_kpi_leaves_health_and_comes_back(tenant: Tenant, kpi: str, product: str):
    for name in ("kpiArchive", "kpiRestore"):
        await tenant.change(name, {"id": kpi})
        assert await tenant.pending() == {uuid_of(product)}
    assert len(await tenant.events("KPI_ARCHIVED")) == len(await tenant.events("KPI_RESTORED")) == 1
