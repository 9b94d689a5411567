"""Labels: words of the organization that products and initiatives carry."""

import pytest

from tests.resolvers.conftest import Ask
from tests.resolvers.tenant import Tenant, codes


@pytest.fixture
async def label(tenant: Tenant) -> str:
    return await tenant.made("labelCreate", {"name": "Gen AI", "color": "#1f77b4"})


_ASK = """query Ask($id: ID!, $filter: ProductFilter) {
  product(by: {id: $id}) { labels { nodes { name color products { totalCount } } } }
  products(filter: $filter) { totalCount }
}"""


async def test_labels_are_set_by_name_or_id_and_replace_those_before(
    tenant: Tenant, ask: Ask, label: str, product: str
):
    other = await tenant.made("labelCreate", {"name": "Chat"})
    both = {"subject_id": product, "labels": [{"name": "gen ai"}, {"id": other}]}
    for _ in range(2):
        answer = await tenant.change("labelsSet", both)
        assert (codes(answer), answer["product"]) == ([], product)
    found = await ask(_ASK, id=product, filter={"labelIds": {"hasAny": [label]}})
    assert [node["name"] for node in found["product"]["labels"]["nodes"]] == ["Chat", "Gen AI"]
    assert found["product"]["labels"]["nodes"][1] == {
        "name": "Gen AI",
        "color": "#1F77B4",
        "products": {"totalCount": 1},
    }
    assert found["products"]["totalCount"] == 1
    none = await ask(_ASK, id=product, filter={"labelIds": {"hasNone": [label]}})
    assert none["products"]["totalCount"] == 0
    await tenant.change("labelsSet", {"subject_id": product, "labels": [{"id": other}]})
    told = [event["told"] for event in await tenant.events("PRODUCT_LABELED")]
    assert told == [
        [{"field": "labels", "from": [], "to": ["Chat", "Gen AI"]}],
        [{"field": "labels", "from": ["Chat", "Gen AI"], "to": ["Chat"]}],
    ]


async def test_a_name_is_taken_in_any_case(tenant: Tenant, label: str):
    assert codes(await tenant.change("labelCreate", {"name": "GEN AI"})) == [("DUPLICATE", "name")]
    assert codes(await tenant.change("labelUpdate", {"id": label, "name": "gen ai"})) == []
    assert codes(await tenant.change("labelCreate", {"name": "x", "color": "red"})) == [("INVALID", "color")]


async def test_wrong_labels_are_named_by_their_place(tenant: Tenant, label: str, product: str, home: str):
    await tenant.change("labelArchive", {"id": label})
    for subject, labels, code in [
        (product, [{"name": "nothing"}], ("NOT_FOUND", "0")),
        (product, [{"id": product}], ("NOT_FOUND", "0")),
        (product, [{"id": label}], ("ARCHIVED", "0")),
        (product, [{"name": "x"}] * 51, ("LIMIT_EXCEEDED", "labels")),
        (home, [], ("NOT_FOUND", "subjectId")),
    ]:
        answer = await tenant.change("labelsSet", {"subject_id": subject, "labels": labels})
        assert codes(answer) == [code]


async def test_an_archived_label_is_unseen_until_it_is_restored(tenant: Tenant, ask: Ask, label: str, product: str):
    await tenant.change("labelsSet", {"subject_id": product, "labels": [{"id": label}]})
    await tenant.change("labelArchive", {"id": label})
    assert (await ask(_ASK, id=product))["product"]["labels"]["nodes"] == []
    await tenant.change("labelRestore", {"id": label})
    assert len((await ask(_ASK, id=product))["product"]["labels"]["nodes"]) == 1
