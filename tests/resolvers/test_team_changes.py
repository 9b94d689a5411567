"""Teams, memberships and skills: made, changed, ended, and kept from contradicting each other."""

import asyncio
import json
from datetime import date
from typing import Any

import pytest

from portfolio.identity import print_id
from tests.resolvers.tenant import Tenant, codes, uuid_of


@pytest.fixture
async def team(tenant: Tenant) -> str:
    return await tenant.made("teamCreate", {"key": "DATA", "name": "Data team"})


@pytest.fixture
def ada(tenant: Tenant) -> str:
    return print_id("PERSON", tenant.person_id)


async def work(tenant: Tenant, subject: str, **members: Any) -> str:
    terms = {"role": "AI_ENGINEER", "allocation": 0.5, "from_on": date(2026, 1, 1)}
    return await tenant.made("assignmentCreate", {"subject_id": subject, **terms, **members})


async def test_a_new_team_has_a_lead_a_parent_and_an_event_of_the_tenant(tenant: Tenant, team: str, ada: str):
    child = await tenant.made("teamCreate", {"key": "VISION", "name": "Vision", "parent_id": team, "lead_id": ada})
    [row] = await tenant.rows("select * from team where id = $1", uuid_of(child))
    assert (row["parent_id"], row["lead_id"]) == (uuid_of(team), tenant.person_id)
    event = (await tenant.events("TEAM_CREATED"))[-1]
    assert (event["entity_id"], event["subject_id"]) == (uuid_of(child), None)
    assert not any("Vision" in str(change) for change in event["told"])


async def test_a_team_cannot_lie_below_itself(tenant: Tenant, team: str):
    child = await tenant.made("teamCreate", {"key": "VISION", "name": "Vision", "parent_id": team})
    grandchild = await tenant.made("teamCreate", {"key": "OCR", "name": "OCR", "parent_id": child})
    for parent in (team, child, grandchild):
        answer = await tenant.change("teamUpdate", {"id": team, "parent_id": parent})
        assert codes(answer) == [("CYCLE", "parentId")]
    answer = await tenant.change("teamUpdate", {"id": grandchild, "parent_id": team})
    assert answer["userErrors"] == []


async def test_a_team_is_upserted_by_its_external_name(tenant: Tenant):
    external = {"system": "HR", "id": "42"}
    first = await tenant.change("teamUpsert", {"external": external, "key": "OPS", "name": "Operations"})
    second = await tenant.change("teamUpsert", {"external": external, "name": "Model operations"})
    assert first["team"] == second["team"]
    assert await tenant.rows("select key, name, version from team") == [
        {"key": "OPS", "name": "Model operations", "version": 2}
    ]


async def test_a_team_with_members_or_work_is_not_archived(tenant: Tenant, team: str, ada: str, product: str):
    started = {"team_id": team, "person_id": ada, "from_on": date(2026, 1, 1)}
    membership = await tenant.made("membershipStart", started)
    assignment = await work(tenant, product, team_id=team)
    answer = await tenant.change("teamArchive", {"id": team})
    assert codes(answer) == [("CONFLICT", "id")]
    assert "1 membership and 1 assignment" in answer["userErrors"][0]["message"]
    for name, id in (("membershipEnd", membership), ("assignmentEnd", assignment)):
        assert (await tenant.change(name, {"id": id, "to_on": date(2026, 2, 1)}))["userErrors"] == []
    assert (await tenant.change("teamArchive", {"id": team}))["userErrors"] == []
    assert codes(await tenant.change("membershipStart", started)) == [("ARCHIVED", "id")]
    assert (await tenant.change("teamRestore", {"id": team}))["userErrors"] == []
    assert [event["type"] for event in await tenant.events()][-2:] == ["TEAM_ARCHIVED", "TEAM_RESTORED"]


async def test_a_person_is_in_a_team_once_at_a_time(tenant: Tenant, team: str, ada: str):
    base = {"team_id": team, "person_id": ada, "role": "Reviewer"}
    first = await tenant.made("membershipStart", {**base, "from_on": date(2026, 1, 1), "to_on": date(2026, 1, 31)})
    answer = await tenant.change("membershipStart", {**base, "from_on": date(2026, 1, 31)})
    assert codes(answer) == [("CONFLICT", "fromOn")]
    await tenant.made("membershipStart", {**base, "from_on": date(2026, 2, 1)})
    # The first one may end earlier, but not run into the second.
    assert codes(await tenant.change("membershipEnd", {"id": first, "to_on": date(2026, 2, 1)})) == [
        ("CONFLICT", "fromOn")
    ]
    assert codes(await tenant.change("membershipEnd", {"id": first, "to_on": date(2025, 12, 31)})) == [
        ("INVALID", "toOn")
    ]
    assert (await tenant.change("membershipEnd", {"id": first, "to_on": date(2026, 1, 15)}))["userErrors"] == []
    await tenant.change("membershipEnd", {"id": first, "to_on": date(2026, 1, 15)})
    assert len(await tenant.events("MEMBERSHIP_ENDED")) == 1


async def test_of_two_who_put_a_person_into_a_team_at_once_one_is_refused(tenant: Tenant, team: str, ada: str):
    input = {"team_id": team, "person_id": ada, "from_on": date(2026, 1, 1), "to_on": date(2026, 2, 1)}
    answers = await asyncio.gather(*(tenant.change("membershipStart", input) for _ in range(4)))
    assert sorted(len(answer["userErrors"]) for answer in answers) == [0, 1, 1, 1]


async def test_who_joins_a_team_changes_the_load_of_its_work_and_of_their_own(
    tenant: Tenant, home: str, team: str, ada: str
):
    made = [
        await tenant.made("productCreate", {"key": key, "name": key, "portfolio_id": home}) for key in ("ONE", "TWO")
    ]
    await work(tenant, made[0], team_id=team)
    await work(tenant, made[1], person_id=ada)
    await tenant.pending()
    membership = await tenant.made("membershipStart", {"team_id": team, "person_id": ada, "from_on": date(2026, 1, 1)})
    assert await tenant.pending() == {uuid_of(made[0]), uuid_of(made[1])}
    await tenant.change("membershipEnd", {"id": membership, "to_on": date(2026, 2, 1)})
    assert await tenant.pending() == {uuid_of(made[0]), uuid_of(made[1])}


async def test_a_skill_is_added_renamed_archived_and_restored(tenant: Tenant):
    skill = await tenant.made("skillCreate", {"key": "NLP", "name": "Language", "category": "models"})
    assert codes(await tenant.change("skillCreate", {"key": "NLP", "name": "Again"})) == [("DUPLICATE", "key")]
    await tenant.change("skillUpdate", {"id": skill, "name": "Language models"})
    await tenant.change("skillArchive", {"id": skill})
    assert codes(await tenant.change("skillUpdate", {"id": skill, "name": "X"})) == [("ARCHIVED", "id")]
    await tenant.change("skillRestore", {"id": skill})
    assert [event["type"] for event in await tenant.events()] == [
        *("SKILL_CREATED", "SKILL_UPDATED", "SKILL_ARCHIVED", "SKILL_RESTORED"),
    ]


async def test_a_persons_skill_is_set_set_again_and_taken_away(tenant: Tenant, ada: str, product: str):
    skill = await tenant.made("skillCreate", {"key": "NLP", "name": "Language"})
    await work(tenant, product, person_id=ada)
    await tenant.pending()
    said = {"person_id": ada, "skill_id": skill, "level": 3, "assessed_on": date(2026, 1, 5)}
    first = await tenant.change("personSkillSet", said)
    assert await tenant.pending() == {uuid_of(product)}
    again = await tenant.change("personSkillSet", said)
    assert (again["personSkill"], await tenant.pending()) == (first["personSkill"], set())
    await tenant.change("personSkillSet", {**said, "level": 5})
    assert await tenant.rows("select level, version from person_skill") == [{"level": 5, "version": 2}]
    gone = await tenant.change("personSkillSet", {"person_id": ada, "skill_id": skill, "level": None})
    assert (gone["personSkill"], gone["person"]) == (None, ada)
    assert await tenant.rows("select 1 from person_skill") == []
    assert [event["type"] for event in await tenant.events() if event["entity_kind"] == "PERSON_SKILL"] == [
        *("PERSON_SKILL_SET", "PERSON_SKILL_SET", "PERSON_SKILL_REMOVED"),
    ]
    assert codes(await tenant.change("personSkillSet", {**said, "level": 6})) == [("INVALID", "level")]


async def test_a_demand_is_set_set_again_and_taken_away(tenant: Tenant, product: str, home: str):
    skill = await tenant.made("skillCreate", {"key": "NLP", "name": "Language"})
    said = {"subject_id": product, "skill_id": skill, "full_time_equivalents": 1.5, "level": 3}
    first = await tenant.change("skillDemandSet", said)
    assert await tenant.pending() == {uuid_of(product)}
    [event] = await tenant.events("SKILL_DEMAND_SET")
    assert (event["subject_id"], event["portfolio_id"]) == (uuid_of(product), uuid_of(home))
    assert {"field": "fullTimeEquivalents", "from": None, "to": "1.5"} in event["told"]
    again = await tenant.change("skillDemandSet", {**said, "full_time_equivalents": 2})
    assert again["skillDemand"] == first["skillDemand"]
    gone = await tenant.change("skillDemandSet", {**said, "full_time_equivalents": 0})
    assert gone["skillDemand"] is None
    assert await tenant.rows("select 1 from skill_demand") == []
    assert codes(await tenant.change("skillDemandSet", {**said, "full_time_equivalents": -1})) == [
        ("INVALID", "fullTimeEquivalents")
    ]


async def test_the_same_call_with_one_idempotency_key_starts_one_membership(tenant: Tenant, team: str, ada: str):
    input = {"team_id": team, "person_id": ada, "from_on": date(2026, 1, 1), "idempotency_key": "join-1"}
    assert await tenant.change("membershipStart", input) == await tenant.change("membershipStart", input)
    assert len(await tenant.rows("select 1 from membership")) == 1


async def test_a_limited_key_changes_no_team_and_no_skill(tenant: Tenant, home: str):
    limited = tenant.viewer(grants=[home])
    for name, input in (
        ("teamCreate", {"key": "DATA", "name": "Data"}),
        ("skillCreate", {"key": "NLP", "name": "Language"}),
    ):
        with pytest.raises(Exception, match="limited to portfolios"):
            await tenant.change(name, input, limited)
    assert json.dumps(await tenant.events(), default=str).count("TEAM_CREATED") == 0
