"""TEAM of a score: who works on a node and which skills it needs, as assignments say it, day by day."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from runtime.postgres import RELAY_ROLE, open_connection
from tests.workers.company import NOON, Company
from tests.workers.test_recompute_health import faults, recompute
from workers import schedule
from workers.measurement.team_inputs import read_teams

TODAY = NOON.date()


async def add(company: Company, table: str, **values: Any) -> UUID:
    id = company.new_id()
    columns = {"tenant_id": company.tenant_id, "id": id, "created_at": NOON, "updated_at": NOON, **values}
    places = ", ".join(f"${place}" for place in range(1, len(columns) + 1))
    async with company.change() as connection:
        await connection.execute(f"insert into {table} ({', '.join(columns)}) values ({places})", *columns.values())
    return id


async def person(company: Company) -> UUID:
    return await add(company, "person", key=f"p-{company.new_id()}", name="P")


async def assign(company: Company, subject_id: UUID, allocation: str = "0.5", **values: Any) -> UUID:
    terms = {"role": "OTHER", "from_on": date(2026, 1, 1), "confirmed_on": TODAY - timedelta(days=1)}
    id = await add(company, "assignment", **{"subject_id": subject_id, "allocation": allocation, **terms, **values})
    async with company.change() as connection:
        await company.mark(connection, [subject_id])
    return id


async def team_of(company: Company, node_id: UUID, day: date = TODAY) -> dict[str, Any] | None:
    async with company.change() as connection:
        teams = await read_teams(connection, company.tenant_id, day, [node_id])
    return teams[node_id].facts if node_id in teams else None


async def test_members_have_their_part_here_and_over_all_work(company: Company):
    portfolio = await company.add_portfolio()
    product, other = [await company.add_product(portfolio) for _ in range(2)]
    ada, bob = await person(company), await person(company)
    team = await add(company, "team", key="DATA", name="Data")
    await add(company, "membership", team_id=team, person_id=bob, from_on=date(2026, 1, 1))
    await assign(company, product, person_id=ada)
    await assign(company, other, "0.75", person_id=ada)
    await assign(company, product, "0.3", team_id=team)
    await assign(company, product, "0", person_id=ada, role="SPONSOR")
    facts = await team_of(company, product)
    assert facts is not None
    found = {(str(member["allocation"]), str(member["total_allocation"])): member["id"] for member in facts["members"]}
    assert found == {("50", "125"): f"per_{ada}", ("30", "30"): f"per_{bob}"}
    assert facts["observed_on"] == TODAY - timedelta(days=1)


async def test_a_skill_counts_from_its_level_on(company: Company):
    product = await company.add_product(await company.add_portfolio())
    skill = await add(company, "skill", key="NLP", name="Language")
    for level, allocation in ((2, "0.5"), (3, "0.25"), (5, "0.5")):
        someone = await person(company)
        await add(company, "person_skill", person_id=someone, skill_id=skill, level=level, assessed_on=TODAY)
        await assign(company, product, allocation, person_id=someone)
    await add(company, "skill_demand", subject_id=product, skill_id=skill, full_time_equivalents="1.5", level=3)
    facts = await team_of(company, product)
    assert facts is not None
    [found] = facts["skills"]
    assert (str(found["demand"]), str(found["supply"]), found["holders"]) == ("1.5", "0.75", 2)


async def test_without_assignments_and_demands_nothing_is_said(company: Company):
    product = await company.add_product(await company.add_portfolio())
    assert await team_of(company, product) is None


async def test_the_score_has_a_team_dimension_as_computed_by_hand(company: Company):
    product = await company.add_product(await company.add_portfolio())
    ada = await person(company)
    await assign(company, product, "1", person_id=ada)
    await recompute(company)
    score = await company.score(product)
    # CAPACITY 100 with weight 35, KEY_PERSON of one member 40 with weight 20.
    assert dict(zip(score["dimension_names"], score["dimension_points_mp"], strict=True))["TEAM"] == 78_182
    assert await faults(company) == []


async def test_a_score_moves_on_the_day_on_which_an_assignment_ends(company: Company, database: str):
    portfolio = await company.add_portfolio()
    product, other = [await company.add_product(portfolio) for _ in range(2)]
    ada = await person(company)
    await assign(company, product, "0.75", person_id=ada)
    await assign(company, other, "0.75", person_id=ada, to_on=TODAY + timedelta(days=2))
    await recompute(company)
    before = await company.score(product)
    assert "TEAM/CAPACITY" in before["driver_paths"]
    company.hands.forward(days=3)
    relay = await open_connection(database, RELAY_ROLE)
    assert await schedule.raise_due(relay, company.hands.clock) >= 1
    await relay.close()
    await recompute(company)
    after = await company.score(product)
    assert "TEAM/CAPACITY" not in after["driver_paths"]
    assert await faults(company) == []


async def test_work_is_measured_on_the_time_that_the_members_have(company: Company):
    product = await company.add_product(await company.add_portfolio())
    full, half, away = [await person(company) for _ in range(3)]
    for someone in (full, half, away):
        await assign(company, product, "0.5", person_id=someone)
    await add(company, "working_time", person_id=half, share="0.5", from_on=date(2026, 1, 1))
    await add(company, "absence", person_id=away, from_on=TODAY, to_on=TODAY, share_away="1", kind="OTHER")
    await add(company, "absence", person_id=half, from_on=TODAY, to_on=TODAY, share_away="0.5", kind="OTHER")
    facts = await team_of(company, product)
    assert facts is not None
    names = ("allocation", "total_allocation", "available")
    found = {member["id"]: tuple(str(member.get(name)) for name in names) for member in facts["members"]}
    assert found == {
        f"per_{full}": ("50", "50", "None"),
        f"per_{half}": ("50", "25", "25"),
        f"per_{away}": ("50", "0", "0"),
    }


async def test_half_time_that_is_given_away_twice_is_no_capacity_and_an_absence_is_no_overload(
    company: Company, database: str
):
    product = await company.add_product(await company.add_portfolio())
    ada = await person(company)
    await assign(company, product, "1", person_id=ada)
    await add(company, "working_time", person_id=ada, share="0.5", from_on=date(2026, 1, 1))
    gone = {"from_on": TODAY + timedelta(days=2), "to_on": TODAY + timedelta(days=3)}
    await add(company, "absence", person_id=ada, **gone, share_away="1", kind="VACATION")
    teams = []
    for _ in range(4):
        await recompute(company)
        score = await company.score(product)
        teams.append(dict(zip(score["dimension_names"], score["dimension_points_mp"], strict=True))["TEAM"])
        company.hands.forward(days=1)
        relay = await open_connection(database, RELAY_ROLE)
        await schedule.raise_due(relay, company.hands.clock)
        await relay.close()
    await recompute(company)
    # 200 % of the time there is: CAPACITY 0 with weight 35; away: 100. KEY_PERSON of one member 40 with weight 20.
    assert teams == [14_545, 14_545, 78_182, 78_182]
    assert await faults(company) == []
