"""Lists in changes: whatever is wrong with one item is told by its place."""

from collections.abc import Iterator
from typing import Any

import pytest
from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLList, get_named_type, get_nullable_type

from portfolio.identity import print_id
from resolvers.engine.execute import Schema
from tests.resolvers.tenant import NOON, Tenant

_INITIATIVE = {"key": "I-1", "name": "I", "portfolio_id": "home"}
_FIELD = {"key": "F-1", "name": "F", "entity": "PRODUCT", "type": "CHOICE"}
_MEASURED = {"kpi_id": "kpi", "value": 1, "observed_at": NOON}
_PRODUCTS = [{"product_id": "product"}, {"product_id": "nothing"}]
# Of each list: the members beside it, a good item and a bad one.
BATCHES: dict[str, tuple[dict[str, Any], list[Any]]] = {
    "measurementsRecord.measurements": ({}, [_MEASURED, {**_MEASURED, "value": 1e300 + 1e284}]),
    "labelsSet.labels": ({"subject_id": "product"}, [{"id": "label"}, {"name": "none"}]),
    "initiativeCreate.products": (_INITIATIVE, _PRODUCTS),
    "initiativeUpdate.products": ({"id": "initiative"}, _PRODUCTS),
    "initiativeUpsert.products": ({**_INITIATIVE, "external": {"system": "S", "id": "1"}}, _PRODUCTS),
    "initiativeProgressRecord.weeklyThroughput": ({"initiative_id": "initiative", "observed_at": NOON}, [1, -1]),
    "apiKeyCreate.portfolioIds": ({"name": "K", "person_id": "person", "scopes": ["READ"]}, ["home", "nothing"]),
    "externalLinkSet.authoritativeFields": (
        {"entity_id": "product", "system": "S", "external_id": "1"},
        ["name", "health"],
    ),
    "exportStart.types": ({}, ["team", "nobody"]),
    "customFieldCreate.choices": (_FIELD, ["A", ""]),
    "customFieldUpdate.choices": ({"id": "field"}, ["A", ""]),
}


def lists(type_: Any, path: str) -> Iterator[str]:
    """Every list in an input but those of enumeration values, which are wrong as a document."""
    for name, member in type_.fields.items():
        inner = get_named_type(member.type)
        if isinstance(get_nullable_type(member.type), GraphQLList) and not isinstance(inner, GraphQLEnumType):
            yield f"{path}.{name}"
        if isinstance(inner, GraphQLInputObjectType):
            yield from lists(inner, f"{path}.{name}")


def test_every_list_of_every_change_is_tried_here():
    mutation: Any = Schema().graphql.mutation_type
    found = [
        path
        for name, field in mutation.fields.items()
        for path in lists(get_named_type(field.args["input"].type), name)
    ]
    assert sorted(found) == sorted(BATCHES)


@pytest.fixture
async def ids(tenant: Tenant, home: str, product: str) -> dict[str, str]:
    kpi = {"subject_id": product, "key": "K-1", "name": "K", "category": "REVENUE", "unit": "EUR"}
    return {
        "home": home,
        "product": product,
        "nothing": "prd_00000000-0000-7000-8000-000000000000",
        "person": print_id("PERSON", tenant.person_id),
        "kpi": await tenant.made("kpiCreate", {**kpi, "direction": "HIGHER"}),
        "label": await tenant.made("labelCreate", {"name": "Bets"}),
        "initiative": await tenant.made("initiativeCreate", {**_INITIATIVE, "key": "I-0", "portfolio_id": home}),
        "field": await tenant.made("customFieldCreate", {**_FIELD, "key": "F-0", "choices": ["A"]}),
    }


def with_ids(value: Any, ids: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: with_ids(member, ids) for name, member in value.items()}
    if isinstance(value, list):
        return [with_ids(item, ids) for item in value]
    return ids.get(value, value) if isinstance(value, str) else value


def snake_case(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


@pytest.mark.parametrize("batch", BATCHES)
async def test_a_bad_item_is_told_by_its_place(tenant: Tenant, ids: dict[str, str], batch: str):
    mutation, _, member = batch.partition(".")
    beside, items = BATCHES[batch]
    answer = await tenant.change(mutation, with_ids({**beside, snake_case(member): items}, ids))
    [fault] = [*answer["userErrors"], *answer.get("rejected", [])]
    assert fault["field"][:3] == ["input", member, "1"]
    assert fault["message"]


async def test_a_measurement_says_which_of_its_members_is_at_fault(tenant: Tenant, ids: dict[str, str]):
    rows = [
        {"kpi_id": ids["kpi"], "value": float("nan"), "observed_at": NOON},
        {"kpi_key": "NONE", "value": 1, "observed_at": NOON},
        {"value": 1, "observed_at": NOON},
        {"kpi_id": ids["kpi"], "value": 1, "observed_at": NOON, "supersedes_id": ids["kpi"]},
    ]
    answer = await tenant.change("measurementsRecord", {"measurements": rows})
    paths = [rejected["field"] for rejected in answer["rejected"]]
    assert [path[2:] for path in paths] == [["0", "value"], ["1", "kpiKey"], ["2"], ["3", "supersedesId"]]
    assert {tuple(path[:2]) for path in paths} == {("input", "measurements")}
