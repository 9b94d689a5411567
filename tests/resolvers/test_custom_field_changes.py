"""Custom fields: few, typed, and checked wherever a value is set."""

from datetime import date
from typing import Any

import pytest

from tests.resolvers.conftest import Ask
from tests.resolvers.tenant import Tenant, codes

_ASK = """query Ask($id: ID!) {
  product(by: {id: $id}) { customFields { field { key } text number on boolean choice } }
}"""


async def _field(tenant: Tenant, type: str, **more: Any) -> str:
    input = {"key": f"FIELD-{type}", "name": type, "entity": "PRODUCT", "type": type, **more}
    return await tenant.made("customFieldCreate", input)


def _value(field: str, entity: str, value: Any) -> dict[str, Any]:
    return {"custom_field_id": field, "entity_id": entity, "value": value}


@pytest.mark.parametrize(
    ("type", "given", "shown"),
    [
        ("TEXT", {"text": " Ada's "}, {"text": "Ada's"}),
        ("NUMBER", {"number": 0.1}, {"number": 0.1}),
        ("DATE", {"on": date(2026, 4, 1)}, {"on": "2026-04-01"}),
        ("BOOLEAN", {"boolean": False}, {"boolean": False}),
        ("CHOICE", {"choice": "EU"}, {"choice": "EU"}),
    ],
)
async def test_a_value_is_set_shown_and_taken_away(
    tenant: Tenant, ask: Ask, product: str, type: str, given: dict[str, Any], shown: dict[str, Any]
):
    field = await _field(tenant, type, choices=["EU", "US"] if type == "CHOICE" else None)
    for _ in range(2):
        answer = await tenant.change("customFieldValueSet", _value(field, product, given))
        assert (codes(answer), answer["product"]) == ([], product)
    empty = dict.fromkeys(("text", "number", "on", "boolean", "choice"))
    found = (await ask(_ASK, id=product))["product"]["customFields"]
    assert found == [{"field": {"key": f"FIELD-{type}"}, **empty, **shown}]
    await tenant.change("customFieldValueSet", _value(field, product, None))
    assert (await ask(_ASK, id=product))["product"]["customFields"] == []
    assert len(await tenant.events("CUSTOM_FIELD_VALUE_SET")) == 2


async def test_a_value_fits_its_field_and_its_object(tenant: Tenant, product: str, home: str):
    field = await _field(tenant, "CHOICE", choices=["EU"])
    for entity, value, code in [
        (product, {"text": "EU"}, ("INVALID", "value")),
        (product, {"choice": "US"}, ("INVALID", "choice")),
        (home, {"choice": "EU"}, ("NOT_FOUND", "entityId")),
    ]:
        assert codes(await tenant.change("customFieldValueSet", _value(field, entity, value))) == [code]
    await tenant.change("customFieldArchive", {"id": field})
    answer = await tenant.change("customFieldValueSet", _value(field, product, {"choice": "EU"}))
    assert codes(answer) == [("ARCHIVED", "customFieldId")]


async def test_choices_in_use_stay_and_others_may_go(tenant: Tenant, product: str):
    field = await _field(tenant, "CHOICE", choices=["EU", "US"])
    await tenant.change("customFieldValueSet", _value(field, product, {"choice": "EU"}))
    refused = await tenant.change("customFieldUpdate", {"id": field, "choices": ["US"]})
    assert codes(refused) == [("CONFLICT", "choices")]
    assert codes(await tenant.change("customFieldUpdate", {"id": field, "choices": ["EU", "CH"]})) == []
    assert codes(await tenant.change("customFieldUpdate", {"id": field, "choices": None})) == [("INVALID", "choices")]


@pytest.mark.parametrize("choices", [[], ["a", "a"], [str(number) for number in range(51)], [""]])
async def test_choices_are_few_and_differ(tenant: Tenant, choices: list[str]):
    input = {"key": "REGION", "name": "Region", "entity": "KPI", "type": "CHOICE", "choices": choices}
    [error] = (await tenant.change("customFieldCreate", input))["userErrors"]
    assert (error["code"], error["field"][:2]) == ("INVALID", ["input", "choices"])


async def test_a_kind_has_at_most_30_fields(tenant: Tenant):
    first = await _field(tenant, "TEXT")
    await tenant.rows(
        "insert into custom_field (tenant_id, id, key, name, entity, type, created_at, updated_at)"
        " select tenant_id, gen_random_uuid(), key || n, name, entity, type, created_at, updated_at"
        " from custom_field, generate_series(1, 29) n returning id"
    )
    input = {"key": "ONE-MORE", "name": "x", "entity": "PRODUCT", "type": "TEXT"}
    assert codes(await tenant.change("customFieldCreate", input)) == [("LIMIT_EXCEEDED", None)]
    assert codes(await tenant.change("customFieldCreate", {**input, "entity": "KPI"})) == []
    await tenant.change("customFieldArchive", {"id": first})
    assert codes(await tenant.change("customFieldCreate", {**input, "key": "ANOTHER"})) == []
    assert codes(await tenant.change("customFieldRestore", {"id": first})) == [("LIMIT_EXCEEDED", None)]


async def test_a_limited_key_sets_values_on_what_it_sees_alone(tenant: Tenant, product: str, home: str):
    field, value = await _field(tenant, "BOOLEAN"), {"boolean": True}
    away = await tenant.made("portfolioCreate", {"key": "AWAY", "name": "Away"})
    for grant, code in ((home, []), (away, [("NOT_FOUND", "entityId")])):
        answer = await tenant.change(
            "customFieldValueSet", _value(field, product, value), tenant.viewer(grants=[grant])
        )
        assert codes(answer) == code
