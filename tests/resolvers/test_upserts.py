"""Upserts: whatever another system may be the source of is made, found and changed by the name that it has there."""

import asyncio
from typing import Any, NamedTuple

import pytest
from strawberry.utils.str_converters import to_camel_case

from resolvers import CHANGES
from resolvers.entity.ownership import LINKABLE
from tests.resolvers.conftest import Ask
from tests.resolvers.tenant import Tenant, codes
from tests.samples import Samples


class Case(NamedTuple):
    """made: members of a new object. changed: others. moved: another one to belong to, which is refused."""

    made: dict[str, Any]
    changed: dict[str, Any]
    moved: dict[str, Any]


entities = pytest.mark.parametrize("entity", [entity.line_name for entity in LINKABLE.values()])
_BELONGING = [entity for entity in LINKABLE.values() if any(member.kinds for member in entity.fixed)]
belonging = pytest.mark.parametrize("entity", [entity.line_name for entity in _BELONGING])


@pytest.fixture
async def case(tenant: Tenant, home: str, product: str, entity: str) -> Case:
    return await case_of(tenant, home, product, entity)


async def case_of(tenant: Tenant, home: str, product: str, name: str) -> Case:
    if name == "statusUpdate":  # written by hand, as a report is made once and for ever
        return Case({"subject_id": product, "status": "ON_TRACK", "body": "Fine."}, {}, {"subject_id": home})
    samples, [entity] = Samples(tenant), [entity for entity in LINKABLE.values() if entity.line_name == name]
    return Case(await samples.new(entity), await samples.changed(entity), await samples.moved(entity))


def named(**members: Any) -> dict[str, Any]:
    return {"external": {"system": "SOURCE", "id": "1", "url": "https://source.example/1"}, **members}


def test_whatever_other_systems_name_has_an_upsert_and_the_other_way_round():
    names = {name.removesuffix("Upsert") for name in CHANGES if name.endswith("Upsert")}
    assert names == {entity.line_name for entity in LINKABLE.values()}


@entities
async def test_an_upsert_makes_finds_and_changes_by_name(tenant: Tenant, ask: Ask, case: Case, entity: str):
    made = await tenant.made(f"{entity}Upsert", named(**case.made))
    again = await tenant.change(f"{entity}Upsert", named(**case.made))
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


@belonging
async def test_what_an_object_belongs_to_stays(tenant: Tenant, case: Case, entity: str):
    await tenant.made(f"{entity}Upsert", named(**case.made))
    answer = await tenant.change(f"{entity}Upsert", named(**case.moved))
    assert [error["code"] for error in answer["userErrors"]] == ["INVALID"]
    assert "stays the same" in answer["userErrors"][0]["message"]


@belonging
async def test_what_an_object_belongs_to_is_named_with_its_kind(tenant: Tenant, case: Case, entity: str):
    await tenant.made(f"{entity}Upsert", named(**case.made))
    [member] = case.moved
    own = case.made[member]
    other_kind = "skl" + own[3:]
    answer = await tenant.change(f"{entity}Upsert", named(**{member: other_kind}))
    assert codes(answer) == [("INVALID", to_camel_case(member))]
    assert codes(await tenant.change(f"{entity}Upsert", named(**{member: own}))) == []


@entities
async def test_an_upsert_of_an_older_version_is_refused_with_the_object(tenant: Tenant, case: Case, entity: str):
    input = named(**case.made)
    early = await tenant.change(f"{entity}Upsert", {**input, "version": 1})
    assert codes(early) == [("NOT_FOUND", "version")]
    made = await tenant.made(f"{entity}Upsert", input)
    moved = named(**case.changed)
    moved["external"]["url"] = "https://elsewhere.example"
    stale = await tenant.change(f"{entity}Upsert", {**moved, "version": 2})
    assert (codes(stale), stale[entity]) == ([("STALE_VERSION", "version")], made)
    assert await tenant.rows("select url from external_link") == [{"url": "https://source.example/1"}]
    assert codes(await tenant.change(f"{entity}Upsert", {**moved, "version": 1})) == []


@entities
async def test_twins_of_a_new_name_make_one_object(tenant: Tenant, case: Case, entity: str):
    input = named(**case.made)
    answers = await asyncio.gather(*(tenant.change(f"{entity}Upsert", input) for _ in range(4)))
    assert len({answer[entity] for answer in answers}) == 1
    assert len(await tenant.rows("select from external_link")) == 1


@entities
async def test_an_idempotency_key_repeats_the_answer_and_refuses_another_input(tenant: Tenant, case: Case, entity: str):
    input = named(**case.made, idempotency_key="once")
    first = await tenant.send(tenant.context(), f"{entity}Upsert", input)
    assert await tenant.send(tenant.context(), f"{entity}Upsert", input) == first
    other = await tenant.change(f"{entity}Upsert", {**input, "external": {"system": "SOURCE", "id": "2"}})
    assert codes(other) == [("IDEMPOTENCY_MISMATCH", "idempotencyKey")]


async def test_a_report_is_made_once_and_never_changed(tenant: Tenant, home: str, product: str):
    await tenant.made("statusUpdateUpsert", named(**(await case_of(tenant, home, product, "statusUpdate")).made))
    answer = await tenant.change("statusUpdateUpsert", named(status="OFF_TRACK"))
    assert codes(answer) == [("CONFLICT", "external")]
    assert len(await tenant.events("STATUS_UPDATE_CREATED")) == 1


@pytest.mark.parametrize("entity", ["dependency", "statusUpdate"])
async def test_what_does_not_come_back_frees_its_name(tenant: Tenant, case: Case, entity: str):
    input = named(**case.made)
    made = await tenant.made(f"{entity}Upsert", input)
    for _ in range(2):
        assert codes(await tenant.change(f"{entity}Archive", {"id": made})) == []
    [removed] = await tenant.events("EXTERNAL_LINK_REMOVED")
    assert {"field": "system", "from": "SOURCE", "to": None} in removed["told"]
    assert await tenant.made(f"{entity}Upsert", input) != made


async def test_a_dependency_that_is_there_takes_name_and_note_of_an_upsert(tenant: Tenant, home: str, product: str):
    pair = (await case_of(tenant, home, product, "dependency")).made
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
