"""Changes as clients send them: through HTTP, the gate, the executor and the compiler."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from api.app import create_app
from portfolio.identity import print_id
from runtime.settings import Settings
from tests.resolvers.tenant import NOON, Tenant

Send = Callable[..., Awaitable[httpx.Response]]

CREATE = """
mutation Create($input: ProductCreateInput!, $more: Boolean! = true) {
  made: productCreate(input: $input) {
    product {
      id key name tier portfolio { key } version health { band recomputePending }
      description @include(if: $more)
    }
    userErrors { code message field }
    warnings { code }
  }
}
"""
UPDATE = """
mutation Update($input: ProductUpdateInput!) {
  productUpdate(input: $input) { product { name description version } userErrors { code field } }
}
"""


@pytest.fixture
async def send(
    tenant: Tenant, database: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Send]:
    settings = Settings(
        home=tmp_path_factory.mktemp("home"),
        database_url=database,
        redis_url=redis_url,
        secret_key=SecretStr("a secret of thirty-two characters"),
        log_level="error",
    )
    holder = print_id("PERSON", tenant.person_id)
    scopes = ["READ", "WRITE", "INGEST", "ADMIN"]
    made = await tenant.change("apiKeyCreate", {"name": "CI", "scopes": scopes, "person_id": holder})
    app = create_app(settings, tenant.clock.clock)
    transport = httpx.ASGITransport(app)
    headers = {"authorization": f"Bearer {made['secret']}"}
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://x", headers=headers) as client,
    ):

        async def post(query: str, **variables: Any) -> httpx.Response:
            return await client.post("/graphql", json={"query": query, "variables": variables})

        yield post


async def test_a_product_is_made_and_read_in_one_answer_and_again_to_the_byte(send: Send, tenant: Tenant, home: str):
    input = {"key": "CHURN", "name": "Churn", "portfolioId": home, "idempotencyKey": "k1"}
    first = await send(CREATE, input=input)
    made = first.json()["data"]["made"]
    assert made["userErrors"] == made["warnings"] == []
    assert made["product"] == {
        "id": made["product"]["id"],
        "key": "CHURN",
        "name": "Churn",
        "tier": "TIER_3",
        "portfolio": {"key": "HOME"},
        "version": 1,
        "health": {"band": "UNKNOWN", "recomputePending": True},
        "description": None,
    }
    assert (await send(CREATE, input=input)).content == first.content
    less = (await send(CREATE, input=input, more=False)).json()["data"]["made"]["product"]
    assert "description" not in less
    assert less["id"] == made["product"]["id"]
    other = (await send(CREATE, input={**input, "name": "Other"})).json()["data"]["made"]
    assert (other["product"], other["userErrors"][0]["code"]) == (None, "IDEMPOTENCY_MISMATCH")
    assert len(await tenant.rows("select 1 from product")) == 1


async def test_an_absent_variable_stays_a_null_one_clears_and_a_stale_version_shows_what_is(send: Send, product: str):
    changed = {"id": product, "description": "It predicts churn.", "version": 1}
    answer = (await send(UPDATE, input=changed)).json()["data"]["productUpdate"]
    assert answer["product"]["description"] == "It predicts churn."
    answer = (await send(UPDATE, input={"id": product, "name": "New"})).json()["data"]["productUpdate"]
    assert answer["product"] == {"name": "New", "description": "It predicts churn.", "version": 3}
    stale = (await send(UPDATE, input={**changed, "description": None})).json()["data"]["productUpdate"]
    assert stale["userErrors"] == [{"code": "STALE_VERSION", "field": ["input", "version"]}]
    assert stale["product"]["version"] == 3
    cleared = {"id": product, "description": None}
    answer = (await send(UPDATE, input=cleared)).json()["data"]["productUpdate"]
    assert answer["product"]["description"] is None


async def test_measurements_are_counted_and_their_rejections_listed_also_on_a_retry(send: Send, product: str):
    kpi = """
    mutation K($input: KpiCreateInput!) {
      kpiCreate(input: $input) { kpi { id target { target redAt } subject { id } } userErrors { message } }
    }"""
    definition = {"key": "USERS", "name": "Users", "category": "ADOPTION", "unit": "users", "direction": "HIGHER"}
    target = {"target": 100, "redAt": 50.5}
    made = (await send(kpi, input={**definition, "subjectId": product, "target": target})).json()["data"]["kpiCreate"]
    assert made["userErrors"] == []
    assert made["kpi"]["target"] == {"target": 100, "redAt": 50.5}
    assert made["kpi"]["subject"] == {"id": product}
    record = """
    mutation R($input: MeasurementsRecordInput!) {
      measurementsRecord(input: $input) { accepted duplicates rejected { index code } userErrors { code } }
    }"""
    rows = [{"kpiKey": key, "value": 82.5, "observedAt": NOON.isoformat()} for key in ("USERS", "NOBODY")]
    first = await send(record, input={"measurements": rows, "idempotencyKey": "k2"})
    assert first.json()["data"]["measurementsRecord"] == {
        "accepted": 1,
        "duplicates": 0,
        "userErrors": [],
        "rejected": [{"index": 1, "code": "NOT_FOUND"}],
    }
    again = record.replace("mutation R", "mutation Again")
    assert (await send(again, input={"measurements": rows, "idempotencyKey": "k2"})).json() == first.json()
    none = (await send(record, input={"measurements": []})).json()["data"]["measurementsRecord"]
    assert (none["accepted"], none["rejected"]) == (0, [])
    assert none["userErrors"] == [{"code": "LIMIT_EXCEEDED"}]


async def test_each_root_field_is_a_change_of_its_own_in_the_order_written(send: Send, tenant: Tenant):
    answer = await send("""
    mutation {
      a: portfolioCreate(input: {key: "AA", name: "A"}) { portfolio { key } userErrors { code } }
      b: portfolioCreate(input: {key: "AA", name: "B"}) { portfolio { key } userErrors { code } }
      c: apiKeyCreate(input: {name: "x", scopes: [READ]}) { secret userErrors { code field } }
    }""")
    assert answer.json()["data"] == {
        "a": {"portfolio": {"key": "AA"}, "userErrors": []},
        "b": {"portfolio": None, "userErrors": [{"code": "DUPLICATE"}]},
        "c": {"secret": None, "userErrors": [{"code": "INVALID", "field": ["input", "personId"]}]},
    }
    assert len(await tenant.rows("select 1 from portfolio")) == 1


ASSIGN = """
mutation Assign($input: AssignmentCreateInput!, $more: Boolean! = true) {
  assignmentCreate(input: $input) {
    assignment {
      subject { key } person { key } allocation @include(if: $more) versions { version: allocation supersededAt }
    }
    userErrors { code message }
    warnings { code field weeksStartOn message @include(if: $more) }
  }
}
"""


async def test_a_warning_names_its_weeks_and_a_retry_names_them_again(send: Send, tenant: Tenant, product: str):
    person = print_id("PERSON", tenant.person_id)
    input = {"subjectId": product, "personId": person, "role": "AI_ENGINEER", "allocation": 0.7, "fromOn": "2026-03-02"}
    assert (await send(ASSIGN, input=input)).json()["data"]["assignmentCreate"]["warnings"] == []
    more = {**input, "role": "DESIGNER", "allocation": 0.4, "toOn": "2026-03-10", "idempotencyKey": "k1"}
    answer = (await send(ASSIGN, input=more)).json()["data"]["assignmentCreate"]
    assert answer["assignment"] == {
        "subject": {"key": "CHURN"},
        "person": {"key": "ada"},
        "allocation": 0.4,
        "versions": [{"version": 0.4, "supersededAt": None}],
    }
    [warning] = answer["warnings"]
    assert (warning["code"], warning["weeksStartOn"]) == ("OVER_ALLOCATED", ["2026-03-02"])
    again = (await send(ASSIGN, input=more, more=False)).json()["data"]["assignmentCreate"]
    assert again["warnings"] == [{name: warning[name] for name in ("code", "field", "weeksStartOn")}]
    read = await send('{ person(by: {key: "ada"}) { capacity(from: "2026-03-02", to: "2026-03-03") { allocated } } }')
    assert read.json()["data"]["person"]["capacity"] == [{"allocated": 1.1}]


async def test_a_change_whose_answer_asks_for_a_day_to_come_is_refused_and_changes_nothing(
    send: Send, tenant: Tenant, product: str
):
    text = 'mutation M($input: ProductUpdateInput!) { productUpdate(input: $input) { product { health(asOf: "P3D")'
    answer = (await send(text + " { band } } } }", input={"id": product, "name": "Other"})).json()
    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert "`asOf` of Product.health" in answer["errors"][0]["message"]
    assert [row["name"] for row in await tenant.rows("select name from product")] == ["Churn model"]
