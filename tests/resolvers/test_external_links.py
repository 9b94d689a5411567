"""External links: another system names an object, owns fields of it, and alone changes those."""

from dataclasses import fields, replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from strawberry.utils.str_converters import to_camel_case

from portfolio.identity import print_id
from resolvers import CHANGES
from resolvers.entity.ownership import LINKABLE
from runtime.viewer import Viewer
from tests.resolvers.conftest import Ask
from tests.resolvers.tenant import ALL_SCOPES, Tenant, codes, uuid_of

_250_LINKS = """
insert into external_link (tenant_id, id, kind, node_id, subject_id, system, external_id, created_at, updated_at)
select $1, gen_random_uuid(), 'INITIATIVE', $2, $2, 'MANY', n, now(), now() from generate_series(1, 250) n
"""


@pytest.fixture
async def initiative(tenant: Tenant, home: str) -> str:
    return await tenant.made("initiativeCreate", {"key": "RETRAIN", "name": "Retrain", "portfolio_id": home})


def said(entity: str, *fields: str, **more: Any) -> dict[str, Any]:
    epic = {"system": "JIRA", "external_id": "AI-42", "url": "https://jira.example/AI-42"}
    return {"entity_id": entity, **epic, "authoritative_fields": list(fields), **more}


def by_jira(**members: Any) -> dict[str, Any]:
    return {"external": {"system": "JIRA", "id": "AI-42"}, **members}


async def account(tenant: Tenant, key: str) -> tuple[str, Viewer]:
    """A service account, and what its key sees."""
    made = await tenant.made("serviceAccountCreate", {"key": key, "name": key})
    return made, Viewer(tenant.id, UUID(int=2), None, uuid_of(made), ALL_SCOPES, None)


async def test_a_link_is_read_on_its_object_and_told_as_its_objects_affair(
    tenant: Tenant, ask: Ask, initiative: str, home: str
):
    await tenant.made("externalLinkSet", said(initiative, "state", "name", "name", title="Retraining"))
    text = "query Q($id: ID!) { initiative(by: {id: $id}) { externalLinks { nodes { entityId subject { key } system"
    text += " externalId url title authoritativeFields version } } } }"
    (link,) = (await ask(text, id=initiative))["initiative"]["externalLinks"]["nodes"]
    assert link == {
        "entityId": initiative,
        "subject": {"key": "RETRAIN"},
        "system": "JIRA",
        "externalId": "AI-42",
        "url": "https://jira.example/AI-42",
        "title": "Retraining",
        "authoritativeFields": ["name", "state"],
        "version": 1,
    }
    [event] = await tenant.events("EXTERNAL_LINK_SET")
    assert (event["subject_id"], event["portfolio_id"]) == (uuid_of(initiative), uuid_of(home))
    assert {"field": "authoritativeFields", "from": [], "to": ["name", "state"]} not in event["told"]
    assert {"field": "authoritativeFields", "from": None, "to": ["name", "state"]} in event["told"]
    assert "AI-42" not in str(event["told"]), "names elsewhere may be those of people"


async def test_setting_a_link_again_changes_what_is_given_and_tells_only_what_is_new(tenant: Tenant, initiative: str):
    first = await tenant.made("externalLinkSet", said(initiative, "name"))
    name = {"entity_id": initiative, "system": "JIRA", "external_id": "AI-42"}
    for _ in range(2):
        assert await tenant.made("externalLinkSet", {**name, "title": "Retraining"}) == first
    [row] = await tenant.rows("select url, title, authoritative_fields, version from external_link")
    assert list(row.values()) == ["https://jira.example/AI-42", "Retraining", ["name"], 2]
    assert len(await tenant.events("EXTERNAL_LINK_SET")) == 2
    stale = await tenant.change("externalLinkSet", {**name, "title": "x", "version": 1})
    assert codes(stale) == [("STALE_VERSION", "version")]


async def test_a_field_that_another_system_owns_is_refused_with_the_system_and_the_way_out(
    tenant: Tenant, initiative: str
):
    await tenant.made("externalLinkSet", said(initiative, "name", "state"))
    answer = await tenant.change(
        "initiativeUpdate", {"id": initiative, "name": "Mine", "state": "ACTIVE", "key": "K-1"}
    )
    assert codes(answer) == [("FIELD_OWNED_ELSEWHERE", "name"), ("FIELD_OWNED_ELSEWHERE", "state")]
    message = answer["userErrors"][0]["message"]
    assert "JIRA owns name" in message
    assert "https://jira.example/AI-42" in message
    assert "externalLinkSet" in message
    assert await tenant.rows("select key, name, version from initiative") == [
        {"key": "RETRAIN", "name": "Retrain", "version": 1}
    ]
    assert codes(await tenant.change("initiativeUpdate", {"id": initiative, "key": "K-1", "name": "Retrain"})) == []


async def test_the_system_itself_changes_its_fields_and_no_other_system_does(tenant: Tenant, initiative: str):
    await tenant.made("externalLinkSet", said(initiative, "name"))
    sap = {"entity_id": initiative, "system": "SAP", "external_id": "1"}
    await tenant.made("externalLinkSet", sap)
    other = await tenant.change("initiativeUpsert", {"external": {"system": "SAP", "id": "1"}, "name": "SAP's"})
    assert codes(other) == [("FIELD_OWNED_ELSEWHERE", "name")]
    assert codes(await tenant.change("initiativeUpsert", by_jira(name="Jira's"))) == []
    assert await tenant.rows("select name from initiative") == [{"name": "Jira's"}]


async def test_a_service_account_named_by_the_link_alone_changes_its_fields_by_whichever_way(
    tenant: Tenant, initiative: str
):
    sync, viewer = await account(tenant, "jira-sync")
    await tenant.made("externalLinkSet", said(initiative, "name", service_account_id=sync))
    update = {"id": initiative, "name": "Synced"}
    assert codes(await tenant.change("initiativeUpdate", update)) == [("FIELD_OWNED_ELSEWHERE", "name")]
    assert codes(await tenant.change("initiativeUpsert", by_jira(name="x"))) == [("FIELD_OWNED_ELSEWHERE", "name")]
    assert codes(await tenant.change("initiativeUpdate", update, viewer)) == []


async def test_a_field_is_free_again_when_the_link_lets_go_of_it_or_is_removed(tenant: Tenant, initiative: str):
    link = await tenant.made("externalLinkSet", said(initiative, "name", "state"))
    await tenant.made("externalLinkSet", said(initiative, "state"))
    assert codes(await tenant.change("initiativeUpdate", {"id": initiative, "name": "Mine"})) == []
    answer = await tenant.change("externalLinkRemove", {"id": link})
    assert (answer["userErrors"], answer["externalLink"]) == ([], None)
    assert codes(await tenant.change("initiativeUpdate", {"id": initiative, "state": "ACTIVE"})) == []
    [event] = await tenant.events("EXTERNAL_LINK_REMOVED")
    assert {"field": "system", "from": "JIRA", "to": None} in event["told"]
    assert codes(await tenant.change("externalLinkRemove", {"id": link})) == [("NOT_FOUND", "id")]


async def test_labels_custom_fields_and_products_are_owned_as_well(tenant: Tenant, initiative: str, product: str):
    sync, viewer = await account(tenant, "jira-sync")
    owned = said(initiative, "labels", "customFields", "products", service_account_id=sync)
    await tenant.made("externalLinkSet", owned)
    label = await tenant.made("labelCreate", {"name": "Bets"})
    field = {"key": "REGION", "name": "Region", "entity": "INITIATIVE", "type": "TEXT"}
    region = await tenant.made("customFieldCreate", field)
    labeled = {"subject_id": initiative, "labels": [{"id": label}]}
    valued = {"custom_field_id": region, "entity_id": initiative, "value": {"text": "EMEA"}}
    linked = {"id": initiative, "products": [{"product_id": product}]}
    for change, input, field in (
        ("labelsSet", labeled, "labels"),
        ("customFieldValueSet", valued, None),
        ("initiativeUpdate", linked, "products"),
    ):
        assert codes(await tenant.change(change, input)) == [("FIELD_OWNED_ELSEWHERE", field)]
        assert codes(await tenant.change(change, input, viewer)) == []


async def test_what_no_upsert_carries_is_owned_by_a_service_account_alone(tenant: Tenant, initiative: str):
    sync, _ = await account(tenant, "jira-sync")
    for field in ("labels", "customFields"):
        answer = await tenant.change("externalLinkSet", said(initiative, "name", field))
        assert codes(answer) == [("INVALID", "authoritativeFields")]
        assert f"No upsert carries {field}" in answer["userErrors"][0]["message"]
    await tenant.made("externalLinkSet", said(initiative, "labels", service_account_id=sync))
    freed = await tenant.change("externalLinkSet", said(initiative, "labels", service_account_id=None))
    assert codes(freed) == [("INVALID", "authoritativeFields")]


async def test_a_version_of_a_link_that_is_gone_makes_no_new_one(tenant: Tenant, initiative: str):
    answer = await tenant.change("externalLinkSet", said(initiative, version=7))
    assert codes(answer) == [("NOT_FOUND", "version")]
    assert await tenant.rows("select from external_link") == []


async def test_there_are_no_more_owned_fields_than_the_object_has(tenant: Tenant, initiative: str):
    answer = await tenant.change("externalLinkSet", said(initiative, *["name"] * 12))
    assert codes(answer) == [("LIMIT_EXCEEDED", "authoritativeFields")]


async def test_an_object_has_at_most_250_links(tenant: Tenant, initiative: str):
    await tenant.rows(_250_LINKS, tenant.id, uuid_of(initiative))
    answer = await tenant.change("externalLinkSet", said(initiative))
    assert codes(answer) == [("LIMIT_EXCEEDED", "externalId")]
    known = {"entity_id": initiative, "system": "MANY", "external_id": "250", "title": "Last"}
    assert codes(await tenant.change("externalLinkSet", known)) == []


async def test_a_field_that_there_is_not_is_named_by_its_place_with_those_that_there_are(
    tenant: Tenant, initiative: str
):
    answer = await tenant.change("externalLinkSet", said(initiative, "name", "health"))
    [error] = answer["userErrors"]
    assert (error["code"], error["field"]) == ("INVALID", ["input", "authoritativeFields", "1"])
    assert "customFields, description, key, labels, name" in error["message"]


async def test_a_field_has_one_owner_and_a_name_one_object(tenant: Tenant, initiative: str, home: str):
    await tenant.made("externalLinkSet", said(initiative, "name"))
    second = {**said(initiative, "name", "state"), "system": "SAP", "external_id": "1"}
    answer = await tenant.change("externalLinkSet", second)
    assert codes(answer) == [("CONFLICT", "authoritativeFields")]
    assert "The link to JIRA AI-42 owns name already" in answer["userErrors"][0]["message"]
    other = await tenant.made("initiativeCreate", {"key": "OTHER", "name": "Other", "portfolio_id": home})
    assert codes(await tenant.change("externalLinkSet", said(other))) == [("DUPLICATE", "externalId")]


async def test_what_another_portfolio_holds_is_neither_linked_nor_unlinked(tenant: Tenant, initiative: str):
    away = await tenant.made("portfolioCreate", {"key": "AWAY", "name": "Away"})
    viewer = tenant.viewer(grants=[away])
    assert codes(await tenant.change("externalLinkSet", said(initiative), viewer)) == [("NOT_FOUND", "entityId")]
    link = await tenant.made("externalLinkSet", said(initiative))
    assert codes(await tenant.change("externalLinkRemove", {"id": link}, viewer)) == [("NOT_FOUND", "id")]
    person = said(print_id("PERSON", tenant.person_id))
    assert codes(await tenant.change("externalLinkSet", person, viewer)) == [("NOT_FOUND", "entityId")]


@pytest.mark.parametrize("wrong", [{"system": " "}, {"external_id": "x" * 256}, {"title": "\x00"}])
async def test_bad_members_are_named(tenant: Tenant, initiative: str, wrong: dict[str, Any]):
    answer = await tenant.change("externalLinkSet", said(initiative, **wrong))
    assert codes(answer) == [("INVALID", to_camel_case(next(iter(wrong))))]


async def test_an_archived_object_is_not_linked(tenant: Tenant, initiative: str):
    await tenant.change("initiativeArchive", {"id": initiative})
    assert codes(await tenant.change("externalLinkSet", said(initiative))) == [("ARCHIVED", "entityId")]


async def test_everything_with_members_that_another_system_may_own_is_guarded(tenant: Tenant, initiative: str):
    """A milestone stands for all: the guard reads events, which every change has to write."""
    days = {"due_on": date(2026, 4, 1)}
    milestone = await tenant.made("milestoneCreate", {"initiative_id": initiative, "name": "Data in", **days})
    await tenant.made("externalLinkSet", said(milestone, *LINKABLE["MILESTONE"].ownable))
    for change in ({"name": "x"}, {"due_on": date(2026, 5, 1)}, {"done_on": date(2026, 3, 1)}, {"is_canceled": True}):
        answer = await tenant.change("milestoneUpdate", {"id": milestone, **change})
        assert codes(answer) == [("FIELD_OWNED_ELSEWHERE", to_camel_case(next(iter(change))))]


@pytest.mark.parametrize("kind", LINKABLE)
def test_what_a_system_may_own_is_called_as_inputs_call_it(kind: str):
    """Beside what a service account alone may own, it is a member of the upsert."""
    upsert = CHANGES[to_camel_case(f"{kind.lower()}_upsert")]
    members = {to_camel_case(member.name) for member in fields(upsert.input_type)}
    assert set(LINKABLE[kind].ownable) - {"labels", "customFields"} <= members


async def test_a_link_that_names_a_service_account_is_changed_by_that_account_or_an_administrator(
    tenant: Tenant, initiative: str
):
    sync, its_own = await account(tenant, "jira-sync")
    other, _ = await account(tenant, "other")
    link = await tenant.made("externalLinkSet", said(initiative, "name", service_account_id=sync))
    writer = tenant.viewer(frozenset({"READ", "WRITE"}))
    setting = said(initiative, "name")
    tries = [
        ("externalLinkSet", {**setting, "authoritative_fields": []}, "externalId"),
        ("externalLinkSet", {**setting, "service_account_id": other}, "externalId"),
        ("externalLinkSet", {**setting, "service_account_id": None}, "externalId"),
        ("externalLinkRemove", {"id": link}, "id"),
        ("initiativeUpsert", {"external": {**by_jira()["external"], "url": "https://x.example"}}, "external"),
    ]
    for change, input, path in tries:
        answer = await tenant.change(change, input, writer)
        assert codes(answer) == [("FORBIDDEN", path)]
        assert "the service account jira-sync: use a key of that account, or one with scope ADMIN" in str(answer)
    assert codes(await tenant.change("externalLinkSet", setting, writer)) == [], "what says nothing new is no change"
    its_own = replace(its_own, scopes=writer.scopes)
    assert codes(await tenant.change("externalLinkSet", {**setting, "title": "Epic"}, its_own)) == []
    assert codes(await tenant.change("externalLinkRemove", {"id": link})) == [], "by an administrator"


async def test_a_limited_key_is_not_told_whose_a_link_is(tenant: Tenant, initiative: str, home: str):
    sync, _ = await account(tenant, "jira-sync")
    await tenant.made("externalLinkSet", said(initiative, "name", service_account_id=sync))
    limited = tenant.viewer(frozenset({"READ", "WRITE"}), grants=[home])
    answer = await tenant.change("externalLinkSet", said(initiative), limited)
    assert codes(answer) == [("FORBIDDEN", "externalId")]
    assert "belongs to a service account" in answer["userErrors"][0]["message"]
