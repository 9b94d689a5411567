"""Measurements: late ones, repeated ones, corrected ones, wrong ones, and many at once."""

import asyncio
import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from portfolio.identity import print_id
from tests.resolvers.tenant import NOON, Tenant, uuid_of

_LATEST_BY_HAND = """
select k.id, (select m.id from measurement m where m.kpi_id = k.id and m.superseded_at is null
              order by m.observed_on desc, m.recorded_at desc, m.id desc limit 1) as latest
from kpi k order by k.id
"""


@pytest.fixture
async def kpi(tenant: Tenant, product: str) -> str:
    made = await _kpi(tenant, product, "ACTIVE-USERS")
    await tenant.pending()
    return made


async def _kpi(tenant: Tenant, subject: str, key: str) -> str:
    return await tenant.made(
        "kpiCreate",
        {
            "subject_id": subject,
            "key": key,
            "name": key,
            "category": "ENGAGEMENT",
            "unit": "users",
            "direction": "HIGHER",
        },
    )


def measured(kpi: str, value: float, days_ago: int = 0, **more: Any) -> dict[str, Any]:
    return {"kpi_id": kpi, "value": value, "observed_at": NOON - timedelta(days=days_ago), **more}


async def record(tenant: Tenant, *rows: dict[str, Any], key: str | None = None) -> dict[str, Any]:
    return await tenant.change("measurementsRecord", {"measurements": rows, "idempotency_key": key})


async def latest(tenant: Tenant) -> Decimal | None:
    return (await tenant.rows("select latest_value from kpi"))[0]["latest_value"]


async def test_the_newest_day_is_the_latest_value_and_a_late_measurement_does_not_replace_it(
    tenant: Tenant, kpi: str, product: str
):
    answer = await record(tenant, measured(kpi, 10.5))
    assert (answer["accepted"], answer["duplicates"], answer["rejected"]) == (1, 0, [])
    assert await tenant.pending() == {uuid_of(product)}
    await record(tenant, measured(kpi, 7, days_ago=3))
    assert await latest(tenant) == Decimal("10.5")
    assert await tenant.pending() == {uuid_of(product)}
    events = await tenant.events("MEASUREMENTS_RECORDED")
    assert [event["told"] for event in events] == [
        [
            {"field": "measurements", "from": None, "to": 1},
            {"field": "latestValue", "from": None, "to": "10.5"},
        ],
        [{"field": "measurements", "from": None, "to": 1}],
    ]
    assert {event["subject_id"] for event in events} == {uuid_of(product)}


async def test_of_two_values_of_one_day_in_one_batch_the_later_row_wins(tenant: Tenant, kpi: str):
    for first, second in ((1, 2), (4, 3)):
        await record(tenant, measured(kpi, first), measured(kpi, second))
        assert await latest(tenant) == second


async def test_what_a_source_sends_again_is_a_duplicate_and_tells_nobody(tenant: Tenant, kpi: str):
    row = measured(kpi, 5, source="ga", external_id="2026-03-02")
    await record(tenant, row)
    await tenant.pending()
    again = await record(tenant, row, row)
    assert (again["accepted"], again["duplicates"]) == (0, 2)
    assert await tenant.pending() == set()
    assert len(await tenant.events("MEASUREMENTS_RECORDED")) == 1


async def test_another_value_from_the_source_is_a_correction_that_supersedes(tenant: Tenant, kpi: str):
    row = measured(kpi, 5, source="ga", external_id="2026-03-02")
    await record(tenant, row)
    answer = await record(tenant, {**row, "value": 6}, {**row, "value": 6}, {**row, "value": 4})
    assert (answer["accepted"], answer["duplicates"]) == (2, 1)
    assert await latest(tenant) == 4
    rows = await tenant.rows("select id, value, supersedes_id, superseded_at from measurement order by id")
    assert [row["value"] for row in rows] == [5, 6, 4]
    assert [row["superseded_at"] is None for row in rows] == [False, False, True]
    assert [row["supersedes_id"] for row in rows] == [None, rows[0]["id"], rows[1]["id"]]
    assert (await record(tenant, {**row, "value": 4}))["duplicates"] == 1


async def test_a_measurement_is_corrected_once_by_its_id(tenant: Tenant, kpi: str, product: str):
    other = await _kpi(tenant, product, "OTHER")
    await record(tenant, measured(kpi, 5))
    [made] = await tenant.rows("select id from measurement")
    id = print_id("MEASUREMENT", made["id"])
    answer = await record(
        tenant,
        measured(other, 1, supersedes_id=id),
        measured(kpi, 6, supersedes_id=id),
        measured(kpi, 7, supersedes_id=id),
        measured(kpi, 8, supersedes_id=kpi),
    )
    assert answer["accepted"] == 1
    assert [(r["index"], r["code"]) for r in answer["rejected"]] == [
        (0, "NOT_FOUND"),
        (2, "CONFLICT"),
        (3, "NOT_FOUND"),
    ]
    assert await tenant.rows("select value from measurement where superseded_at is null") == [{"value": 6}]


async def test_bad_rows_are_named_by_index_and_good_ones_are_recorded(tenant: Tenant, kpi: str):
    archived = await _kpi(tenant, print_id("ORGANIZATION", tenant.id), "GONE")
    await tenant.change("kpiArchive", {"id": archived})
    row = measured(kpi, 1)
    answer = await record(
        tenant,
        {**row, "kpi_id": "kpi_nonsense"},
        row,
        measured(archived, 1),
        {**row, "kpi_key": "ACTIVE-USERS"},
        {"value": 2, "observed_at": NOON},
        {"kpi_key": "ACTIVE-USERS", "value": 3, "observed_at": NOON},
        {"kpi_key": "\x00", "value": 3, "observed_at": NOON},
        measured(kpi, 0.1 + 0.2),
        measured(kpi, float("inf")),
        measured(kpi, 1, days_ago=-1),
        {**row, "observed_at": datetime(1, 1, 1, tzinfo=UTC)},
        measured(kpi, 1, source="ga"),
        measured(kpi, 1, note="\x07"),
    )
    assert answer["accepted"] == 2
    assert [(r["index"], r["code"]) for r in answer["rejected"]] == [
        (0, "NOT_FOUND"),
        (2, "ARCHIVED"),
        *((index, "INVALID") for index in (3, 4, 6, 7, 8, 9, 10, 11, 12)),
    ]
    assert "15 significant digits" in answer["rejected"][5]["message"]


@pytest.mark.parametrize(
    ("value", "stored"),
    [(0.1, "0.1"), (1e22, "1e22"), (-0.0, "0"), (5e-324, "5e-324"), (1e308, "1e308"), (42, "42")],
)
async def test_a_float_is_stored_as_its_shortest_text_says(tenant: Tenant, kpi: str, value: float, stored: str):
    assert (await record(tenant, measured(kpi, value)))["accepted"] == 1
    assert await latest(tenant) == Decimal(stored)


@pytest.mark.parametrize("count", [0, 1001])
async def test_too_few_or_too_many_are_refused_as_a_whole(tenant: Tenant, kpi: str, count: int):
    answer = await record(tenant, *[measured(kpi, 1)] * count)
    assert [error["code"] for error in answer["userErrors"]] == ["LIMIT_EXCEEDED"]
    assert (answer["accepted"], answer["rejected"]) == (0, [])


async def test_a_retry_with_the_same_key_counts_once_with_its_rejections(tenant: Tenant, kpi: str):
    rows = (measured(kpi, 1), measured("kpi_x", 1))
    first = await record(tenant, *rows, key="k1")
    assert first["rejected"][0]["index"] == 1
    assert await record(tenant, *rows, key="k1") == first
    body = {"measurements": rows, "idempotency_key": "k1"}
    assert await tenant.change("measurementsRecord", body, selection="other") == first
    assert len(await tenant.rows("select 1 from measurement")) == 1


async def test_a_day_is_that_of_the_organization(tenant: Tenant, kpi: str):
    await tenant.change("organizationUpdate", {"time_zone": "Asia/Tokyo"})
    for hours, day in ((0, "2026-03-02"), (14, "2026-03-03"), (28, "2026-03-04")):
        tenant.clock.current = NOON + timedelta(hours=hours)
        await record(tenant, {**measured(kpi, hours + 1), "observed_at": tenant.clock.current})
        [row] = await tenant.rows("select latest_observed_on::text as day from kpi")
        assert row["day"] == day


async def test_writers_of_the_same_kpis_at_once_neither_lose_nor_double_anything(tenant: Tenant, product: str):
    kpis = [await _kpi(tenant, product, f"K{number}") for number in range(6)]
    choices = random.Random(3)

    async def writer(number: int) -> None:
        for turn in range(6):
            rows = [
                measured(
                    kpi,
                    choices.randrange(100),
                    days_ago=choices.randrange(4),
                    source="s",
                    external_id=f"{kpi}{choices.randrange(5)}",
                )
                for kpi in choices.sample(kpis, 4)
            ]
            answer = await record(tenant, *rows, key=f"{number}-{turn}")
            assert answer["rejected"] == []

    await asyncio.gather(*(writer(number) for number in range(6)))
    kept = await tenant.rows("select id, latest_measurement_id as latest from kpi order by id")
    assert kept == await tenant.rows(_LATEST_BY_HAND)
    live = await tenant.rows("select kpi_id, external_id from measurement where superseded_at is null")
    assert len(live) == len({tuple(row.values()) for row in live})
    stale = """
    select 1 from measurement_source s join measurement m on m.id = s.measurement_id
    where m.superseded_at is not null"""
    assert await tenant.rows(stale) == []


async def test_a_limited_key_records_only_below_its_portfolios(tenant: Tenant, kpi: str, product: str):
    outside = await tenant.made("portfolioCreate", {"key": "OUT", "name": "Out"})
    whole = await _kpi(tenant, print_id("ORGANIZATION", tenant.id), "WHOLE")
    rows = [measured(kpi, 1), measured(whole, 1), {"kpi_key": "ACTIVE-USERS", "value": 1, "observed_at": NOON}]
    for grant, accepted in ((outside, 0), (None, 2)):
        home = print_id("PORTFOLIO", (await tenant.rows("select portfolio_id from product"))[0]["portfolio_id"])
        viewer = tenant.viewer(grants=[grant or home])
        answer = await tenant.change("measurementsRecord", {"measurements": rows}, viewer)
        assert answer["accepted"] == accepted
        assert {r["code"] for r in answer["rejected"]} == {"NOT_FOUND"}
        assert {r["message"] for r in answer["rejected"]} == {"There is no such KPI."}
    assert product


async def test_a_thousand_measurements_take_a_handful_of_statements(tenant: Tenant, product: str):
    kpis = [await _kpi(tenant, product, f"K{number}") for number in range(20)]
    rows = [
        measured(kpis[number % 20], number, days_ago=number // 20, source="s", external_id=str(number))
        for number in range(1000)
    ]
    assert (await record(tenant, *rows))["accepted"] == 1000
    assert (await record(tenant, *rows))["duplicates"] == 1000
