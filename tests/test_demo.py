"""The demo: the company that `make demo` shows, made once, and every named operation run against it."""

import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
from pydantic import SecretStr

from api.app import create_app
from cli.demo.company import WEEKS, Company, load_company
from cli.demo.numbers import values_of_week
from cli.demo.seed import TENANT_ID, seed
from runtime.clock import Clock
from runtime.postgres import RELAY_ROLE, Database, open_connection
from runtime.settings import Settings
from workers.measurement.recompute_health import recompute_health
from workers.schedule import raise_due
from workers.seal import seal_events
from workers.verify_chain import verify_chain

_OPERATIONS = Path(__file__).parent.parent / "schema" / "operations"
_VARIABLES: dict[str, dict[str, Any]] = {
    "AreWeFine": {},
    "PortfolioWall": {"key": "CUSTOMER"},
    "ProductPage": {"key": "CARE-BOT"},
    "WhyThisScore": {"key": "CARE-BOT"},
    "HealthOnDay": {"key": "CARE-BOT", "day": "-P90D"},
    "ReadFeed": {"first": 5},
    "RecordMeasurements": {
        "input": {"measurements": [{"kpiKey": "ADVISOR-SAFETY", "value": 1.5, "observedAt": "2026-01-05T10:00:00Z"}]}
    },
    "ConnectTracker": {"input": {"key": "GITHUB", "name": "GitHub", "system": "GITHUB"}},
    "LinkMilestone": {},
    "TeamGrid": {"from": "2026-01-05", "to": "2026-02-15"},
    "TeamCapacity": {"from": "2026-01-05", "to": "2026-02-15"},
    "PersonCapacity": {"from": "2026-01-05", "to": "2026-02-15", "bucket": "MONTH"},
    "MemberCapacity": {"team": "CARE", "from": "2026-01-05", "to": "2026-02-15"},
    "WhereReportsDiffer": {},
    "WhatMoved": {"since": "-P90D"},
    "Search": {"query": "care"},
    "HealthOverview": {"since": "-P90D"},
    "FindByKey": {"key": "CARE-BOT"},
    "ExplainScore": {},
    "NamesOfNodes": {"ids": ["prd_0"]},
    "StartExport": {"input": {"types": ["product"]}},
    "StartImport": {},
    "WatchJob": {},
}


@pytest.fixture(scope="module")
def settings(database: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    home = tmp_path_factory.mktemp("home")
    return Settings(home=home, database_url=database, redis_url=redis_url, secret_key=SecretStr("s" * 40))


@pytest.fixture(scope="module")
async def client(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an API on the seeded database, with the key that the seed kept. The seed was interrupted once."""
    with pytest.raises(InterruptedError):
        await seed(settings, _interrupt_in_week_3)
    await seed(settings, lambda *_: None)
    key = (settings.home / "api-key").read_text().strip()
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app)
        headers = {"Authorization": f"Bearer {key}"}
        async with httpx.AsyncClient(transport=transport, base_url="http://folioscope", headers=headers) as opened:
            yield opened


def _interrupt_in_week_3(what: str, *_: int) -> None:
    if what.startswith("week 3 "):
        raise InterruptedError


async def ask(client: httpx.AsyncClient, query: str, variables: dict[str, Any] | None = None) -> Any:
    answer = await client.post("/graphql", json={"query": query, "variables": variables or {}})
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert "errors" not in body, body
    return body["data"]


def test_the_key_is_kept_for_its_owner_alone(client: httpx.AsyncClient, settings: Settings):
    assert client.headers["Authorization"].startswith("Bearer fsk_")
    assert (settings.home / "api-key").stat().st_mode & 0o777 == 0o600


@pytest.mark.usefixtures("client")
async def test_right_after_a_seed_nothing_is_due_and_nothing_would_be_scored_otherwise(settings: Settings):
    before = await _scores(settings)
    relay = await open_connection(settings.database_url, RELAY_ROLE)
    database = await Database.open(settings.database_url, size=2)
    async with database.transaction(TENANT_ID) as connection:
        end: Any = await connection.fetchval("select created_at from organization where tenant_id = $1", TENANT_ID)
        clock = Clock(now=lambda: end)
        assert await raise_due(relay, clock) == 0
        raised = "select raise_signal('recompute_health', array_agg(id)) from subject where tenant_id = $1"
        await connection.execute(raised, TENANT_ID)
    await recompute_health(database, clock, TENANT_ID)
    await database.close()
    await relay.close()
    assert await _scores(settings) == before


@pytest.mark.parametrize("name", sorted(path.stem for path in _OPERATIONS.glob("*.graphql")))
async def test_a_named_operation_answers_on_the_demo(client: httpx.AsyncClient, name: str):
    variables = _VARIABLES[name]
    if name == "ExplainScore":
        variables = {"id": (await ask(client, "{ organization { id } }"))["organization"]["id"]}
    if name == "LinkMilestone":
        variables = {"input": await _link(client)}
    if name in ("StartImport", "WatchJob"):
        variables = {"input": {"fileId": await _upload(client), "dryRun": True}}
    if name == "WatchJob":
        started = await ask(client, (_OPERATIONS / "StartImport.graphql").read_text(), variables)
        variables = {"id": started["importStart"]["job"]["id"]}
    data = await ask(client, (_OPERATIONS / f"{name}.graphql").read_text(), variables)
    (first, *_) = data.values()
    assert first is not None
    assert not (isinstance(first, dict) and first.get("userErrors")), first


@pytest.mark.parametrize("name", sorted(path.stem for path in _OPERATIONS.glob("answers/*.json")))
async def test_a_kept_answer_has_the_shape_of_todays(client: httpx.AsyncClient, name: str):
    path = _OPERATIONS / "answers" / f"{name}.json"
    kept = json.loads(path.read_text(encoding="utf-8"))
    data = await ask(client, (_OPERATIONS / f"{name}.graphql").read_text(), kept["variables"])
    if os.environ.get("UPDATE_ANSWERS"):
        path.write_text(_laid_out({"variables": kept["variables"], "data": data}) + "\n", encoding="utf-8")
        return
    message = "run: UPDATE_ANSWERS=1 make test TESTS=tests/test_demo.py"
    assert _agree(_shape([kept["data"]]), _shape([data])), message


def _shape(values: list[Any]) -> Any:
    """Of the values in one place: their keys in order, or the kind of scalar; null where all are null or empty."""
    present = [value for value in values if value is not None]
    if not present:
        return None
    if isinstance(present[0], dict):
        return {key: _shape([value[key] for value in present]) for key in present[0]}
    if isinstance(present[0], list):
        return [_shape([item for value in present for item in value])]
    return "number" if {type(value) for value in present} <= {int, float} else type(present[0]).__name__


def _agree(kept: Any, today: Any) -> bool:
    if kept is None or today is None:
        return True
    if isinstance(kept, list) and isinstance(today, list):
        return _agree(kept[0], today[0])
    if isinstance(kept, dict) and isinstance(today, dict):
        return list(kept) == list(today) and all(_agree(kept[key], today[key]) for key in kept)
    return kept == today


def _laid_out(value: Any, indent: str = "") -> str:
    """JSON in which whatever fits on a line stands on one."""
    line = json.dumps(value, ensure_ascii=False)
    if len(indent) + len(line) <= 88 or not isinstance(value, dict | list):
        return line
    inner = indent + "  "
    if isinstance(value, list):
        parts, (left, right) = [_laid_out(item, inner) for item in value], "[]"
    else:
        parts, (left, right) = [f"{json.dumps(key)}: {_laid_out(item, inner)}" for key, item in value.items()], "{}"
    return f"{left}\n{inner}" + f",\n{inner}".join(parts) + f"\n{indent}{right}"


async def _upload(client: httpx.AsyncClient) -> str:
    line = b'{"type": "label", "name": "Regulated"}'
    answer = await client.post("/imports", content=line, headers={"Content-Type": "application/x-ndjson"})
    return answer.json()["id"]


async def _link(client: httpx.AsyncClient) -> dict[str, str]:
    made = await ask(
        client,
        "mutation ($input: ConnectionCreateInput!) { connectionCreate(input: $input) { connection { id } } }",
        {"input": {"key": "GITHUB-2", "name": "Another", "system": "GITHUB"}},
    )
    found = await ask(client, '{ initiative(by: {key: "CARE-BOT-I1"}) { id } }')
    ids = {"connectionId": made["connectionCreate"]["connection"]["id"], "initiativeId": found["initiative"]["id"]}
    return {**ids, "kind": "MILESTONE", "value": "Autumn"}


async def test_every_score_of_the_demo_can_be_rebuilt_by_hand(client: httpx.AsyncClient):
    data = await ask(
        client,
        "{ products(first: 99) { nodes { health { provisionalScore contributions { points } drivers { points } } } } }",
    )
    scored = [node["health"] for node in data["products"]["nodes"] if node["health"]["provisionalScore"] is not None]
    assert len(scored) >= 10
    for health in scored:
        for rows in (health["contributions"], health["drivers"]):
            lost = sum(round(row["points"] * 1000) for row in rows)
            assert 100_000 - lost == round(health["provisionalScore"] * 1000)


async def test_two_thirds_are_healthy_and_a_few_are_not(client: httpx.AsyncClient):
    data = await ask(client, "{ organization { rollup(groupBy: BAND) { group count } } }")
    bands = {row["group"]: row["count"] for row in data["organization"]["rollup"]}
    assert sum(bands.values()) == len(load_company().products) == 30
    scored = sum(bands.values()) - bands["UNKNOWN"]
    assert 0.6 <= bands["HEALTHY"] / scored <= 0.75
    assert bands["WATCH"] >= 3
    assert bands["AT_RISK"] >= 2
    assert 1 <= bands["CRITICAL"] <= 2


async def test_reports_are_greener_and_redder_than_what_is_measured(client: httpx.AsyncClient):
    data = await ask(
        client,
        "{ products(first: 99, filter: {health: {diverging: true}}) { nodes { key divergence { kind since } } } }",
    )
    kinds: dict[str, set[str]] = {}
    for node in data["products"]["nodes"]:
        kinds.setdefault(node["divergence"]["kind"], set()).add(node["key"])
    assert {"CARE-BOT", "RANKER", "SENSOR"} <= kinds["OPTIMISTIC"]
    assert kinds["PESSIMISTIC"] == {"GRADER"}
    assert kinds["STALE_REPORT"] == {"ECHO"}
    assert max(node["divergence"]["since"] for node in data["products"]["nodes"]) < str(datetime.now(UTC).date())


async def test_every_week_was_scored_in_its_time(client: httpx.AsyncClient):
    data = await ask(client, '{ product(by: {key: "CARE-BOT"}) { healthHistory(from: "-P1Y") { asOf band } } }')
    history = data["product"]["healthHistory"]
    assert len(history) == WEEKS
    assert len({day["band"] for day in history}) >= 3


async def test_products_moved_up_and_down_this_week(client: httpx.AsyncClient):
    data = await ask(client, '{ organization { movers(since: "-P7D", first: 99) { subject { __typename } delta } } }')
    deltas = [row["delta"] for row in data["organization"]["movers"] if row["subject"]["__typename"] == "Product"]
    assert max(deltas) >= 3
    assert min(deltas) <= -3


async def test_a_bad_import_and_its_correction_are_both_in_the_history(client: httpx.AsyncClient):
    data = await ask(
        client,
        '{ kpi(by: {key: "FORECAST-COST"}) { measurements(first: 9, filter: {supersededAt: {isNull: false}}) {'
        " nodes { value supersededAt } } } }",
    )
    wrong = data["kpi"]["measurements"]["nodes"]
    assert len(wrong) == load_company().facts["bad_import"]["days"]
    assert min(row["value"] for row in wrong) > 50


async def test_people_and_plans_have_their_troubles(client: httpx.AsyncClient):
    data = await ask(
        client,
        """{
          persons { totalCount } teams { totalCount }
          dependencies(filter: {isViolated: true}) { nodes { blocked { key } } }
          portfolio(by: {key: "GROUP"}) { skillGaps { skill { key } gap } }
        }""",
    )
    assert (data["persons"]["totalCount"], data["teams"]["totalCount"]) == (81, 10)
    assert [node["blocked"]["key"] for node in data["dependencies"]["nodes"]] == ["STYLIST-I1"]
    assert [row["skill"]["key"] for row in data["portfolio"]["skillGaps"] if row["gap"] > 0] == ["SPEECH"]


def test_the_same_seed_gives_the_same_numbers_and_another_one_others():
    kpi = next(kpi for kpi in load_company().kpis if kpi.key == "ADVISOR-QUALITY")

    def values(seed: str) -> list[tuple[date, float]]:
        return [value for week in range(WEEKS) for value in values_of_week(seed, kpi, _day(week), week)]

    assert values("7") == values("7") != values("8")
    assert 160 <= len(values("7")) <= 7 * WEEKS


def _day(week: int) -> date:
    return date(2026, 1, 4) + timedelta(weeks=week)


def test_further_companies_share_no_name_with_the_first():
    first, second = (_names(load_company(number)) for number in (1, 2))
    assert len(first) == len(second)
    assert not first & second
    assert max(len(key) for key in second) <= 32


def _names(company: Company) -> set[str]:
    return {each.key for each in (*company.products, *company.initiatives, *company.kpis)}


@pytest.mark.usefixtures("client")
async def test_a_second_start_changes_nothing_and_keeps_the_key(settings: Settings):
    before = await _counts(settings)
    key = (settings.home / "api-key").read_text()
    assert await seed(settings, lambda *_: None) == "FOUND"
    shown = _run(settings, ["seed"])
    assert (shown.returncode, "is there already" in shown.stderr) == (0, True), shown.stderr
    assert await _counts(settings) == before
    assert (settings.home / "api-key").read_text() == key


async def test_a_lost_key_is_made_again(client: httpx.AsyncClient, settings: Settings):
    (settings.home / "api-key").unlink()
    await seed(settings, lambda *_: None)
    answer = await client.post(
        "/graphql",
        json={"query": "{ viewer { person { key } } }"},
        headers={"Authorization": f"Bearer {(settings.home / 'api-key').read_text().strip()}"},
    )
    assert answer.json()["data"]["viewer"]["person"]["key"] == "administrator"


@pytest.mark.usefixtures("client")
@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (["health"], "CARE-BOT"),
        (["health", "--csv"], "key,name,portfolio,score,band"),
        (["health", "--json"], '"organization"'),
        (["capacity"], "CARE"),
        (["capacity", "--people", "--team", "CARE"], "sofia.rossi"),
        (["capacity", "--people", "--bucket", "month", "--csv"], "key,name,startOn,endOn,available,allocated"),
        (["capacity", "--json", "--from", "2026-01-05", "--to", "2026-01-11"], '"isOverAllocated"'),
        (["capacity", "--people", "--team", "CARE", "--csv"], ",true"),
        (["capacity", "--from", "2040-06-01"], "FTE given"),
        (["health", "--since", "-P2Y"], "HEALTHY            ▇▇▇"),
        (["movers", "--since", "-P2Y"], "Nothing had a score then and now."),
        (["why", "care-bot"], "Care assistant"),
        (["why", "STYLIST"], " 0.000 "),
        (["why", "CARE-BOT"], "critical KPI Harmful answers, Care assistant"),
        (["why", "CARE-BOT-I1"], "past its target day"),
        (["movers", "--since", "-P60D"], "Moved"),
        (["movers", "--since", "-P60D", "--csv"], "key,name,from,to,delta"),
        (["why", "CARE-BOT", "--csv"], "path,name,code,points"),
    ],
)
def test_the_terminal_answers_who_answers_for_it(settings: Settings, command: list[str], expected: str):
    shown = _run(settings, command)
    assert (shown.returncode, expected in shown.stdout) == (0, True), shown.stderr


@pytest.mark.usefixtures("client")
@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (["capacity", "--team", "NOBODY"], "There is no team NOBODY"),
        (["capacity", "--team", "NOBODY", "--people"], "There is no team NOBODY"),
        (["capacity", "--json", "--csv"], "exclude each other"),
        (["health", "--json", "--csv"], "exclude each other"),
        (["movers", "--json", "--csv"], "exclude each other"),
        (["health", "--since", "P1D"], "--since P1D lies in the future."),
        (["movers", "--since", "2999-01-01"], "--since 2999-01-01 lies in the future."),
        (["why", "CARE-BOT-QUALITY"], "No organization, portfolio, product or initiative has the key"),
        (["capacity", "--from", "2020-01-01"], "at most 60"),
        (["health", "--since", "yesterday"], "'yesterday' is no instant"),
    ],
)
def test_the_terminal_says_what_it_cannot_do_and_what_to_do_instead(
    settings: Settings, command: list[str], expected: str
):
    shown = _run(settings, command)
    assert (shown.returncode, expected in shown.stderr, "Next:" in shown.stderr) == (1, True, True), shown.stderr


async def test_a_team_without_people_is_told_from_one_that_is_not_there(client: httpx.AsyncClient, settings: Settings):
    mutation = 'mutation { teamCreate(input: {key: "EMPTY", name: "Empty"}) { userErrors { message } } }'
    assert (await ask(client, mutation))["teamCreate"]["userErrors"] == []
    shown = _run(settings, ["capacity", "--team", "EMPTY", "--people"])
    assert "Nobody is in the team EMPTY." in shown.stderr


def _run(settings: Settings, command: list[str]) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "FOLIOSCOPE_HOME": str(settings.home),
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "FOLIOSCOPE_SECRET_KEY": settings.secret_key.get_secret_value(),
    }
    arguments = [sys.executable, "-m", "cli", *command]
    return subprocess.run(arguments, env=environment, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.usefixtures("client")
async def test_the_feed_of_the_demo_is_chained(settings: Settings):
    relay = await Database.open(settings.database_url, RELAY_ROLE, size=1)
    await seal_events(relay)
    await relay.close()
    database = await Database.open(settings.database_url, size=1)
    async with database.transaction(TENANT_ID) as connection:
        result = await verify_chain(connection)
    await database.close()
    assert result.broken_sequence is None
    assert result.length > 500


async def _counts(settings: Settings) -> list[int]:
    connection = await asyncpg.connect(settings.database_url)
    try:
        tables = ("event", "measurement", "health_score", "product")
        return [await connection.fetchval(f"select count(*) from {table}") for table in tables]
    finally:
        await connection.close()


async def _scores(settings: Settings) -> dict[UUID, int | None]:
    """Of every node, the last one."""
    connection = await asyncpg.connect(settings.database_url)
    try:
        rows = await connection.fetch(
            "select distinct on (node_id) node_id, provisional_mp from health_score"
            " order by node_id, as_of desc, id desc"
        )
    finally:
        await connection.close()
    return {row["node_id"]: row["provisional_mp"] for row in rows}
