"""What a field says of a day, it says of one that has come: found from the arguments of the schema."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from graphql import GraphQLNonNull, GraphQLObjectType, get_named_type

from runtime.refusal import Refusal
from tests.reads import oracle_fields as fields
from tests.reads.reading import SCHEMA, Reading
from tests.reads.world import NOW, World

# Plans reach ahead.
_AHEAD = {f"{name}.capacity" for name in ("Person", "Portfolio", "Product", "Team")}
_CHOSEN = {"first": "1", "bucket": "WEEK"}


def arguments(*kinds: str) -> Iterator[tuple[str, str, str]]:
    """Type, field and argument wherever a field takes a day or an instant."""
    for type_name, type_ in SCHEMA.type_map.items():
        if isinstance(type_, GraphQLObjectType) and not type_name.startswith("__"):
            for name, definition in type_.fields.items():
                for argument, declared in definition.args.items():
                    if get_named_type(declared.type).name in kinds:
                        yield type_name, name, argument


INSTANTS = list(arguments("DateTime", "DateTimeOrDuration"))


def test_days_among_arguments_are_those_of_plans():
    assert {f"{type_name}.{name}" for type_name, name, _ in arguments("Date")} == _AHEAD
    assert len(INSTANTS) >= 14


def question(type_name: str, name: str, argument: str) -> str:
    definition = SCHEMA.type_map[type_name].fields[name]  # type: ignore[attr-defined]
    given = {
        other: '"-P9D"'
        for other, declared in definition.args.items()
        if isinstance(declared.type, GraphQLNonNull) and other != argument
    }
    given[argument] = "$instant"
    listed = ", ".join(f"{other}: {value}" for other, value in given.items())
    field = f"{name}({listed}) {{ __typename }}"
    if type_name == "Organization":
        body = f"organization {{ {field} }}"
    else:
        root = next(at for at, listed in fields.LISTS.items() if listed[0] == type_name and at.startswith("Query."))
        body = f"{root.partition('.')[2]}(first: 1) {{ nodes {{ {field} }} }}"
    return f"query Q($instant: {get_named_type(definition.args[argument].type).name}!) {{ {body} }}"


@pytest.mark.parametrize(("type_name", "name", "argument"), INSTANTS)
async def test_a_day_that_has_not_come_is_refused_with_its_argument(
    reading: Reading, world: World, type_name: str, name: str, argument: str
):
    text = question(type_name, name, argument)
    for instant in ("2999-01-01", "P2D"):
        with pytest.raises(Refusal) as caught:
            await reading.read(text, world.viewers[0], {"instant": instant})
        assert caught.value.code == "BAD_USER_INPUT"
        assert caught.value.message.startswith(f"`{argument}` of {type_name}.{name} is ")
    for instant in ("PT0S", NOW.isoformat(), NOW.date().isoformat(), "-P1D"):
        assert await reading.read(text, world.viewers[0], {"instant": instant})


async def test_today_is_that_of_the_organization(reading: Reading, world: World):
    text = "query Q($instant: DateTimeOrDuration!) { organization { health(asOf: $instant) { asOf } } }"
    zones = set()
    for viewer in world.viewers[::4]:
        answer: Any = json.loads(await reading.read("{ organization { timeZone } }", viewer))
        zone = ZoneInfo(answer["organization"]["timeZone"])
        zones.add(zone.key)
        today = NOW.astimezone(zone).date()
        end = (datetime.combine(today, datetime.min.time(), zone) + timedelta(days=1)).astimezone(UTC)
        await reading.read(text, viewer, {"instant": (end - timedelta(seconds=1)).isoformat()})
        with pytest.raises(Refusal):
            await reading.read(text, viewer, {"instant": end.isoformat()})
    assert len(zones) > 1


async def test_of_several_the_one_that_has_not_come_is_named(reading: Reading, world: World):
    text = '{ organization { healthHistory(from: "-P9D", to: "P3D") { asOf } then: health(asOf: "-P1D") { asOf } } }'
    with pytest.raises(Refusal, match=r"`to` of Organization\.healthHistory is 2026-11-23T12:30:00\.250000Z, on a day"):
        await reading.read(text, world.viewers[0])
