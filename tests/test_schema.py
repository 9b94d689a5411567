"""The schema as clients see it: described throughout, in one style, and changed on purpose only."""

import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLUnionType,
    NamedTypeNode,
    OperationDefinitionNode,
    build_schema,
    find_breaking_changes,
    get_named_type,
    is_required_argument,
    parse,
    specified_scalar_types,
)

from api.graphql.gate import Gate
from api.graphql.parameters import Parameters
from resolvers.engine.execute import Schema

# Federation's own, which describe themselves elsewhere.
_PLUMBING = re.compile(r"^(_|link__)")


@cache
def printed() -> str:
    return Schema().print()


def types() -> Iterator[GraphQLNamedType]:
    for name, type_ in build_schema(printed()).type_map.items():
        if not name.startswith("__") and not _PLUMBING.match(name) and name not in specified_scalar_types:
            yield type_


def described() -> Iterator[tuple[str, str | None]]:
    """Coordinate and description of everything that can have one."""
    for type_ in types():
        yield type_.name, type_.description
        if isinstance(type_, GraphQLEnumType):
            for name, value in type_.values.items():
                yield f"{type_.name}.{name}", value.description
        if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
            for name, field in type_.fields.items():
                if _PLUMBING.match(name):
                    continue
                yield f"{type_.name}.{name}", field.description
                for argument, definition in getattr(field, "args", {}).items():
                    yield f"{type_.name}.{name}({argument}:)", definition.description


def test_everything_has_a_description():
    assert [coordinate for coordinate, text in described() if not (text or "").strip()] == []


def test_a_description_is_a_sentence():
    wrong = [coordinate for coordinate, text in described() if text and not text.rstrip().endswith((".", ":", "…"))]
    assert wrong == []


def test_moments_end_in_at_and_days_in_on():
    wrong = []
    for type_ in types():
        if not isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
            continue
        for name, field in type_.fields.items():
            kind = get_named_type(field.type).name
            if kind == "DateTime" and not name.endswith("At"):
                wrong.append(f"{type_.name}.{name}")
            if kind == "Date" and not name.endswith("On") and name not in _DAYS_THAT_END_OTHERWISE:
                wrong.append(f"{type_.name}.{name}")
            if (
                kind not in ("DateTime", "Date")
                and re.search(r"[a-z](At|On)$", name)
                and name not in _NUMBERS_THAT_END_SO
            ):
                wrong.append(f"{type_.name}.{name}")
    assert wrong == []


_DAYS_THAT_END_OTHERWISE = {"asOf", "bandSince", "since", "on"}
# Levels of a KPI's target, in its unit.
_NUMBERS_THAT_END_SO = {"redAt", "greenAt"}


def test_connections_are_complete_and_can_be_filtered_and_sorted():
    wrong = []
    for type_ in types():
        if not isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
            continue
        if type_.name.endswith("Connection") and type_.name != "Connection":
            members = {"nodes", "edges", "pageInfo", "totalCount"}
            wrong += [type_.name] if set(type_.fields) != members else []
        for name, field in type_.fields.items():
            kind = get_named_type(field.type).name
            if kind.endswith("Connection") and kind != "Connection":
                arguments = {"first", "after", "last", "before", "filter", "orderBy"}
                wrong += [f"{type_.name}.{name}"] if not arguments <= set(field.args) else []
    assert wrong == []


def test_every_object_with_an_id_is_a_node():
    objects = [type_ for type_ in types() if isinstance(type_, GraphQLObjectType) and "id" in type_.fields]
    assert [item.name for item in objects if "Node" not in {interface.name for interface in item.interfaces}] == []


def test_a_mutation_takes_one_input_and_answers_with_a_payload():
    mutation = build_schema(printed()).mutation_type
    assert mutation is not None
    wrong = []
    for name, field in mutation.fields.items():
        payload = get_named_type(field.type)
        assert isinstance(payload, GraphQLObjectType)
        fits = list(field.args) == ["input"] and is_required_argument(field.args["input"])
        fits = fits and payload.name.endswith("Payload") and {"userErrors", "warnings"} <= set(payload.fields)
        wrong += [] if fits and re.fullmatch(r"[a-z]+([A-Z][a-z]+)+", name) else [name]
    assert wrong == []


def test_own_scalars_say_what_specifies_them():
    own = [type_ for type_ in types() if isinstance(type_, GraphQLScalarType)]
    assert {item.name for item in own if not item.specified_by_url} <= {"Points"}


def test_names_are_spelled_as_the_style_guide_says():
    wrong = []
    for type_ in types():
        wrong += [] if re.fullmatch(r"[A-Z][A-Za-z0-9]*", type_.name) else [type_.name]
        if isinstance(type_, GraphQLEnumType):
            wrong += [f"{type_.name}.{name}" for name in type_.values if not re.fullmatch(r"[A-Z][A-Z0-9_]*", name)]
        if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
            wrong += [f"{type_.name}.{name}" for name in type_.fields if not re.fullmatch(r"_?[a-z][A-Za-z0-9]*", name)]
    assert wrong == []
    assert not any(isinstance(type_, GraphQLUnionType) for type_ in types())


def test_the_committed_schema_is_the_one_that_is_served(repository: Path):
    committed = (repository / "schema" / "schema.graphql").read_text(encoding="utf-8")
    assert committed == printed(), "run: make update"


def test_what_breaks_clients_is_named_in_the_changelog(repository: Path):
    """Against the last commit: each breaking change must stand, by its coordinate, under Unreleased."""
    command = ["git", "show", "HEAD:schema/schema.graphql"]
    shown = subprocess.run(command, cwd=repository, capture_output=True, text=True, check=False)
    if shown.returncode != 0:
        pytest.skip("no committed schema to compare with")
    changelog = (repository / "CHANGELOG.md").read_text(encoding="utf-8")
    unreleased = changelog.split("## Unreleased", 1)[1].split("\n## ", 1)[0]
    changes = find_breaking_changes(build_schema(shown.stdout), build_schema(printed()))
    silent = [change.description for change in changes if not _named(change.description, unreleased)]
    assert silent == []


def _named(description: str, changelog: str) -> bool:
    coordinates = re.findall(r"[A-Z]\w*\.\w+|\b[A-Z]\w+", description)
    return any(coordinate in changelog for coordinate in coordinates)


def test_a_breaking_change_is_noticed():
    before = build_schema("type Query { tier: String, name: String }")
    after = build_schema("type Query { name: String }")
    (change,) = find_breaking_changes(before, after)
    assert not _named(change.description, "nothing of it")
    assert _named(change.description, "* `Query.tier` is gone")


_OPERATIONS = sorted(Path(__file__).parent.parent.glob("schema/operations/*.graphql"))
in_each_operation_file = pytest.mark.parametrize("path", _OPERATIONS, ids=lambda path: path.stem)


@in_each_operation_file
def test_an_operation_file_holds_one_described_operation_of_its_name(path: Path):
    (operation,) = parse(path.read_text(encoding="utf-8")).definitions
    assert isinstance(operation, OperationDefinitionNode)
    assert operation.name is not None
    assert operation.name.value == path.stem
    assert operation.description is not None
    silent = [item.variable.name.value for item in operation.variable_definitions or () if item.description is None]
    assert silent == []


@in_each_operation_file
def test_an_operation_costs_what_it_states(path: Path):
    """With its variables' defaults and, where they make it longer, with pages of 100.

    At most twice as much is stated, so that the figure says something.
    """
    text = path.read_text(encoding="utf-8")
    stated = re.match(r"# Cost: at most (\d+) points(?:; (\d+) with the longest pages)?\.\n", text)
    assert stated is not None, "begin the file with: # Cost: at most N points."
    (operation,) = parse(text).definitions
    assert isinstance(operation, OperationDefinitionNode)
    lengths = {
        item.variable.name.value: 100
        for item in operation.variable_definitions or ()
        if isinstance(item.type, NamedTypeNode) and item.type.name.value == "Int"
    }
    gate = Gate(build_schema(printed()))
    cost, longest = (gate.admit(Parameters(text, variables=given)).cost for given in ({}, lengths))
    assert cost <= int(stated[1]) <= 2 * cost
    assert (stated[2] is None) == (longest == cost), "where pages make it dearer: …; M with the longest pages."
    if stated[2]:
        assert longest <= int(stated[2]) <= 2 * longest
