"""Milestones: their days decide, and every change of one waits to be scored."""

from datetime import date
from typing import Any

import pytest

from tests.resolvers.tenant import Tenant, codes, uuid_of


@pytest.fixture
async def initiative(tenant: Tenant, home: str) -> str:
    made = await tenant.made("initiativeCreate", {"key": "RETRAIN", "name": "Retrain", "portfolio_id": home})
    await tenant.pending()
    return made


@pytest.fixture
async def milestone(tenant: Tenant, initiative: str) -> str:
    input = {"initiative_id": initiative, "name": "Data in", "due_on": date(2026, 4, 1)}
    made = await tenant.made("milestoneCreate", input)
    assert await tenant.pending() == {uuid_of(initiative)}
    return made


@pytest.mark.usefixtures("milestone")
async def test_a_milestone_is_told_as_its_initiatives_affair(tenant: Tenant, initiative: str, home: str):
    [event] = await tenant.events("MILESTONE_CREATED")
    assert (event["subject_id"], event["portfolio_id"]) == (uuid_of(initiative), uuid_of(home))
    assert {"field": "dueOn", "from": None, "to": "2026-04-01"} in event["told"]
    assert "Data in" not in str(event["told"])


@pytest.mark.parametrize(
    "changes", [{"done_on": date(2026, 3, 1)}, {"due_on": date(2026, 5, 1)}, {"is_canceled": True}]
)
async def test_what_health_reads_of_a_milestone_marks_the_initiative(
    tenant: Tenant, milestone: str, initiative: str, changes: dict[str, Any]
):
    await tenant.change("milestoneUpdate", {"id": milestone, **changes})
    assert await tenant.pending() == {uuid_of(initiative)}


async def test_a_new_name_marks_nothing_and_a_repeated_one_changes_nothing(tenant: Tenant, milestone: str):
    for _ in range(2):
        await tenant.change("milestoneUpdate", {"id": milestone, "name": "Data there"})
    assert await tenant.pending() == set()
    assert len(await tenant.events("MILESTONE_UPDATED")) == 1
    assert await tenant.rows("select version from milestone") == [{"version": 2}]


async def test_a_milestone_given_up_counts_again_when_it_is_taken_up(tenant: Tenant, milestone: str):
    await tenant.change("milestoneUpdate", {"id": milestone, "is_canceled": True})
    first = await tenant.rows("select canceled_at from milestone")
    await tenant.change("milestoneUpdate", {"id": milestone, "is_canceled": True})
    assert await tenant.rows("select canceled_at from milestone") == first != [{"canceled_at": None}]
    await tenant.change("milestoneUpdate", {"id": milestone, "is_canceled": False})
    assert await tenant.rows("select canceled_at from milestone") == [{"canceled_at": None}]


async def test_an_archived_milestone_is_not_changed_until_it_is_restored(
    tenant: Tenant, milestone: str, initiative: str
):
    await tenant.change("milestoneArchive", {"id": milestone})
    assert await tenant.pending() == {uuid_of(initiative)}
    assert codes(await tenant.change("milestoneUpdate", {"id": milestone, "name": "x"})) == [("ARCHIVED", "id")]
    await tenant.change("milestoneRestore", {"id": milestone})
    assert await tenant.pending() == {uuid_of(initiative)}
    assert codes(await tenant.change("milestoneUpdate", {"id": milestone, "name": "x"})) == []


@pytest.mark.usefixtures("milestone")
async def test_an_initiative_has_at_most_250_milestones(tenant: Tenant, initiative: str):
    await tenant.rows(
        "insert into milestone (tenant_id, id, initiative_id, name, due_on, created_at, updated_at)"
        " select tenant_id, gen_random_uuid(), initiative_id, name, due_on, created_at, updated_at"
        " from milestone, generate_series(1, 249) returning id"
    )
    input = {"initiative_id": initiative, "name": "One more", "due_on": date(2026, 4, 1)}
    assert codes(await tenant.change("milestoneCreate", input)) == [("LIMIT_EXCEEDED", "initiativeId")]


async def test_a_key_of_another_portfolio_finds_no_milestone(tenant: Tenant, milestone: str):
    away = await tenant.made("portfolioCreate", {"key": "AWAY", "name": "Away"})
    viewer = tenant.viewer(grants=[away])
    answer = await tenant.change("milestoneUpdate", {"id": milestone, "name": "Mine"}, viewer)
    assert codes(answer) == [("NOT_FOUND", "id")]
