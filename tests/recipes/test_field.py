"""The recipe of a field: what its blocks make is read, written, filtered, sorted, refused and exported."""

import json

from tests.recipes.conftest import Follow
from tests.resolvers.tenant import uuid_of

_CREATE_PORTFOLIO = """
mutation { portfolioCreate(input: {key: "AI", name: "AI"}) { portfolio { id } userErrors { message } } }
"""
_CREATE = """
mutation ($input: ProductCreateInput!) {
  productCreate(input: $input) { product { id version vendor } userErrors { code field } }
}
"""
_UPDATE = """
mutation ($input: ProductUpdateInput!) {
  productUpdate(input: $input) { product { vendor events { nodes { type } } } userErrors { message } }
}
"""
_FILTERED = '{ products(filter: {vendor: {eq: "Acme"}}) { nodes { key vendor } } }'
_SORTED = "{ products(orderBy: [{field: VENDOR, direction: DESC}]) { nodes { key } } }"


async def test_a_field_made_by_the_recipe_is_all_that_a_field_is(follow: Follow):
    workshop = await follow("A field")
    made = await workshop.ask(_CREATE_PORTFOLIO)
    product = {"name": "Product", "portfolioId": made["portfolioCreate"]["portfolio"]["id"]}
    ids = {}
    for key, vendor in (("BOUGHT", "Acme"), ("OTHER", "Zenith AG"), ("BUILT", None)):
        answer = await workshop.ask(_CREATE, input={**product, "key": key, "vendor": vendor})
        assert answer["productCreate"]["userErrors"] == []
        assert answer["productCreate"]["product"]["vendor"] == vendor
        ids[key] = answer["productCreate"]["product"]["id"]
    refused = await workshop.ask(_CREATE, input={**product, "key": "BLANK", "vendor": " "})
    assert refused["productCreate"] == {
        "product": None,
        "userErrors": [{"code": "INVALID", "field": ["input", "vendor"]}],
    }
    assert await workshop.ask(_FILTERED) == {"products": {"nodes": [{"key": "BOUGHT", "vendor": "Acme"}]}}
    ordered = await workshop.ask(_SORTED)
    assert [node["key"] for node in ordered["products"]["nodes"] if node["key"] != "BUILT"] == ["OTHER", "BOUGHT"]
    changed = await workshop.ask(_UPDATE, input={"id": ids["OTHER"], "vendor": None})
    assert changed["productUpdate"]["product"]["vendor"] is None
    told = await workshop.fetch(
        "select changes::text from event where entity_id = $1 and type = 'PRODUCT_UPDATED'", uuid_of(ids["OTHER"])
    )
    assert [json.loads(row["changes"]) for row in told] == [[{"field": "vendor", "from": "Zenith AG", "to": None}]]
    exported = await workshop.run("cli", "export", "--type", "product")
    lines = [json.loads(line) for line in exported.splitlines()]
    assert {line["key"]: line["vendor"] for line in lines} == {"BOUGHT": "Acme", "OTHER": None, "BUILT": None}
