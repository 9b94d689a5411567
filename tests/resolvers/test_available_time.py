"""How much time people have: working time, absences and company holidays, and what capacity makes of them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from portfolio.identity import print_id
from runtime.viewer import Viewer
from tests.resolvers.conftest import Ask
from tests.resolvers.tenant import ALL_SCOPES, NOON, Tenant, codes, uuid_of

MONDAY = NOON.date()  # 2026-03-02
WRITE = frozenset({"READ", "WRITE"})


@pytest.fixture
def ada(tenant: Tenant) -> str:
    return print_id("PERSON", tenant.person_id)


async def bob(tenant: Tenant) -> str:
    return await tenant.made("personCreate", {"key": "bob", "name": "Bob"})


async def assigned(tenant: Tenant, product: str, person: str, allocation: float, **terms: Any) -> dict[str, Any]:
    given = {"subject_id": product, "role": "OTHER", "from_on": date(2026, 1, 1), "person_id": person, **terms}
    return await tenant.change("assignmentCreate", {**given, "allocation": allocation})


async def keyed(tenant: Tenant, person: str, scopes: frozenset[str]) -> Viewer:
    """A viewer with a key of that person's own."""
    made = await tenant.change("apiKeyCreate", {"name": "Key", "scopes": sorted(scopes), "person_id": person})
    return replace(tenant.viewer(scopes), key_id=uuid_of(made["apiKey"]), person_id=uuid_of(person))


Row = tuple[str, dict[str, Any]]


def works(share: float, from_on: date) -> Row:
    return "workingTimeCreate", {"share": share, "from_on": from_on}


def away(from_on: date, to_on: date, share: float = 1) -> Row:
    return "absenceCreate", {"from_on": from_on, "to_on": to_on, "share_away": share}


def closed(held_on: date) -> Row:
    return "companyHolidayCreate", {"held_on": held_on, "name": "Day off"}


_JANUARY, _FEBRUARY = date(2026, 1, 1), date(2026, 2, 1)
_WEDNESDAY, _FRIDAY = date(2026, 3, 4), date(2026, 3, 6)
_SATURDAY, _NEXT_MONDAY = date(2026, 3, 7), date(2026, 3, 9)
# What is said, the allocation, the first day of the week, and what there is, what is given and whether it is too much.
# Computed by hand: a week has five working days.
WEEKS: dict[str, tuple[Sequence[Row], float, date, tuple[float, float, bool]]] = {
    "nothing is said: full time": ([], 0.5, MONDAY, (1, 0.5, False)),
    "half of full time, all of it given": ([works(0.5, _JANUARY)], 0.5, MONDAY, (0.5, 0.5, False)),
    "half of full time, more than that given": ([works(0.5, _JANUARY)], 0.6, MONDAY, (0.5, 0.6, True)),
    "nothing of full time": ([works(0, _JANUARY)], 0.1, MONDAY, (0, 0.1, True)),
    # 2 * 1 + 3 * 0.5 = 3.5 of 5.
    "part-time from Wednesday, full": ([works(0.5, _WEDNESDAY)], 0.7, MONDAY, (0.7, 0.7, False)),
    "part-time from Wednesday, above": ([works(0.5, _WEDNESDAY)], 0.8, MONDAY, (0.7, 0.8, True)),
    "two shares overlap: the later wins": (
        [works(0.8, _FEBRUARY), works(0.5, _JANUARY)],
        0.8,
        MONDAY,
        (0.8, 0.8, False),
    ),
    "a share to come changes nothing before": ([works(0.2, _NEXT_MONDAY)], 0.5, MONDAY, (1, 0.5, False)),
    "a week of absence": ([away(MONDAY, _FRIDAY)], 1, MONDAY, (0, 0, False)),
    # 4 + 0.5 of 5.
    "half a day of absence": ([away(_FRIDAY, _FRIDAY, 0.5)], 1, MONDAY, (0.9, 0.9, False)),
    "half a day of absence, part-time": (
        [works(0.5, _JANUARY), away(_FRIDAY, _FRIDAY, 0.5)],
        0.5,
        MONDAY,
        (0.45, 0.45, False),
    ),
    # Only Wednesday is half there.
    "a shorter absence within a longer one": (
        [away(_WEDNESDAY, _WEDNESDAY, 0.5), away(MONDAY, _FRIDAY)],
        1,
        MONDAY,
        (0.1, 0.1, False),
    ),
    "absence over a weekend": ([away(_SATURDAY, _NEXT_MONDAY - timedelta(days=1))], 1, MONDAY, (1, 1, False)),
    "a holiday in the week": ([closed(_WEDNESDAY)], 1, MONDAY, (0.8, 0.8, False)),
    "a holiday on a Saturday": ([closed(_SATURDAY)], 0.5, MONDAY, (1, 0.5, False)),
    "absence that begins on a holiday of a Saturday": (
        [closed(_SATURDAY), away(_SATURDAY, _NEXT_MONDAY)],
        0.5,
        _NEXT_MONDAY,
        (0.8, 0.4, False),
    ),
    "a holiday during an absence": ([closed(_WEDNESDAY), away(MONDAY, _WEDNESDAY)], 1, MONDAY, (0.4, 0.4, False)),
}


async def said(tenant: Tenant, rows: Sequence[Row], person: str) -> list[str]:
    return [
        await tenant.made(name, input if "held_on" in input else {"person_id": person, **input}) for name, input in rows
    ]


async def capacity(ask: Ask, first: date, last: date, bucket: str = "WEEK") -> list[tuple[float, float, bool]]:
    text = (
        'query ($from: Date!, $to: Date!, $bucket: TimeBucket) { person(by: {key: "ada"}) {'
        " capacity(from: $from, to: $to, bucket: $bucket) { available allocated isOverAllocated } } }"
    )
    data = await ask(text, **{"from": first.isoformat(), "to": last.isoformat(), "bucket": bucket})
    return [tuple(each.values()) for each in data["person"]["capacity"]]


@pytest.mark.parametrize("case", WEEKS)
async def test_a_week_has_the_time_that_was_counted_by_hand(
    tenant: Tenant, ask: Ask, product: str, ada: str, case: str
):
    rows, allocation, monday, expected = WEEKS[case]
    await said(tenant, rows, ada)
    await assigned(tenant, product, ada, allocation)
    assert await capacity(ask, monday, monday) == [expected]


async def test_an_absence_across_the_end_of_a_month_takes_the_working_days_of_each(
    tenant: Tenant, ask: Ask, product: str, ada: str
):
    await said(tenant, [away(date(2026, 3, 30), date(2026, 4, 3))], ada)
    await assigned(tenant, product, ada, 0.5)
    # Monday and Tuesday of the 22 working days of March; Wednesday to Friday of the 22 of April.
    found = await capacity(ask, date(2026, 3, 1), date(2026, 4, 30), "MONTH")
    assert found == [(0.909091, 0.454545, False), (0.863636, 0.431818, False)]


async def test_who_joins_a_team_within_a_week_brings_the_working_days_that_are_left(tenant: Tenant, ask: Ask, ada: str):
    team = await tenant.made("teamCreate", {"key": "TEAM", "name": "Team"})
    await tenant.made("membershipStart", {"team_id": team, "person_id": ada, "from_on": _WEDNESDAY})
    await said(tenant, [works(0.5, _JANUARY)], ada)
    data = await ask('{ team(by: {key: "TEAM"}) { capacity(from: "2026-03-02", to: "2026-03-02") { available } } }')
    assert data["team"]["capacity"] == [{"available": 0.3}]


async def test_what_is_archived_does_not_count_and_counts_again(tenant: Tenant, ask: Ask, ada: str):
    ids = await said(tenant, [works(0.5, _JANUARY), away(MONDAY, MONDAY), closed(_WEDNESDAY)], ada)
    assert await capacity(ask, MONDAY, MONDAY) == [(0.3, 0, False)]
    for name, id in zip(("workingTime", "absence", "companyHoliday"), ids, strict=True):
        await tenant.change(f"{name}Archive", {"id": id})
    assert await capacity(ask, MONDAY, MONDAY) == [(1, 0, False)]
    for name, id in zip(("workingTime", "absence", "companyHoliday"), ids, strict=True):
        assert (await tenant.change(f"{name}Restore", {"id": id}))["userErrors"] == []
    assert await capacity(ask, MONDAY, MONDAY) == [(0.3, 0, False)]


async def test_above_the_time_that_there_is_is_warned_about(tenant: Tenant, product: str, ada: str):
    await said(tenant, [works(0.5, _JANUARY), away(_NEXT_MONDAY, _NEXT_MONDAY + timedelta(days=4))], ada)
    terms = {"from_on": MONDAY, "to_on": MONDAY + timedelta(days=20)}
    answer = await assigned(tenant, product, ada, 0.5, **terms)
    assert (answer["userErrors"], answer["warnings"]) == ([], [])
    answer = await assigned(tenant, product, ada, 0.1, **{**terms, "role": "SPONSOR"})
    [warning] = answer["warnings"]
    # Nobody is above in the week of the absence.
    assert (warning["code"], warning["weeks_start_on"]) == ("OVER_ALLOCATED", ["2026-03-02", "2026-03-16"])


async def test_a_change_of_time_has_the_work_of_the_person_scored_again(tenant: Tenant, product: str, ada: str):
    await assigned(tenant, product, ada, 0.5)
    await tenant.pending()
    for row in (works(0.5, MONDAY), away(MONDAY, MONDAY)):
        [id] = await said(tenant, [row], ada)
        assert await tenant.pending() == {uuid_of(product)}
        await tenant.change(row[0].replace("Create", "Update"), {"id": id, "from_on": MONDAY - timedelta(days=1)})
        assert await tenant.pending() == {uuid_of(product)}
    await said(tenant, [closed(_WEDNESDAY)], ada)
    assert await tenant.pending() == set()


async def test_bad_days_and_shares_are_refused_by_name(tenant: Tenant, ada: str):
    await said(tenant, [works(0.5, MONDAY), closed(MONDAY)], ada)
    for (name, input), expected in (
        (works(0.7, MONDAY), ("DUPLICATE", "fromOn")),
        (works(1.2, _FRIDAY), ("INVALID", "share")),
        (closed(MONDAY), ("DUPLICATE", "heldOn")),
        (away(_FRIDAY, MONDAY), ("INVALID", "toOn")),
        (away(MONDAY, _FRIDAY, 0), ("INVALID", "shareAway")),
    ):
        given = input if "held_on" in input else {"person_id": ada, **input}
        answer = await tenant.change(name, given)
        assert codes(answer) == [expected], name
        assert "already" in answer["userErrors"][0]["message"] or expected[0] == "INVALID"


async def test_why_somebody_is_away_is_read_by_the_person_and_by_admin_alone(tenant: Tenant, ask: Ask, ada: str):
    [id] = await said(tenant, [("absenceCreate", {**away(MONDAY, _FRIDAY)[1], "kind": "SICK"})], ada)
    other = await bob(tenant)
    text = (
        "query ($id: ID!) { absence(by: {id: $id}) { kind }"
        ' person(by: {key: "ada"}) { absences { nodes { fromOn kind } } }'
        " node(id: $id) { ... on Absence { kind } } }"
    )
    for holder, scopes, kind in (
        (ada, WRITE, "SICK"),
        (other, WRITE, None),
        (other, frozenset({"READ"}), None),
        (other, ALL_SCOPES, "SICK"),
    ):
        data = await ask(text, await keyed(tenant, holder, scopes), id=id)
        found = (data["absence"]["kind"], data["person"]["absences"]["nodes"][0]["kind"], data["node"]["kind"])
        assert found == (kind, kind, kind)


async def test_no_event_tells_why_somebody_is_away(tenant: Tenant, ada: str):
    [id] = await said(tenant, [("absenceCreate", {**away(MONDAY, _FRIDAY)[1], "kind": "SICK"})], ada)
    await tenant.change("absenceUpdate", {"id": id, "kind": "VACATION"})
    events = await tenant.events()
    told = [change for event in events for change in event["told"] if change["field"] == "kind"]
    assert told == [{"field": "kind", "from": None, "to": None}] * 2
    private = await tenant.rows("select from_value::text || to_value::text as value from event_private_value")
    assert not any("SICK" in row["value"] for row in private)


async def test_why_somebody_is_away_cannot_be_found_out_by_trying(tenant: Tenant, ada: str):
    external = {"system": "HR", "id": "A-1", "url": None}
    days = away(MONDAY, _FRIDAY)[1]
    made = await tenant.change("absenceUpsert", {"external": external, "person_id": ada, **days, "kind": "SICK"})
    viewer = await keyed(tenant, await bob(tenant), WRITE)
    for kind in ("SICK", "VACATION"):
        for name, input in (
            ("absenceUpdate", {"id": made["absence"], "kind": kind}),
            ("absenceUpsert", {"external": external, "kind": kind}),
            ("absenceCreate", {"person_id": ada, **days, "kind": kind}),
        ):
            answer = await tenant.change(name, input, viewer)
            assert codes(answer) == [("FORBIDDEN", "kind")], name
            assert kind not in answer["userErrors"][0]["message"]
    # Days are for everyone who may write, and the kind stays as it is.
    answer = await tenant.change("absenceUpdate", {"id": made["absence"], "to_on": MONDAY}, viewer)
    assert answer["userErrors"] == []
    [row] = await tenant.rows("select kind, to_on from absence")
    assert tuple(row.values()) == ("SICK", MONDAY)
    own = await keyed(tenant, ada, WRITE)
    assert (await tenant.change("absenceUpdate", {"id": made["absence"], "kind": "OTHER"}, own))["userErrors"] == []
