"""Assignments: made, changed in versions, ended, confirmed, and warned about."""

import asyncio
import itertools
from datetime import date, timedelta
from typing import Any

import pytest

from portfolio.identity import print_id
from tests.resolvers.tenant import NOON, Tenant, codes, uuid_of

TODAY = NOON.date()  # a Monday


@pytest.fixture
def ada(tenant: Tenant) -> str:
    return print_id("PERSON", tenant.person_id)


def terms(subject: str, **members: Any) -> dict[str, Any]:
    return {"subject_id": subject, "role": "AI_ENGINEER", "allocation": 0.6, "from_on": TODAY, **members}


async def another_product(tenant: Tenant, home: str) -> str:
    made = await tenant.made("productCreate", {"key": "OTHER", "name": "Other", "portfolio_id": home})
    await tenant.pending()
    return made


async def test_a_new_assignment_has_its_first_version_an_event_and_a_signal(
    tenant: Tenant, product: str, home: str, ada: str
):
    answer = await tenant.change("assignmentCreate", terms(product, person_id=ada))
    assert (answer["userErrors"], answer["warnings"]) == ([], [])
    [row] = await tenant.rows("select * from assignment")
    assert (str(row["allocation"]), row["to_on"], row["confirmed_on"]) == ("0.6", None, TODAY)
    [version] = await tenant.rows("select * from assignment_version")
    assert (version["version"], version["superseded_at"]) == (1, None)
    [event] = await tenant.events("ASSIGNMENT_CREATED")
    assert (event["subject_id"], event["portfolio_id"]) == (uuid_of(product), uuid_of(home))
    assert {"field": "allocation", "from": None, "to": "0.6"} in event["told"]
    assert await tenant.pending() == {uuid_of(product)}


async def test_a_change_supersedes_what_was_known_before(tenant: Tenant, product: str, ada: str):
    id = await tenant.made("assignmentCreate", terms(product, person_id=ada))
    tenant.clock.current += timedelta(days=3)
    await tenant.change("assignmentUpdate", {"id": id, "allocation": 0.8, "version": 1})
    await tenant.change("assignmentEnd", {"id": id, "to_on": TODAY + timedelta(days=30)})
    versions = await tenant.rows("select * from assignment_version order by version")
    assert [str(version["allocation"]) for version in versions] == ["0.6", "0.8", "0.8"]
    assert [version["to_on"] for version in versions] == [None, None, TODAY + timedelta(days=30)]
    for before, after in itertools.pairwise(versions):
        assert before["superseded_at"] == after["recorded_at"]
    assert versions[-1]["superseded_at"] is None
    # What was known on the day after the first was recorded.
    [then] = await tenant.rows(
        "select allocation from assignment_version"
        " where recorded_at <= $1 and (superseded_at > $1 or superseded_at is null)",
        NOON + timedelta(days=1),
    )
    assert str(then["allocation"]) == "0.6"
    stale = await tenant.change("assignmentUpdate", {"id": id, "allocation": 0.1, "version": 1})
    assert codes(stale) == [("STALE_VERSION", "version")]
    assert [event["type"] for event in await tenant.events() if event["entity_kind"] == "ASSIGNMENT"] == [
        *("ASSIGNMENT_CREATED", "ASSIGNMENT_UPDATED", "ASSIGNMENT_ENDED"),
    ]


async def test_a_change_to_the_same_terms_writes_nothing(tenant: Tenant, product: str, ada: str):
    id = await tenant.made("assignmentCreate", terms(product, person_id=ada))
    await tenant.pending()
    answer = await tenant.change("assignmentUpdate", {"id": id, "allocation": 0.6})
    assert answer == {"userErrors": [], "warnings": [], "assignment": id}
    assert len(await tenant.rows("select 1 from assignment_version")) == 1
    assert await tenant.pending() == set()


async def test_a_person_or_a_team_is_assigned_and_not_both_or_neither(tenant: Tenant, product: str, ada: str):
    team = await tenant.made("teamCreate", {"key": "DATA", "name": "Data team"})
    for holder in ({}, {"person_id": ada, "team_id": team}):
        answer = await tenant.change("assignmentCreate", terms(product, **holder))
        assert codes(answer) == [("REQUIRED", "personId")]


@pytest.mark.parametrize(("member", "value"), [("allocation", 1.01), ("allocation", -0.1), ("to_on", date(2026, 3, 1))])
async def test_terms_out_of_range_are_refused(tenant: Tenant, product: str, ada: str, member: str, value: Any):
    answer = await tenant.change("assignmentCreate", terms(product, person_id=ada, **{member: value}))
    assert [code for code, _ in codes(answer)] == ["INVALID"]
    assert await tenant.rows("select 1 from assignment") == []


async def test_in_one_role_a_person_is_assigned_once_at_a_time(tenant: Tenant, product: str, ada: str):
    first = await tenant.made("assignmentCreate", terms(product, person_id=ada, allocation=0.2))
    again = await tenant.change("assignmentCreate", terms(product, person_id=ada, allocation=0.2))
    assert codes(again) == [("CONFLICT", "fromOn")]
    await tenant.made("assignmentCreate", terms(product, person_id=ada, allocation=0.2, role="SPONSOR"))
    await tenant.change("assignmentEnd", {"id": first, "to_on": TODAY + timedelta(days=6)})
    later = terms(product, person_id=ada, allocation=0.2, from_on=TODAY + timedelta(days=7))
    await tenant.made("assignmentCreate", later)


async def test_of_two_at_once_for_the_same_days_one_is_refused(tenant: Tenant, product: str, ada: str):
    input = terms(product, person_id=ada, allocation=0.2, to_on=TODAY + timedelta(days=9))
    answers = await asyncio.gather(*(tenant.change("assignmentCreate", input) for _ in range(4)))
    assert sorted(len(answer["userErrors"]) for answer in answers) == [0, 1, 1, 1]
    assert len(await tenant.rows("select 1 from assignment")) == 1


async def test_above_100_percent_is_made_and_warned_about_with_the_weeks(
    tenant: Tenant, home: str, product: str, ada: str
):
    other = await another_product(tenant, home)
    await tenant.made("assignmentCreate", terms(product, person_id=ada, to_on=TODAY + timedelta(days=17)))
    answer = await tenant.change(
        "assignmentCreate", terms(other, person_id=ada, from_on=TODAY + timedelta(days=3), allocation=1)
    )
    assert answer["userErrors"] == []
    [warning] = answer["warnings"]
    # Working days, of 5: 5 * 0.6 + 2 * 1 = 5.0 in the first week, which is full and not above; 4 * 0.6 + 5 * 1 = 7.4 in
    # the last one.
    assert (warning["code"], warning["weeks_start_on"]) == ("OVER_ALLOCATED", ["2026-03-09", "2026-03-16"])
    assert await tenant.pending() == {uuid_of(product), uuid_of(other)}


async def test_weeks_begin_as_the_organization_says(tenant: Tenant, home: str, product: str, ada: str):
    await tenant.change("organizationUpdate", {"first_weekday": 7})
    other = await another_product(tenant, home)
    await tenant.made("assignmentCreate", terms(product, person_id=ada, to_on=TODAY))
    answer = await tenant.change("assignmentCreate", terms(other, person_id=ada, allocation=1, to_on=TODAY))
    assert answer["warnings"] == []  # one day of 1.6 is not above a week
    input = terms(other, person_id=ada, role="OTHER", from_on=TODAY + timedelta(days=1), allocation=1)
    warned = await tenant.change("assignmentCreate", {**input, "to_on": TODAY + timedelta(days=3)})
    assert warned["warnings"] == []  # 1.6 + 3 of 5 working days
    await tenant.made("assignmentCreate", {**terms(product, person_id=ada), "role": "SPONSOR", "allocation": 0.1})
    more = await tenant.change("assignmentCreate", {**input, "role": "DESIGNER", "to_on": TODAY + timedelta(days=5)})
    assert [warning["weeks_start_on"] for warning in more["warnings"]] == [["2026-03-01"]]


async def test_a_teams_assignment_counts_for_each_member_and_names_none(
    tenant: Tenant, home: str, product: str, ada: str
):
    team = await tenant.made("teamCreate", {"key": "DATA", "name": "Data team"})
    bob = await tenant.made("personCreate", {"key": "bob", "name": "Bob"})
    for person in (ada, bob):
        await tenant.made("membershipStart", {"team_id": team, "person_id": person, "from_on": TODAY})
    other = await another_product(tenant, home)
    await tenant.made("assignmentCreate", terms(product, person_id=ada))
    until = TODAY + timedelta(days=6)
    answer = await tenant.change("assignmentCreate", terms(other, team_id=team, to_on=until))
    [warning] = answer["warnings"]
    assert warning["weeks_start_on"] == ["2026-03-02"]
    assert "1 of the team's members" in warning["message"]
    assert "ada" not in warning["message"].lower()
    assert await tenant.pending() == {uuid_of(product), uuid_of(other)}


async def test_a_limited_key_assigns_whom_it_sees_and_is_warned_by_what_it_sees(tenant: Tenant, ada: str):
    here, away = [await tenant.made("portfolioCreate", {"key": key, "name": key}) for key in ("HERE", "AWAY")]
    ours, theirs = [
        await tenant.made("productCreate", {"key": f"P-{place[-4:].upper()}", "name": "P", "portfolio_id": place})
        for place in (here, away)
    ]
    await tenant.made("assignmentCreate", terms(theirs, person_id=ada, allocation=1))
    limited = tenant.viewer(grants=[here])
    assert codes(await tenant.change("assignmentCreate", terms(ours, person_id=ada), limited)) == [
        ("NOT_FOUND", "personId")
    ]
    assert codes(await tenant.change("assignmentCreate", terms(theirs, person_id=ada), limited)) != []
    await tenant.change("productUpdate", {"id": ours, "owner_id": ada})
    seen = await tenant.change("assignmentCreate", terms(ours, person_id=ada), limited)
    assert (seen["userErrors"], seen["warnings"]) == ([], [])
    [theirs_row] = await tenant.rows("select id from assignment where subject_id = $1", uuid_of(theirs))
    hidden = print_id("ASSIGNMENT", theirs_row["id"])
    assert codes(await tenant.change("assignmentEnd", {"id": hidden, "to_on": TODAY}, limited)) == [("NOT_FOUND", "id")]


async def test_a_confirmation_counts_once_a_day(tenant: Tenant, product: str, ada: str):
    id = await tenant.made("assignmentCreate", terms(product, person_id=ada))
    await tenant.pending()
    await tenant.change("assignmentConfirm", {"id": id})
    assert await tenant.events("ASSIGNMENT_CONFIRMED") == []
    tenant.clock.current += timedelta(days=20)
    for _ in range(2):
        await tenant.change("assignmentConfirm", {"id": id})
    [row] = await tenant.rows("select confirmed_on, version from assignment")
    assert row == {"confirmed_on": TODAY + timedelta(days=20), "version": 1}
    assert len(await tenant.events("ASSIGNMENT_CONFIRMED")) == 1
    assert await tenant.pending() == {uuid_of(product)}


async def test_the_organization_itself_can_be_worked_on_and_an_archived_product_cannot(
    tenant: Tenant, product: str, ada: str
):
    await tenant.made("assignmentCreate", terms(print_id("ORGANIZATION", tenant.id), person_id=ada))
    await tenant.change("productArchive", {"id": product})
    answer = await tenant.change("assignmentCreate", terms(product, person_id=ada))
    assert codes(answer) == [("ARCHIVED", "subjectId")]
