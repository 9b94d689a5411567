"""Connections and linking rules as clients change them."""

import json
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
import strawberry
from strawberry.types.field import StrawberryField

from portfolio.enumerations import LinkingRuleKind, TrackerSystem
from portfolio.identity import parse_id, print_id
from resolvers.connection.connection import (
    ConnectionCreateInput,
    ConnectionSecretRotateInput,
    ConnectionUpdateInput,
    connection_archive,
    connection_create,
    connection_restore,
    connection_secret_rotate,
    connection_update,
)
from resolvers.connection.linking_rule import LinkingRuleSetInput, linking_rule_archive, linking_rule_set
from resolvers.engine.outcome import NodeInput, Outcome
from resolvers.engine.write import PayloadSelection, WriteContext, change
from runtime.clock import Clock
from runtime.refusal import Refusal
from runtime.viewer import Viewer
from tests.github.tracker import NOW, Tracker, issue, issue_event

AT = "2026-11-20T10:00:00Z"
EVERY_SCOPE = frozenset({"READ", "WRITE", "ADMIN"})


class Client:
    """Sends changes as a person of the tracker's tenant."""

    def __init__(self, tracker: Tracker, scopes: frozenset[str] = EVERY_SCOPE, grants: Any = None) -> None:
        self.tracker = tracker
        self.viewer = Viewer(tracker.tenant_id, uuid4(), uuid4(), None, scopes, grants)

    async def send(self, field: StrawberryField, input: Any, key: str | None = None) -> dict[str, Any]:
        tracker = self.tracker
        context = WriteContext(tracker.database, tracker.clock, self.viewer, "r", key, b"k" * 32)
        declared = field.metadata["change"]
        body = await change(context, declared.function.__name__, declared, {"input": input}, PayloadSelection(_answer))
        return json.loads(body)

    async def set_rule(self, initiative_id: UUID, kind: str, value: str, **members: Any) -> dict[str, Any]:
        connection_id = print_id("CONNECTION", self.tracker.connection_id)
        given = LinkingRuleSetInput(
            connection_id=members.pop("connection_id", connection_id),
            initiative_id=strawberry.ID(print_id("INITIATIVE", initiative_id)),
            kind=LinkingRuleKind(kind),
            value=value,
            **members,
        )
        return await self.send(linking_rule_set, given)


async def _answer(_: asyncpg.Connection, outcome: Outcome) -> bytes:
    entities = {name: entity and print_id(*entity) for name, entity in outcome.entities.items()}
    errors = [(error.code, error.field) for error in outcome.user_errors]
    warnings = [warning.code for warning in outcome.warnings]
    return json.dumps({**outcome.values, **entities, "errors": errors, "warnings": warnings}).encode()


@pytest.fixture
def editor(tracker: Tracker) -> Client:
    return Client(tracker)


def named(kind: str, id: UUID) -> NodeInput:
    return NodeInput(id=strawberry.ID(print_id(kind, id)))


def created(**members: Any) -> ConnectionCreateInput:
    return ConnectionCreateInput(key="SHOP", name="Shop", system=TrackerSystem.GITHUB, **members)


async def test_a_new_connection_takes_deliveries_that_its_secret_signs(tracker: Tracker, editor: Client) -> None:
    answer = await editor.send(connection_create, created())
    parsed = parse_id(answer["connection"])
    assert parsed is not None
    assert answer["webhookPath"] == f"/webhooks/{answer['connection']}"
    assert len(bytes.fromhex(answer["secret"])) == 32
    tracker.connection_id = parsed[1]
    assert (await tracker.deliver("ping", {}, secret=answer["secret"])).status_code == 202
    [event] = await tracker.fetch("select type, changes from event where tenant_id = $1")
    assert event["type"] == "CONNECTION_CREATED"
    assert answer["secret"] not in event["changes"]


async def test_a_secret_is_shown_once(editor: Client) -> None:
    first = await editor.send(connection_create, created(), key="k1")
    again = await editor.send(connection_create, created(), key="k1")
    assert again["connection"] == first["connection"]
    assert (first["warnings"], again["warnings"]) == ([], ["SECRET_SHOWN_ONCE"])
    assert again.get("secret") is None
    rows = await editor.tracker.fetch("select outcome::text, answer from idempotency_record where tenant_id = $1")
    assert all(first["secret"] not in f"{row['outcome']}{row['answer']}" for row in rows)


@pytest.mark.parametrize("secret", ["short", "", "with space in the middle", "ümlaut-in-the-secret", "x" * 256])
async def test_a_weak_secret_is_refused(editor: Client, secret: str) -> None:
    answer = await editor.send(connection_create, created(secret=secret))
    assert answer["errors"] == [["INVALID", ["input", "secret"]]]


async def test_a_rotated_secret_leaves_the_one_before_it_valid(tracker: Tracker, editor: Client) -> None:
    answer = await editor.send(connection_create, created(secret="the-first-secret-of-all"))
    parsed = parse_id(answer["connection"])
    assert parsed is not None
    tracker.connection_id = parsed[1]

    async def valid(*names: str) -> list[int]:
        answers = [await tracker.deliver("ping", {}, secret=name) for name in names]
        return [one.status_code for one in answers]

    secrets = ["the-first-secret-of-all"]
    for minute in range(1, 4):
        tracker.clock = Clock(now=lambda passed=timedelta(minutes=minute): NOW + passed)
        rotated = ConnectionSecretRotateInput(id=answer["connection"])
        secrets.append((await editor.send(connection_secret_rotate, rotated))["secret"])
        assert await valid(*secrets[-2:]) == [202, 202]
        assert set(await valid(*secrets[:-2])) <= {401}


async def test_an_archived_connection_is_closed_until_it_is_restored(tracker: Tracker, editor: Client) -> None:
    node = named("CONNECTION", tracker.connection_id)
    for _ in range(2):
        assert (await editor.send(connection_archive, node))["errors"] == []
    assert (await tracker.deliver("ping", {})).status_code == 401
    renamed = ConnectionUpdateInput(id=node.id, name="Other")
    assert (await editor.send(connection_update, renamed))["errors"] == [["ARCHIVED", ["input", "id"]]]
    await editor.send(connection_restore, node)
    assert (await tracker.deliver("ping", {})).status_code == 202
    await editor.send(connection_update, renamed)
    await editor.send(connection_update, renamed)
    types = [row["type"] for row in await tracker.fetch("select type from event where tenant_id = $1")]
    assert sorted(types) == ["CONNECTION_ARCHIVED", "CONNECTION_RESTORED", "CONNECTION_UPDATED"]


async def test_connections_belong_to_those_who_see_the_whole_organization(tracker: Tracker) -> None:
    limited = (Client(tracker, frozenset({"READ", "WRITE"})), Client(tracker, grants=(tracker.portfolio_id,)))
    for editor in limited:
        with pytest.raises(Refusal) as refused:
            await editor.send(connection_create, created())
        assert refused.value.code == "FORBIDDEN"


async def test_a_rule_links_the_items_that_are_there_and_its_end_lets_them_go(tracker: Tracker, editor: Client) -> None:
    initiative = await tracker.add_initiative("ALPHA")
    await tracker.deliver("issues", issue_event("opened", issue(1, AT, labels=[{"name": "api"}])))
    await tracker.apply()
    answer = await editor.set_rule(initiative, "LABEL", "API")
    assert answer["errors"] == []
    assert await tracker.linked_keys(initiative) == ["example/shop#1"]
    again = await editor.set_rule(initiative, "LABEL", "API", container=None)
    assert again == answer
    query = "select generation from signal where tenant_id = $1 and job = 'recompute_health'"
    assert [row["generation"] for row in await tracker.fetch(query)] == [1]
    node = NodeInput(id=answer["linkingRule"])
    for _ in range(2):
        assert (await editor.send(linking_rule_archive, node))["linkingRule"] == node.id
    assert await tracker.linked_keys(initiative) == []
    assert [row["generation"] for row in await tracker.fetch(query)] == [2]
    events = await tracker.fetch(
        "select type, subject_id from event where tenant_id = $1 and entity_kind = 'LINKING_RULE'"
    )
    assert {tuple(event) for event in events} == {
        ("LINKING_RULE_CREATED", initiative),
        ("LINKING_RULE_ARCHIVED", initiative),
    }
    assert (await editor.set_rule(initiative, "LABEL", "API"))["linkingRule"] != node.id


@pytest.mark.parametrize(
    ("kind", "members", "fault"),
    [
        ("EXPLICIT", {"value": "shop#1"}, "value"),
        ("EXPLICIT", {"value": "example/shop"}, "value"),
        ("LABEL", {"value": ""}, "value"),
        ("LABEL", {"value": "x" * 256}, "value"),
        ("MILESTONE", {"value": "v1.0", "container": "shop"}, "container"),
    ],
)
async def test_a_rule_that_can_match_nothing_is_refused(
    tracker: Tracker, editor: Client, kind: str, members: dict[str, str], fault: str
) -> None:
    initiative = await tracker.add_initiative("ALPHA")
    answer = await editor.set_rule(initiative, kind, **members)
    assert answer["errors"] == [["INVALID", ["input", fault]]]


async def test_a_rule_names_only_what_the_client_may_see(tracker: Tracker, editor: Client) -> None:
    initiative = await tracker.add_initiative("ALPHA")
    unknown = await editor.set_rule(uuid4(), "LABEL", "api")
    assert unknown["errors"] == [["NOT_FOUND", ["input", "initiativeId"]]]
    other = print_id("CONNECTION", uuid4())
    nowhere = await editor.set_rule(initiative, "LABEL", "api", connection_id=other)
    assert nowhere["errors"] == [["NOT_FOUND", ["input", "connectionId"]]]
    limited = await Client(tracker, grants=(tracker.portfolio_id,)).set_rule(initiative, "LABEL", "api")
    assert ["NOT_FOUND", ["input", "connectionId"]] in limited["errors"]
    rule = await editor.set_rule(initiative, "LABEL", "api")
    stranger = Client(tracker, grants=(uuid4(),))
    hidden = await stranger.send(linking_rule_archive, NodeInput(id=rule["linkingRule"]))
    unheard = await stranger.send(linking_rule_archive, named("LINKING_RULE", uuid4()))
    assert hidden["errors"] == unheard["errors"] == [["NOT_FOUND", ["input", "id"]]]
