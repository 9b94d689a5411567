"""Saved views: checked when they are saved, and nobody else's business until they are shared."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from runtime.viewer import Viewer
from tests.resolvers.conftest import Ask
from tests.resolvers.tenant import Tenant, codes, uuid_of

_ASK = """query Ask($id: ID!) {
  node(id: $id) { ... on SavedView { name filter orderBy person { name } } }
  savedViews { nodes { id } }
}"""
_FILTER = {"health": {"diverging": True}, "updatedAt": {"gte": "-P2W"}}
_INPUT = {"name": "Watermelons", "entity": "PRODUCT", "filter": _FILTER, "order_by": [{"field": "HEALTH_SCORE"}]}


@pytest.fixture
async def owner(tenant: Tenant) -> Viewer:
    return await _viewer(tenant, tenant.person_id)


@pytest.fixture
async def other(tenant: Tenant) -> Viewer:
    return await _viewer(tenant, uuid_of(await tenant.made("personCreate", {"key": "bob", "name": "Bob"})))


async def _viewer(tenant: Tenant, person_id: UUID) -> Viewer:
    input = {"name": "Key", "scopes": ["READ", "WRITE"], "person_id": f"per_{person_id}"}
    key = (await tenant.change("apiKeyCreate", input))["apiKey"]
    return replace(tenant.viewer(), key_id=uuid_of(key), person_id=person_id)


async def _save(tenant: Tenant, viewer: Viewer, **more: Any) -> str:
    answer = await tenant.change("savedViewCreate", {**_INPUT, **more}, viewer)
    assert codes(answer) == []
    return answer["savedView"]


async def test_a_view_comes_back_as_it_was_saved(tenant: Tenant, ask: Ask, owner: Viewer):
    view = await _save(tenant, owner)
    found = await ask(_ASK, owner, id=view)
    expected = {**_INPUT, "orderBy": _INPUT["order_by"], "person": {"name": "Ada Lovelace"}}
    assert found["node"] == {name: expected[name] for name in ("name", "filter", "orderBy", "person")}
    assert found["savedViews"]["nodes"] == [{"id": view}]


async def test_nobody_else_finds_or_changes_a_view_until_it_is_shared(
    tenant: Tenant, ask: Ask, owner: Viewer, other: Viewer
):
    view = await _save(tenant, owner)
    assert await ask(_ASK, other, id=view) == {"node": None, "savedViews": {"nodes": []}}
    answer = await tenant.change("savedViewUpdate", {"id": view, "name": "Mine", "version": 9}, other)
    assert codes(answer) == [("NOT_FOUND", "id")]
    await tenant.change("savedViewUpdate", {"id": view, "is_shared": True}, owner)
    assert (await ask(_ASK, other, id=view))["node"]["name"] == "Watermelons"
    writer = replace(other, scopes=frozenset({"READ", "WRITE"}))
    answer = await tenant.change("savedViewArchive", {"id": view}, writer)
    assert codes(answer) == [("NOT_FOUND", "id")]
    await tenant.change("savedViewUpdate", {"id": view, "is_shared": False}, owner)
    assert (await ask(_ASK, other, id=view))["node"] is None


async def test_a_shared_view_is_hidden_from_keys_that_are_limited_to_portfolios(
    tenant: Tenant, ask: Ask, owner: Viewer, other: Viewer, home: str
):
    view = await _save(tenant, owner, is_shared=True)
    limited = replace(other, granted_portfolio_ids=(uuid_of(home),))
    assert (await ask(_ASK, limited, id=view))["node"] is None
    mine = await _save(tenant, limited)
    assert (await ask(_ASK, limited, id=mine))["node"]["name"] == "Watermelons"


@pytest.mark.parametrize(
    ("fault", "member"),
    [
        ({"filter": {"healthy": True}}, "filter"),
        ({"filter": {"health": {"score": {"lt": "low"}}}}, "filter"),
        ({"filter": {"name": {"eq": "nul\x00"}}}, "filter"),
        ({"filter": {"name": {"in": ["x" * 16_000]}}}, "filter"),
        ({"filter": {"not": {"not": {"not": {"not": {"health": {"diverging": True}}}}}}}, "filter"),
        ({"order_by": [{"field": "LUCK"}]}, "orderBy"),
        ({"entity": "KPI", "filter": None, "order_by": [{"field": "HEALTH_SCORE"}]}, "orderBy"),
    ],
)
async def test_a_view_that_its_list_would_refuse_is_not_saved(
    tenant: Tenant, owner: Viewer, fault: dict[str, Any], member: str
):
    answer = await tenant.change("savedViewCreate", {**_INPUT, **fault}, owner)
    assert codes(answer) == [("INVALID", member)]


async def test_events_tell_that_a_view_changed_and_not_what_is_in_it(tenant: Tenant, owner: Viewer):
    view = await _save(tenant, owner)
    await tenant.change("savedViewUpdate", {"id": view, "name": "Secret plans", "filter": None}, owner)
    told = [event["told"] for event in await tenant.events() if event["entity_kind"] == "SAVED_VIEW"]
    assert told == [
        [
            {"field": "entity", "from": None, "to": "PRODUCT"},
            {"field": "ownerId", "from": None, "to": f"per_{owner.person_id}"},
        ],
        [],
    ]
    assert "Secret" not in str(await tenant.rows("select from_value::text, to_value::text from event_private_value"))


async def test_an_archived_view_comes_back(tenant: Tenant, ask: Ask, owner: Viewer):
    view = await _save(tenant, owner)
    await tenant.change("savedViewArchive", {"id": view}, owner)
    assert (await ask(_ASK, owner, id=view))["savedViews"]["nodes"] == []
    assert codes(await tenant.change("savedViewUpdate", {"id": view}, owner)) == [("ARCHIVED", "id")]
    await tenant.change("savedViewRestore", {"id": view}, owner)
    assert (await ask(_ASK, owner, id=view))["savedViews"]["nodes"] == [{"id": view}]


async def test_an_administrator_saves_a_view_for_another_who_alone_changes_it(
    tenant: Tenant, ask: Ask, owner: Viewer, other: Viewer
):
    view = await tenant.made("savedViewCreate", {**_INPUT, "owner_id": f"per_{other.person_id}", "is_shared": True})
    assert (await ask(_ASK, owner, id=view))["node"]["person"] == {"name": "Bob"}
    assert codes(await tenant.change("savedViewUpdate", {"id": view, "name": "Ours"}, owner)) == [("NOT_FOUND", "id")]
    assert codes(await tenant.change("savedViewUpdate", {"id": view, "name": "Mine"}, other)) == []
    hidden = {**_INPUT, "owner_id": f"per_{other.person_id}"}
    assert codes(await tenant.change("savedViewCreate", hidden)) == [("INVALID", "isShared")]


async def test_an_administrator_takes_away_a_view_that_is_shared(
    tenant: Tenant, owner: Viewer, other: Viewer, home: str
):
    shared, own = await _save(tenant, other, is_shared=True), await _save(tenant, other)
    limited = replace(owner, granted_portfolio_ids=(uuid_of(home),))
    writer = replace(owner, scopes=frozenset({"READ", "WRITE"}))
    for viewer in (limited, writer):
        assert codes(await tenant.change("savedViewArchive", {"id": shared}, viewer)) == [("NOT_FOUND", "id")]
    assert codes(await tenant.change("savedViewArchive", {"id": own}, owner)) == [("NOT_FOUND", "id")]
    for change in ("savedViewArchive", "savedViewRestore"):
        assert codes(await tenant.change(change, {"id": shared}, owner)) == []


async def test_in_the_name_of_another_needs_the_scope_admin_and_somebody_who_is_there(
    tenant: Tenant, owner: Viewer, other: Viewer
):
    async def refused(viewer: Viewer, holder: str) -> list[tuple[str, str | None]]:
        return codes(await tenant.change("savedViewCreate", {**_INPUT, "owner_id": holder}, viewer))

    writer = replace(owner, scopes=frozenset({"READ", "WRITE"}))
    bob = f"per_{other.person_id}"
    assert await refused(writer, f"per_{owner.person_id}") == []
    assert await refused(writer, bob) == [("FORBIDDEN", "ownerId")]
    assert await refused(owner, bob.replace("per_", "prd_")) == [("INVALID", "ownerId")]
    assert await refused(owner, f"sva_{UUID(int=7)}") == [("NOT_FOUND", "ownerId")]
    await tenant.change("personArchive", {"id": bob})
    assert await refused(owner, bob) == [("ARCHIVED", "ownerId")]
