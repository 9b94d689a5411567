"""The walls, from the schema itself: what belongs to another tenant or another portfolio is nowhere to be found.

Every row of the world carries a token in its texts and an id: whatever an answer or an error tells is checked against
what the viewer may see. "Not yours" and "does not exist" must be the same answer.
"""

import json
import re
from collections.abc import AsyncIterator, Callable, Iterator
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import asyncpg
import orjson
import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLNonNull,
    GraphQLObjectType,
    get_named_type,
    get_operation_ast,
    parse,
)

from resolvers.engine.execute import Context, Executor, Schema
from resolvers.engine.prepared import Prepared
from runtime.clock import Clock
from runtime.refusal import Refusal
from runtime.settings import Settings
from runtime.viewer import Viewer
from schema.entities import CHANGED
from schema.entity import SUBJECTS
from tests.reads import oracle_fields as fields
from tests.reads.conftest import filled_database, reading, world
from tests.reads.oracle import Universe, View
from tests.reads.reading import SCHEMA, Reading
from tests.reads.test_oracle import sweeps
from tests.reads.world import NOW, World, token_of
from tests.samples import ENTITY_OF_KIND

__all__ = ["filled_database", "reading", "world"]

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_TOKEN = re.compile(r"~[0-9a-f]{8}~")
_UNKNOWN = UUID("01999999-9999-7999-8999-999999999999")
_ROOT_LISTS = [coordinate for coordinate in fields.LISTS if coordinate.startswith("Query.")]
_MUTATIONS = cast(GraphQLObjectType, Schema().graphql.mutation_type).fields


@pytest.fixture(scope="module")
async def universe(filled_database: str) -> Universe:
    return await Universe.read(filled_database)


@pytest.fixture(scope="module")
def views(universe: Universe, world: World) -> list[View]:
    """Of two tenants: who sees everything, who sees a subtree, who sees two, who sees nothing."""
    return [View(universe, viewer, NOW) for viewer in world.viewers[:8]]


class Wall:
    """What one viewer may be told of."""

    def __init__(self, view: View) -> None:
        self.view = view
        viewer = view.viewer
        holders = {viewer.key_id, viewer.holder_id}
        self.seen: set[UUID] = {row["id"] for name in fields.TABLES for row in view.seen(name)} | holders
        hidden = {name: [row for row in view.all(name) if row["id"] not in self.seen] for name in fields.TABLES}
        self.hidden = hidden if view.restricted else {name: [] for name in fields.TABLES}
        self.foreign = {
            name: [row for row in view.universe.tables[table] if row["tenant_id"] != view.viewer.tenant_id]
            for name, table in fields.TABLES.items()
        }

    def beyond(self, type_name: str) -> list[Any]:
        """Some objects of the type behind the wall: of another tenant, and of other portfolios."""
        return self.foreign[type_name][:2] + self.hidden[type_name][:3]

    def check(self, text: str, asked: str = "") -> None:
        """No token and no id of anything behind the wall, but those in the question itself."""
        tokens = {token_of(identifier) for identifier in self.seen}
        told = set(_TOKEN.findall(text)) - set(_TOKEN.findall(asked))
        assert told <= tokens, f"told of {told - tokens}"
        ids = {UUID(found) for found in _UUID.findall(text)} - {UUID(found) for found in _UUID.findall(asked)}
        assert ids <= self.seen, f"told of {ids - self.seen}"


@pytest.fixture(scope="module")
def walls(views: list[View]) -> list[Wall]:
    return [Wall(view) for view in views]


async def ask(reading: Reading, wall: Wall, text: str, **variables: Any) -> Any:
    answer = (await reading.read(text, wall.view.viewer, variables)).decode()
    wall.check(answer, text + json.dumps(variables))
    return json.loads(answer)


def test_there_is_something_behind_every_wall(walls: list[Wall]):
    restricted = [wall for wall in walls if wall.view.restricted]
    assert len(restricted) == 6
    for type_name in set(fields.TABLES) - fields.SEEN_BY_ALL:
        assert any(wall.hidden[type_name] for wall in restricted), type_name
        assert all(wall.foreign[type_name] for wall in walls), type_name


async def test_no_field_of_any_object_tells_of_what_lies_behind_the_wall(reading: Reading, walls: list[Wall]):
    """All fields, relations in both directions, counts apart: two steps from every list of the root."""
    for text in sweeps():
        for wall in walls:
            await ask(reading, wall, text)
    own = "{ viewer { key { id name person { name } serviceAccount { name } grantedPortfolios { nodes { id } } }"
    own += " person { name apiKeys { nodes { id name } } } organization { name portfolios { nodes { id } } } } }"
    for wall in walls:
        await ask(reading, wall, own)


# Names ---------------------------------------------------------------------------------------------


def lookups() -> Iterator[tuple[str, str]]:
    assert SCHEMA.query_type is not None
    for name, definition in SCHEMA.query_type.fields.items():
        if "by" in definition.args:
            yield name, get_named_type(definition.type).name


@pytest.mark.parametrize("type_name", sorted(fields.TABLES))
async def test_an_object_behind_the_wall_is_not_found_by_its_id(reading: Reading, walls: list[Wall], type_name: str):
    text = "query Q($id: ID!, $ids: [ID!]!, $r: [_Any!]!) { node(id: $id) { id } nodes(ids: $ids) { id } "
    text += "_entities(representations: $r) { __typename } }"
    for wall in walls:
        answers = []
        for identifier in [row["id"] for row in wall.beyond(type_name)] + [_UNKNOWN]:
            public = f"{fields.PREFIXES[type_name]}_{identifier}"
            representation = {"__typename": type_name, "id": public}
            answers.append(await ask(reading, wall, text, id=public, ids=[public], r=[representation]))
        assert all(answer == {"node": None, "nodes": [None], "_entities": [None]} for answer in answers)


@pytest.mark.parametrize(("root", "type_name"), list(lookups()))
async def test_an_object_behind_the_wall_is_not_found_by_any_of_its_names(
    reading: Reading, walls: list[Wall], root: str, type_name: str
):
    text = f"query Q($by: {type_name}By!) {{ found: {root}(by: $by) {{ id }} }}"
    members = cast(GraphQLInputObjectType, SCHEMA.type_map[f"{type_name}By"]).fields
    assert set(members) <= {"id", "key", "name", "external"}, "a new kind of name needs a case here"
    for wall in walls:
        for row in wall.beyond(type_name):
            names: list[dict[str, Any]] = [{"id": f"{fields.PREFIXES[type_name]}_{row['id']}"}]
            hidden = row in wall.hidden[type_name]
            if "name" in members:
                names.append({"name": row["name"]})
            if "key" in members and hidden:  # tenants of the world use the same keys
                names.append({"key": row["key"]})
            if "external" in members and hidden:
                references = wall.view.rows("external_link")
                names += [
                    {"external": {"system": other["system"], "id": other["external_id"]}}
                    for other in references
                    if other["node_id"] == row["id"]
                ]
            for name in names:
                assert await ask(reading, wall, text, by=name) == {"found": None}


# Lists ---------------------------------------------------------------------------------------------


def list_query(coordinate: str) -> str:
    name, type_name = coordinate.partition(".")[2], fields.LISTS[coordinate][0]
    return (
        f"query Q($filter: {type_name}Filter, $order: [{type_name}Order!], $after: String) {{"
        f" list: {name}(first: 100, filter: $filter, orderBy: $order, after: $after)"
        " { nodes { id } edges { cursor } totalCount pageInfo { endCursor hasNextPage } } }"
    )


def operand(type_name: str, path: str, value: Any) -> Any:
    """What a client would send to find a row by this value."""
    if isinstance(value, list):
        return [operand(type_name, path, item) for item in value]
    if isinstance(value, UUID):
        prefix = fields.FILTERED_IDS.get(path) or fields.PREFIXES[type_name if path == "id" else "Product"]
        return f"{prefix}_{value}"
    if path == "health.score":
        return value / 1000
    if isinstance(value, str | int | bool):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else float(value)


def members(type_name: str) -> Iterator[tuple[str, str]]:
    """Path and an operator of equality of every comparable member of the type's filter."""
    pending: list[tuple[str, Any]] = [("", SCHEMA.type_map[f"{type_name}Filter"])]
    while pending:
        prefix, input_type = pending.pop()
        for name, member in input_type.fields.items():
            inner = get_named_type(member.type)
            if not isinstance(inner, GraphQLInputObjectType) or name in ("and", "or", "not"):
                continue
            if not inner.name.endswith("Comparator"):
                pending.append((f"{prefix}{name}.", inner))
            else:
                operator = next(operator for operator in ("eq", "gte", "hasAny") if operator in inner.fields)
                yield f"{prefix}{name}", operator


@pytest.mark.parametrize("coordinate", _ROOT_LISTS)
async def test_no_filter_finds_or_counts_what_lies_behind_the_wall(
    reading: Reading, walls: list[Wall], coordinate: str
):
    type_name, text = fields.LISTS[coordinate][0], list_query(coordinate)
    paths = list(members(type_name))
    assert paths
    for wall in walls:
        for path, operator in paths:
            for row in wall.beyond(type_name):
                value = fields.compared(wall.view, type_name, path, row)
                if value is None:
                    continue
                comparison: dict[str, Any] = {operator: operand(type_name, path, value)}
                for name in reversed(path.split(".")):
                    comparison = {name: comparison}
                for condition in (comparison, {"or": [comparison]}, {"not": {"not": comparison}}):
                    found = (await ask(reading, wall, text, filter=condition))["list"]
                    assert found["totalCount"] == len(found["nodes"]) == len(found["edges"])


@pytest.mark.parametrize("coordinate", _ROOT_LISTS)
async def test_no_order_shows_or_counts_what_lies_behind_the_wall(reading: Reading, walls: list[Wall], coordinate: str):
    type_name, text = fields.LISTS[coordinate][0], list_query(coordinate)
    orders: Any = SCHEMA.type_map[f"{type_name}OrderField"]
    for wall in walls:
        expected = len([row for row in wall.view.seen(type_name) if row.get("archived_at") is None])
        for order in orders.values:
            for direction in ("ASC", "DESC"):
                found = (await ask(reading, wall, text, order=[{"field": order, "direction": direction}]))["list"]
                assert found["totalCount"] == len(found["nodes"]) == expected
                assert not found["pageInfo"]["hasNextPage"]


@pytest.mark.parametrize("coordinate", _ROOT_LISTS)
async def test_a_cursor_of_another_tenant_opens_nothing(reading: Reading, walls: list[Wall], coordinate: str):
    text, mine, theirs = list_query(coordinate), walls[0], walls[4]
    assert mine.view.viewer.tenant_id != theirs.view.viewer.tenant_id
    cursor = (await ask(reading, theirs, text))["list"]["edges"][0]["cursor"]
    with pytest.raises(Refusal) as caught:
        await ask(reading, mine, text, after=cursor)
    assert caught.value.code == "BAD_CURSOR"
    mine.check(caught.value.message)


# Search --------------------------------------------------------------------------------------------


async def test_search_finds_nothing_behind_the_wall(reading: Reading, walls: list[Wall]):
    text = "query ($query: String!) { search(query: $query, first: 100) { kind key name node { id } } }"
    for wall in walls:
        for type_name in fields.SEARCHED:
            for row in wall.beyond(type_name):
                await ask(reading, wall, text, query=row["key"])
                assert await ask(reading, wall, text, query=token_of(row["id"])) == {"search": []}


# Sums ----------------------------------------------------------------------------------------------


async def test_a_roll_up_counts_only_what_is_seen(reading: Reading, walls: list[Wall]):
    text = "{ organization { rollup(groupBy: OWNER) { count } } portfolios(first: 100) { nodes { rollup(groupBy: TEAM) "
    text += "{ group count } } } }"
    for wall in walls:
        answer = await ask(reading, wall, text)
        seen = [row for row in wall.view.seen("Product") if row["archived_at"] is None]
        assert sum(bucket["count"] for bucket in answer["organization"]["rollup"]) == len(seen)


async def test_health_above_the_grants_is_unknown_and_hidden_children_are_one_line(reading: Reading, walls: list[Wall]):
    text = '{ organization { health { band score recomputePending drivers { path } } healthHistory(from: "-P60D")'
    text += " { asOf } } products(first: 100) { nodes { id health { drivers { path points } } } } }"
    everything = {
        node["id"]: node["health"]["drivers"] for node in (await ask(reading, walls[0], text))["products"]["nodes"]
    }
    outside = 0
    for wall in walls[1:3]:
        answer = await ask(reading, wall, text)
        health = answer["organization"]["health"]
        assert health == {"band": "UNKNOWN", "score": None, "recomputePending": False, "drivers": []}
        assert answer["organization"]["healthHistory"] == []
        for node in answer["products"]["nodes"]:
            drivers = node["health"]["drivers"]
            paths = [driver["path"] for driver in drivers]
            assert paths.count("OUTSIDE_YOUR_PORTFOLIOS") <= 1
            outside += "OUTSIDE_YOUR_PORTFOLIOS" in paths
            assert points(drivers) == points(everything[node["id"]])
    assert outside, "some children are hidden"


def points(drivers: list[Any]) -> int:
    return sum(round(driver["points"] * 1000) for driver in drivers)


# Changes -------------------------------------------------------------------------------------------

_VALUES = {
    "String": "KEY-1",
    "Int": 1,
    "Float": 1.0,
    "Boolean": False,
    "DateTime": NOW.isoformat(),
    "DateTimeOrDuration": NOW.isoformat(),
    "Date": "2026-11-20",
}
_DECLARED = {
    (entity.name, member.public_name): "Product" if member.kinds == SUBJECTS else ENTITY_OF_KIND[member.kinds[0]].name
    for entity in CHANGED
    for member in entity.members
    if member.kinds
}
_ABOUT_ANYTHING = ("subject", "entity")


def type_of_member(mutation: str, name: str) -> str:
    """What an id names: as its entity declares it, else by its own name, else the object that is changed."""
    own = type_of_mutation(mutation)
    word = re.sub("^(add|granted)|Ids?$", "", name)
    named = "Product" if word in _ABOUT_ANYTHING else word[:1].upper() + word[1:]
    return _DECLARED.get((own, name)) or (named if named in fields.TABLES else own)


@pytest.fixture(scope="module")
async def executor(reading: Reading) -> Executor:
    clock_ticks = iter(range(1, 10**9))
    clock = Clock(lambda: NOW, lambda: next(clock_ticks))
    settings = Settings.model_validate(
        {"database_url": "postgresql:///unused", "redis_url": "redis:///unused", "secret_key": "s" * 40}
    )
    return Executor(Schema(), reading.database, clock, settings)


@pytest.fixture(scope="module")
async def administration(filled_database: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(filled_database)
    yield connection
    await connection.close()


def references(type_: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Paths of all ids in an input."""
    for name, member in type_.fields.items():
        inner = get_named_type(member.type)
        if inner.name == "ID":
            yield (*path, name)
        elif isinstance(inner, GraphQLInputObjectType) and len(path) < 3:
            yield from references(inner, (*path, name))


def build(type_: Any, aim: tuple[str, ...], identifier: str, own: Callable[[str], str]) -> dict[str, Any]:
    """An input with what it must have, own objects for other ids, and the identifier at the aim."""
    found: dict[str, Any] = {}
    for name, member in type_.fields.items():
        aimed = bool(aim) and aim[0] == name
        required = isinstance(member.type, GraphQLNonNull) and not type_.is_one_of
        # A measurement says its KPI in one of two ways, and neither is required by type.
        required = required or (name == "kpiId" and aim == ("supersedesId",))
        if not aimed and not required:
            continue
        inner = get_named_type(member.type)
        if isinstance(inner, GraphQLInputObjectType):
            value: Any = build(inner, aim[1:] if aimed else (), identifier, own)
        elif inner.name == "ID":
            value = identifier if aimed else own(name)
        elif isinstance(inner, GraphQLEnumType):
            value = next(iter(inner.values))
        else:
            value = _VALUES.get(inner.name, "x")
        found[name] = [value] if "[" in str(member.type) else value
    return found


async def fingerprint(administration: asyncpg.Connection, tenant_id: UUID, ids: list[UUID]) -> list[Any]:
    """Of all rows of the other tenants, and of the hidden rows of this one."""
    tables = sorted({*fields.TABLES.values(), "subject", "external_link", "initiative_product", "signal"})
    others = [(table, "tenant_id <> $1", tenant_id) for table in tables]
    hidden = [(table, "id = any($1)", ids) for table in sorted(set(fields.TABLES.values()))]
    digest = "select md5(coalesce(string_agg(t::text, '|' order by t::text), ''))"
    return [
        await administration.fetchval(f"{digest} from {table} t where {condition}", value)
        for table, condition, value in [*others, *hidden]
    ]


async def send(executor: Executor, viewer: Viewer, name: str, input: dict[str, Any]) -> str:
    """The answer, or the refusal, as text."""
    text = f"mutation M($input: {get_named_type(_MUTATIONS[name].args['input'].type).name}!) {{ changed: {name}(input: "
    payload: Any = get_named_type(_MUTATIONS[name].type)
    rejected = " rejected { index code message }" if "rejected" in payload.fields else ""
    text += f"$input) {{ userErrors {{ code message field }}{rejected} }} }}"
    document = parse(text)
    node = get_operation_ast(document)
    assert node is not None
    request: Any = SimpleNamespace(
        text=text, operation=Prepared(executor.schema.graphql, document, node), variables={"input": input}
    )
    try:
        result = await executor.run(request, Context(viewer, "request"))
    except Refusal as refusal:
        return f"{refusal.code} {refusal.message}"
    errors = [str(error) for error in result.errors or ()]
    return f"{orjson.dumps(result.data).decode()} {errors}"


def aims() -> Iterator[tuple[str, tuple[str, ...]]]:
    for name, definition in _MUTATIONS.items():
        for path in references(get_named_type(definition.args["input"].type)):
            # Of a file that is no object of the schema; tests/bulk/test_doors.py tries it.
            if path != ("fileId",):
                yield name, path


@pytest.mark.parametrize(
    ("mutation", "aim"), list(aims()), ids=lambda value: ".".join(value) if isinstance(value, tuple) else value
)
async def test_a_change_of_what_lies_behind_the_wall_is_answered_as_for_an_unknown_id_and_changes_nothing(
    executor: Executor,
    administration: asyncpg.Connection,
    walls: list[Wall],
    mutation: str,
    aim: tuple[str, ...],
):
    type_name = type_of_member(mutation, aim[-1])
    for wall in (walls[0], walls[1]):
        viewer = wall.view.viewer

        def own(name: str, wall: Wall = wall) -> str:
            type_name = type_of_member(mutation, name)
            return f"{fields.PREFIXES[type_name]}_{next(iter(own_ids(wall, type_name)))}"

        input_type = get_named_type(_MUTATIONS[mutation].args["input"].type)
        hidden = [row["id"] for rows in wall.hidden.values() for row in rows]
        before = await fingerprint(administration, viewer.tenant_id, hidden)
        answers = set()
        for identifier in [row["id"] for row in wall.beyond(type_name)] + [_UNKNOWN]:
            public = f"{fields.PREFIXES[type_name]}_{identifier}"
            answer = await send(executor, viewer, mutation, build(input_type, aim, public, own))
            wall.check(answer, public)
            answers.add(answer.replace(public, "ID"))
        assert len(answers) == 1, answers
        answer = answers.pop()
        assert '"userErrors":[]' not in answer or '"rejected":[{' in answer, "refused, not overlooked"
        assert await fingerprint(administration, viewer.tenant_id, hidden) == before


def own_ids(wall: Wall, type_name: str) -> list[UUID]:
    """Objects in reach, else any id: the change is refused for that one then, whatever the aim holds."""
    return [row["id"] for row in wall.view.seen(type_name) if row.get("archived_at") is None] or [_UNKNOWN]


def type_of_mutation(mutation: str) -> str:
    """That of the object which the change is named after."""
    return next(
        name for name in sorted(fields.TABLES, key=len, reverse=True) if mutation.startswith(name[0].lower() + name[1:])
    )
