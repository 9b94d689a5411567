"""Upserts: whatever another system may be the source of is made, found and changed by the name that it has there."""

import asyncio
from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest
from strawberry.utils.str_converters import to_camel_case

from portfolio.identity import print_id
from resolvers.entity.ownership import LINKABLE
from tests.resolvers.conftest import Ask
from tests.resolvers.tenant import Tenant, codes


class Case(NamedTuple):
    """made: members of a new object; HOME, PRODUCT, … stand for ids. changed: others. fixed: a member that stays."""

    made: dict[str, Any]
    changed: dict[str, Any]
    fixed: Mapping[str, Any] = MappingProxyType({})


_FROM, _TO = date(2026, 3, 1), date(2026, 6, 30)
CASES = {
    "portfolio": Case({"key": "P-1", "name": "P"}, {"name": "P2"}),
    "product": Case({"key": "P-1", "name": "P", "portfolio_id": "HOME"}, {"tier": "TIER_1"}),
    "initiative": Case({"key": "I-1", "name": "I", "portfolio_id": "HOME"}, {"state": "ACTIVE"}),
    "kpi": Case(
        {
            "key": "K-1",
            "name": "K",
            "subject_id": "PRODUCT",
            "category": "REVENUE",
            "unit": "EUR",
            "direction": "HIGHER",
        },
        {"unit": "CHF"},
        {"subject_id": "HOME"},
    ),
    "person": Case({"key": "grace", "name": "Grace"}, {"email": "grace@example.com"}),
    "team": Case({"key": "T-1", "name": "T"}, {"description": "Builds."}),
    "skill": Case({"key": "S-1", "name": "S"}, {"category": "data"}),
    "label": Case({"name": "Bets"}, {"color": "#112233"}),
    "membership": Case(
        {"team_id": "TEAM", "person_id": "PERSON", "from_on": _FROM}, {"role": "lead"}, {"person_id": "OTHER_PERSON"}
    ),
    "assignment": Case(
        {"subject_id": "PRODUCT", "team_id": "TEAM", "role": "SPONSOR", "allocation": 0.5, "from_on": _FROM},
        {"to_on": _TO},
        {"subject_id": "HOME"},
    ),
    "milestone": Case(
        {"initiative_id": "INITIATIVE", "name": "M", "due_on": _TO, "is_canceled": True},
        {"is_canceled": False},
        {"initiative_id": "OTHER_INITIATIVE"},
    ),
    "dependency": Case(
        {"blocker_id": "INITIATIVE", "blocked_id": "OTHER_INITIATIVE"}, {"note": "Data"}, {"blocker_id": "PRODUCT"}
    ),
    "statusUpdate": Case({"subject_id": "PRODUCT", "status": "ON_TRACK", "body": "Fine."}, {}, {"subject_id": "HOME"}),
}
entities = pytest.mark.parametrize("entity", CASES)


@pytest.fixture
async def ids(tenant: Tenant, home: str, product: str) -> dict[str, str]:
    first, second = [
        await tenant.made("initiativeCreate", {"key": key, "name": key, "portfolio_id": home}) for key in ("A-1", "A-2")
    ]
    return {
        "HOME": home,
        "PRODUCT": product,
        "INITIATIVE": first,
        "OTHER_INITIATIVE": second,
        "PERSON": print_id("PERSON", tenant.person_id),
        "OTHER_PERSON": await tenant.made("personCreate", {"key": "bob", "name": "Bob"}),
        "TEAM": await tenant.made("teamCreate", {"key": "TEAM", "name": "Team"}),
    }


def with_ids(members: Mapping[str, Any], ids: dict[str, str]) -> dict[str, Any]:
    return {name: ids.get(value, value) if isinstance(value, str) else value for name, value in members.items()}


def named(**members: Any) -> dict[str, Any]:
    return {"external": {"system": "SOURCE", "id": "1", "url": "https://source.example/1"}, **members}


def test_whatever_other_systems_name_has_an_upsert_and_the_other_way_round():
    assert {kind.replace("_", "").lower() for kind in LINKABLE} == {entity.lower() for entity in CASES}


@entities
async def test_an_upsert_makes_finds_and_changes_by_name(tenant: Tenant, ask: Ask, ids: dict[str, str], entity: str):
    case = CASES[entity]
    made = await tenant.made(f"{entity}Upsert", named(**with_ids(case.made, ids)))
    again = await tenant.change(f"{entity}Upsert", named(**with_ids(case.made, ids)))
    assert (again["userErrors"], again[entity]) == ([], made)
    before = len(await tenant.events())
    assert await tenant.made(f"{entity}Upsert", named(**case.changed)) == made
    assert len(await tenant.events()) == before + bool(case.changed)
    found = await ask(
        f'{{ {entity}(by: {{external: {{system: "SOURCE", id: "1"}}}}) {{ id externalLinks {{ nodes {{ url }} }} }} }}'
    )
    assert found == {entity: {"id": made, "externalLinks": {"nodes": [{"url": "https://source.example/1"}]}}}


@entities
async def test_what_a_new_object_must_have_is_named(tenant: Tenant, entity: str):
    answer = await tenant.change(f"{entity}Upsert", named())
    assert {error["code"] for error in answer["userErrors"]} == {"REQUIRED"}
    assert await tenant.rows("select from external_link") == []


@pytest.mark.parametrize("entity", [entity for entity, case in CASES.items() if case.fixed])
async def test_what_an_object_belongs_to_stays(tenant: Tenant, ids: dict[str, str], entity: str):
    case = CASES[entity]
    await tenant.made(f"{entity}Upsert", named(**with_ids(case.made, ids)))
    answer = await tenant.change(f"{entity}Upsert", named(**with_ids(case.fixed, ids)))
    assert [error["code"] for error in answer["userErrors"]] == ["INVALID"]
    assert "stays the same" in answer["userErrors"][0]["message"]


@pytest.mark.parametrize("entity", [entity for entity, case in CASES.items() if case.fixed])
async def test_what_an_object_belongs_to_is_named_with_its_kind(tenant: Tenant, ids: dict[str, str], entity: str):
    case = CASES[entity]
    await tenant.made(f"{entity}Upsert", named(**with_ids(case.made, ids)))
    [member] = case.fixed
    own = with_ids(case.made, ids)[member]
    other_kind = "skl" + own[3:]
    answer = await tenant.change(f"{entity}Upsert", named(**{member: other_kind}))
    assert codes(answer) == [("INVALID", to_camel_case(member))]
    assert codes(await tenant.change(f"{entity}Upsert", named(**{member: own}))) == []


@entities
async def test_an_upsert_of_an_older_version_is_refused_with_the_object(
    tenant: Tenant, ids: dict[str, str], entity: str
):
    input = named(**with_ids(CASES[entity].made, ids))
    early = await tenant.change(f"{entity}Upsert", {**input, "version": 1})
    assert codes(early) == [("NOT_FOUND", "version")]
    made = await tenant.made(f"{entity}Upsert", input)
    moved = named(**CASES[entity].changed)
    moved["external"]["url"] = "https://elsewhere.example"
    stale = await tenant.change(f"{entity}Upsert", {**moved, "version": 2})
    assert (codes(stale), stale[entity]) == ([("STALE_VERSION", "version")], made)
    assert await tenant.rows("select url from external_link") == [{"url": "https://source.example/1"}]
    assert codes(await tenant.change(f"{entity}Upsert", {**moved, "version": 1})) == []


@entities
async def test_twins_of_a_new_name_make_one_object(tenant: Tenant, ids: dict[str, str], entity: str):
    input = named(**with_ids(CASES[entity].made, ids))
    answers = await asyncio.gather(*(tenant.change(f"{entity}Upsert", input) for _ in range(4)))
    assert len({answer[entity] for answer in answers}) == 1
    assert len(await tenant.rows("select from external_link")) == 1


@entities
async def test_an_idempotency_key_repeats_the_answer_and_refuses_another_input(
    tenant: Tenant, ids: dict[str, str], entity: str
):
    input = named(**with_ids(CASES[entity].made, ids), idempotency_key="once")
    first = await tenant.send(tenant.context(), f"{entity}Upsert", input)
    assert await tenant.send(tenant.context(), f"{entity}Upsert", input) == first
    other = await tenant.change(f"{entity}Upsert", {**input, "external": {"system": "SOURCE", "id": "2"}})
    assert codes(other) == [("IDEMPOTENCY_MISMATCH", "idempotencyKey")]


async def test_a_report_is_made_once_and_never_changed(tenant: Tenant, ids: dict[str, str]):
    await tenant.made("statusUpdateUpsert", named(**with_ids(CASES["statusUpdate"].made, ids)))
    answer = await tenant.change("statusUpdateUpsert", named(status="OFF_TRACK"))
    assert codes(answer) == [("CONFLICT", "external")]
    assert len(await tenant.events("STATUS_UPDATE_CREATED")) == 1


@pytest.mark.parametrize("entity", ["dependency", "statusUpdate"])
async def test_what_does_not_come_back_frees_its_name(tenant: Tenant, ids: dict[str, str], entity: str):
    input = named(**with_ids(CASES[entity].made, ids))
    made = await tenant.made(f"{entity}Upsert", input)
    for _ in range(2):
        assert codes(await tenant.change(f"{entity}Archive", {"id": made})) == []
    [removed] = await tenant.events("EXTERNAL_LINK_REMOVED")
    assert {"field": "system", "from": "SOURCE", "to": None} in removed["told"]
    assert await tenant.made(f"{entity}Upsert", input) != made


async def test_a_dependency_that_is_there_takes_name_and_note_of_an_upsert(tenant: Tenant, ids: dict[str, str]):
    pair = with_ids(CASES["dependency"].made, ids)
    made = await tenant.made("dependencyCreate", pair)
    assert await tenant.made("dependencyUpsert", named(**pair, note="Data")) == made
    assert await tenant.rows("select note, version from dependency") == [{"note": "Data", "version": 2}]
    await tenant.made("dependencyCreate", pair)
    assert await tenant.rows("select note from dependency") == [{"note": "Data"}], "an absent note stays"


async def test_an_object_made_by_hand_may_bring_its_name(tenant: Tenant, ask: Ask):
    made = await tenant.made("skillCreate", {"key": "SQL", "name": "SQL", "external": {"system": "HR", "id": "7"}})
    found = await ask('{ skill(by: {external: {system: "HR", id: "7"}}) { id } }')
    assert found == {"skill": {"id": made}}
    taken = {"key": "SQL2", "name": "SQL", "external": {"system": "HR", "id": "7"}}
    assert codes(await tenant.change("skillCreate", taken)) == [("DUPLICATE", "external")]
