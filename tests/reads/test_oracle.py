"""Generated reads: what the compiler answers is what the oracle answers, byte for byte."""

import json
import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any, cast

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNonNull,
    GraphQLObjectType,
    get_named_type,
    get_operation_ast,
    is_composite_type,
)

from runtime.viewer import Viewer
from tests.reads import oracle_fields as fields
from tests.reads.operations import Generated, Maker, Settings
from tests.reads.oracle import Oracle, Universe, View
from tests.reads.reading import CURSOR_SECRET, SCHEMA, Reading
from tests.reads.world import NOW, World

_DOCUMENTS = 300
_SETTINGS_PER_DOCUMENT = 5
_SOAK_SECONDS = float(os.environ.get("FOLIOSCOPE_SOAK") or 0) * 60


@pytest.fixture(scope="module")
async def views(filled_database: str, world: World) -> list[View]:
    """Those who see everything come as often as those who see a part."""
    universe = await Universe.read(filled_database)
    viewers = [viewer for viewer in world.viewers for _ in range(1 if viewer.granted_portfolio_ids is not None else 3)]
    return [View(universe, viewer, NOW) for viewer in viewers]


class Search:
    """Asks both for generated operations and compares; counts what was seen."""

    def __init__(self, reading: Reading, views: list[View]) -> None:
        self.reading, self.views = reading, views
        self.counted: Counter[str] = Counter()
        self.printed: set[str] = set()

    async def run(self, seeds: range, until: float) -> None:
        for seed in seeds:
            if time.monotonic() > until:
                break
            chance, generated = self.make(seed)
            usual = chance.choice(self.views)
            for _ in range(_SETTINGS_PER_DOCUMENT):
                view = usual if chance.random() < 0.7 else chance.choice(self.views)
                await self.check(view, generated.text, generated.settings(view), seed)

    def make(self, seed: int) -> tuple[random.Random, Generated]:
        chance = random.Random(seed)
        return chance, Maker(SCHEMA, chance, chance.choice(self.views), CURSOR_SECRET).make()

    async def check(self, view: View, text: str, settings: Settings, seed: int) -> None:
        document = self.reading.document(text)
        operation = get_operation_ast(document)
        assert operation is not None
        oracle = Oracle(SCHEMA, document, operation, settings, view, CURSOR_SECRET)
        expected = oracle.answer()
        answer = await self.reading.read(text, view.viewer, settings)
        assert answer == expected, explain(text, settings, view.viewer, (answer, expected), seed)
        json.loads(answer)
        self.printed |= oracle.printed
        self.counted.update(operations=1, restricted=view.restricted, bytes=len(answer))


def explain(text: str, settings: Settings, viewer: Viewer, pair: tuple[bytes, bytes], seed: int) -> str:
    answer, expected = pair
    place = next((place for place in range(len(answer)) if answer[: place + 1] != expected[: place + 1]), 0)
    start = max(0, place - 200)
    return (
        f"\nseed {seed}\n{text}\nvariables {settings}\ngrants {viewer.granted_portfolio_ids}\n"
        f"compiled …{answer[start : place + 200].decode(errors='replace')}…\n"
        f"oracle   …{expected[start : place + 200].decode(errors='replace')}…"
    )


def sweeps() -> Iterator[str]:
    """The organization, and for each list of the root, all fields of its items, and all fields one step further."""
    yield f"{{ organization {{ {everything('Organization', 2)} }} }}"
    for coordinate, (type_name, _, _) in fields.LISTS.items():
        if coordinate.startswith("Query."):
            conditions = cast(GraphQLInputObjectType, SCHEMA.type_map[f"{type_name}Filter"]).fields
            filter_ = ", filter: {includeArchived: true}" if "includeArchived" in conditions else ""
            yield f"{{ {coordinate[6:]}(first: 60{filter_}) {{ nodes {{ {everything(type_name, 2)} }} }} }}"
            for inner in fields.LISTS:
                if inner.startswith(f"{type_name}."):
                    node = everything(fields.LISTS[inner][0], 1)
                    step = f"{inner.partition('.')[2]}(first: 2) {{ edges {{ node {{ {node} }} }} }}"
                    yield f"{{ {coordinate[6:]} {{ nodes {{ {step} }} }} }}"
    yield f"{{ organization {{ {everything('Organization', 2)} }} }}"
    # What all keys of the world begin with.
    for letter in "opikts":
        yield f'{{ search(query: "{letter}", first: 100) {{ {everything("SearchHit", 1)} }} }}'
    for group in ("TIER", "OWNER", "TEAM"):
        for arguments in (f"groupBy: {group}", f"groupBy: {group}, first: 2"):
            yield f"{{ organization {{ rollup({arguments}) {{ {everything('RollupBucket', 1)} }} }} }}"


def everything(type_name: str, depth: int) -> str:
    type_: Any = SCHEMA.type_map[type_name]
    if isinstance(type_, GraphQLInterfaceType):
        return "__typename id"
    parts = []
    for name, definition in type_.fields.items():
        inner = get_named_type(definition.type)
        required = [argument for argument, item in definition.args.items() if isinstance(item.type, GraphQLNonNull)]
        given = {"from": '"2026-10-01"', "to": '"2026-11-20"', "groupBy": "STAGE", "since": '"-P20D"'}
        arguments = f"({', '.join(f'{argument}: {given[argument]}' for argument in required)})" if required else ""
        if not is_composite_type(inner):
            parts.append(f"{name}{arguments}")
        elif depth:
            # One item is enough of a list inside a list.
            arguments = arguments or ("(first: 1)" if "first" in definition.args else "")
            parts.append(f"{name}{arguments} {{ {everything(inner.name, depth - 1)} }}")
    return " ".join(parts) or "__typename"


def every_coordinate() -> set[str]:
    """All fields of all types that a query can print."""
    types = [
        type_
        for type_ in SCHEMA.type_map.values()
        if isinstance(type_, GraphQLObjectType) and not type_.name.startswith("_")
    ]
    coordinates = {f"{type_.name}.{name}" for type_ in types for name in type_.fields}
    return {coordinate for coordinate in coordinates if not coordinate.startswith(("Query._service", "Mutation."))}


async def test_generated_reads_are_answered_as_by_the_oracle(reading: Reading, views: list[View]):
    search = Search(reading, views)
    await search.run(range(_DOCUMENTS), time.monotonic() + 120)
    for text in sweeps():
        for tenant_id in {view.viewer.tenant_id for view in views}:
            everything_seen = next(view for view in views if view.viewer.tenant_id == tenant_id and not view.restricted)
            await search.check(everything_seen, text, {}, -1)
    assert search.counted["operations"] >= 500
    assert search.counted["restricted"] >= 150
    assert every_coordinate() - search.printed == set(), "fields that no generated read printed"


@pytest.mark.soak
async def test_longer_search_finds_no_difference_either(reading: Reading, views: list[View]):
    search = Search(reading, views)
    first = random.SystemRandom().randrange(1_000, 10**9)
    await search.run(range(first, first + 10**6), time.monotonic() + _SOAK_SECONDS)
    assert search.counted["operations"] > 0


@pytest.mark.parametrize("backward", [False, True])
@pytest.mark.parametrize("coordinate", [name for name in fields.LISTS if name.startswith("Query.")])
async def test_pages_joined_by_their_cursors_are_the_whole_list(
    reading: Reading, views: list[View], coordinate: str, backward: bool
):
    view = views[0]
    name, type_name = coordinate.partition(".")[2], fields.LISTS[coordinate][0]
    orders = list(cast(GraphQLEnumType, SCHEMA.type_map[f"{type_name}OrderField"]).values)
    size, bound, more, end = (
        ("last", "before", "hasPreviousPage", "startCursor")
        if backward
        else ("first", "after", "hasNextPage", "endCursor")
    )
    text = (
        f"query Walk($bound: String, $order: [{type_name}Order!]) {{"
        f" all: {name}(first: 100, orderBy: $order) {{ nodes {{ id }} totalCount }}"
        f" page: {name}({size}: 4, {bound}: $bound, orderBy: $order)"
        f" {{ nodes {{ id }} pageInfo {{ {more} {end} }} }} }}"
    )
    for order in orders:
        for direction in ("ASC", "DESC"):
            settings: Settings = {"order": [{"field": order, "direction": direction}], "bound": None}
            joined: list[str] = []
            while True:
                answer = json.loads(await reading.read(text, view.viewer, settings))
                ids = [node["id"] for node in answer["page"]["nodes"]]
                joined = ids + joined if backward else joined + ids
                if not answer["page"]["pageInfo"][more]:
                    break
                settings["bound"] = answer["page"]["pageInfo"][end]
            assert joined == [node["id"] for node in answer["all"]["nodes"]]
            assert len(joined) == len(set(joined)) == answer["all"]["totalCount"]
