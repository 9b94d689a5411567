"""What is recorded has been: every instant in an input refuses one to come; found from the schema."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from graphql import GraphQLInputObjectType, get_named_type

from resolvers.engine.execute import Executor
from tests.reads.conftest import filled_database, reading, world
from tests.reads.world import NOW
from tests.test_unseen_characters import sent
from tests.test_walls import _MUTATIONS, Wall, executor, universe, views, walls

__all__ = ["executor", "filled_database", "reading", "universe", "views", "walls", "world"]

# The end of what is made now.
_AHEAD = {("apiKeyCreate", ("expiresAt",))}


def instants(type_: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, member in type_.fields.items():
        inner = get_named_type(member.type)
        if inner.name == "DateTime":
            yield (*path, name)
        elif isinstance(inner, GraphQLInputObjectType):
            yield from instants(inner, (*path, name))


_AIMS = [
    (mutation, path)
    for mutation, definition in _MUTATIONS.items()
    for path in instants(get_named_type(definition.args["input"].type))
    if (mutation, path) not in _AHEAD
]


def test_there_are_instants_to_try():
    assert {mutation for mutation, _ in _AIMS} >= {
        "measurementsRecord",
        "initiativeProgressRecord",
        "statusUpdateCreate",
        "statusUpdateUpsert",
    }


@pytest.mark.parametrize(("mutation", "aim"), _AIMS, ids=lambda v: v if isinstance(v, str) else ".".join(v))
@pytest.mark.parametrize("instant", ["2999-01-01T00:00:00Z", (NOW + timedelta(days=1, seconds=1)).isoformat()])
async def test_an_instant_to_come_is_refused(
    executor: Executor, walls: list[Wall], mutation: str, aim: tuple[str, ...], instant: str
):
    answer = await sent(executor, walls[0], mutation, aim, instant)
    assert "This instant is in the future: the server's clock says 2026-11-20T12:30:00+00:00." in answer
    assert aim[-1] in answer
