"""What a client gets wrong in a read is refused by a code, before the database could fail on it."""

from typing import Any

import pytest

from runtime.refusal import Refusal
from tests.reads.reading import Invalid, Reading
from tests.reads.world import World

_BAD_INPUT = [
    ("{ products(filter: {or: [{includeArchived: true}]}) { totalCount } }", {}),
    ("{ products(filter: {not: {includeArchived: true}}) { totalCount } }", {}),
    (
        "query Q($d: OrderDirection = ASC) { products(orderBy: [{field: KEY, direction: $d}]) { totalCount } }",
        {"d": None},
    ),
    ('{ products(filter: {key: {eq: "a\\u0000"}}) { totalCount } }', {}),
    ('{ products(filter: {name: {in: ["a", "\\u0000"]}}) { totalCount } }', {}),
    ("query Q($key: String!) { product(by: {key: $key}) { id } }", {"key": "\ud800"}),
    ('{ products(filter: {createdAt: {lt: "P7999Y"}}) { totalCount } }', {}),
    ("{ products(first: 101) { totalCount } }", {}),
    ("{ products(first: -1) { nodes { id } } }", {}),
    ("{ products(first: 1, last: 1) { totalCount } }", {}),
    ('{ products(last: 1, after: "x") { totalCount } }', {}),
    ("query Q($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": ["prd_0"] * 101}),
    ('{ search(query: " -- ") { key } }', {}),
    ('{ search(query: "a", first: 101) { key } }', {}),
    ("query Q($query: String!) { search(query: $query) { key } }", {"query": "a" * 201}),
    ("query Q($query: String!) { search(query: $query) { key } }", {"query": "a b c d e f g h-i"}),
    ("query Q($query: String!) { search(query: $query) { key } }", {"query": "a\0"}),
    ("query Q($keys: [String!]) { products(filter: {key: {in: $keys}}) { totalCount } }", {"keys": ["a"] * 251}),
]


@pytest.mark.parametrize(("text", "variables"), _BAD_INPUT, ids=range(len(_BAD_INPUT)))
async def test_bad_input_is_refused(reading: Reading, world: World, text: str, variables: dict[str, Any]):
    with pytest.raises(Refusal) as caught:
        await reading.read(text, world.viewers[0], variables)
    assert caught.value.code == "BAD_USER_INPUT"


@pytest.mark.parametrize("instant", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:00:00-14:00", "P", "2026-13-01"])
async def test_instants_that_cannot_be_are_no_values_of_the_scalar(reading: Reading, world: World, instant: str):
    text = f'{{ products(filter: {{createdAt: {{gt: "{instant}"}}}}) {{ totalCount }} }}'
    with pytest.raises(Invalid, match="is no instant"):
        await reading.read(text, world.viewers[0])


async def test_filters_nest_to_a_limit(reading: Reading, world: World):
    condition: dict[str, Any] = {}
    for _ in range(6):
        condition = {"not": condition}
    with pytest.raises(Refusal) as caught:
        await reading.read(
            "query Q($f: KpiFilter) { kpis(filter: $f) { totalCount } }", world.viewers[0], {"f": condition}
        )
    assert caught.value.code == "QUERY_TOO_DEEP"


@pytest.mark.parametrize("points", [1e9, -1e9, 1e30])
async def test_points_out_of_range_compare_like_any_number(reading: Reading, world: World, points: float):
    text = "query Q($p: Points) { products(filter: {health: {score: {lt: $p}}}) { totalCount } }"
    everything = "{ products(filter: {health: {score: {isNull: false}}}) { totalCount } }"
    answer = await reading.read(text, world.viewers[0], {"p": points})
    none = b'{"products":{"totalCount":0}}'
    assert answer == (await reading.read(everything, world.viewers[0]) if points > 0 else none)


@pytest.mark.parametrize("field", ["apiKeys", "persons { nodes { apiKeys", 'apiKey(by: {id: "key_0"})'])
async def test_keys_are_shown_to_scope_admin_only(reading: Reading, world: World, field: str):
    viewer = world.viewers[0]
    reader = type(viewer)(**{**vars(viewer), "scopes": frozenset({"READ"})})
    body = "{ id }" if field.startswith("apiKey(") else "{ totalCount }" + " } }" * ("{" in field)
    with pytest.raises(Refusal) as caught:
        await reading.read(f"{{ {field} {body} }}", reader)
    assert caught.value.code == "FORBIDDEN"
