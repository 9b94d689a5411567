"""Scores follow every change, exactly as if they were computed from nothing."""

import random
from datetime import date, timedelta
from uuid import UUID

import pytest

from runtime.postgres import Database
from tests.workers.company import Company, Hands
from workers.measurement.recompute_health import recompute_health
from workers.measurement.verify_scores import replay_rows, wrong_scores


async def recompute(company: Company) -> None:
    await recompute_health(company.database, company.hands.clock, company.tenant_id)


async def faults(company: Company) -> list[str]:
    """What a computation from nothing and a replay of every stored row find."""
    async with company.database.transaction(
        company.tenant_id, isolation="repeatable_read", readonly=True
    ) as connection:
        found = [str(each) for each in await wrong_scores(connection, company.tenant_id, company.hands.now)]
        replayed = 0
        async for differences in replay_rows(connection):
            replayed += 1
            found += [str(each) for each in differences]
    assert replayed > 0
    return found


async def waiting(company: Company) -> int:
    return len(
        await company.fetch(
            "select from signal where tenant_id = $1 and generation > done_generation", company.tenant_id
        )
    )


async def test_a_measurement_moves_product_portfolio_and_organization(company: Company):
    portfolio = await company.add_portfolio()
    product = await company.add_product(portfolio)
    kpi = await company.add_kpi(product, {"target": 100})
    await company.measure(kpi, 100)
    await recompute(company)
    before = {node: await company.score(node) for node in (product, portfolio, company.tenant_id)}
    await company.measure(kpi, 80)
    await recompute(company)
    for node, old in before.items():
        new = await company.score(node)
        assert old["provisional_mp"] == 100_000
        # 80 is red by default: 20 % of the target below it, and red is exactly 40 points.
        assert new["provisional_mp"] == 40_000
        assert new["revision"] == 2
    assert await faults(company) == []


async def test_contributions_and_drivers_sum_exactly_to_what_is_lost(company: Company):
    portfolio = await company.add_portfolio()
    product = await company.add_product(portfolio)
    for value in (81, 87, 93, 100, 77, 120):
        await company.measure(await company.add_kpi(product, {"target": 100}, weight=value), value)
    await recompute(company)
    row = await company.score(product)
    lost = 100_000 - row["provisional_mp"]
    assert sum(row["contribution_points_mp"]) == lost
    assert sum(row["driver_points_mp"]) + row["driver_remainder_mp"] == lost
    assert set(row["driver_codes"]) == {"KPI_BELOW_TARGET"}
    assert row["driver_paths"][0].startswith("OUTCOMES/kpi:kpi_")


async def test_the_smallest_drivers_are_one_remainder(company: Company):
    portfolio = await company.add_portfolio()
    product = await company.add_product(portfolio)
    for _ in range(60):
        await company.measure(await company.add_kpi(product, {"target": 100}), 90)
    await recompute(company)
    row = await company.score(product)
    assert len(row["driver_paths"]) == 50
    assert sum(row["driver_points_mp"]) + row["driver_remainder_mp"] == 100_000 - row["provisional_mp"]
    assert row["driver_remainder_mp"] > 0
    assert await faults(company) == []


async def test_a_parent_is_not_touched_when_its_child_comes_out_the_same(company: Company):
    portfolio = await company.add_portfolio()
    product = await company.add_product(portfolio)
    kpi = await company.add_kpi(product, {"target": 100})
    await company.measure(kpi, 100)
    await recompute(company)
    before = await company.score(portfolio)
    await company.measure(kpi, 110)
    await recompute(company)
    product_row, portfolio_row = await company.score(product), await company.score(portfolio)
    assert product_row["revision"] == 2
    assert portfolio_row["id"] == before["id"]
    assert await faults(company) == []


async def test_the_same_inputs_write_no_second_row(company: Company):
    portfolio = await company.add_portfolio()
    await recompute(company)
    first = await company.score(portfolio)
    async with company.change() as connection:
        await company.mark(connection, [portfolio])
    await recompute(company)
    second = await company.score(portfolio)
    assert first == second
    assert await waiting(company) == 0


async def test_archived_children_are_left_out_and_counted(company: Company):
    portfolio = await company.add_portfolio()
    good, bad = await company.add_product(portfolio), await company.add_product(portfolio)
    await company.measure(await company.add_kpi(good, {"target": 100}), 100)
    await company.measure(await company.add_kpi(bad, {"target": 100}), 10)
    await recompute(company)
    await company.update("product", bad, portfolio, archived_at=company.hands.now)
    await recompute(company)
    row = await company.score(portfolio)
    assert row["provisional_mp"] == 100_000
    assert row["excluded_lifecycles"] == ["ARCHIVED"]
    assert row["excluded_counts"] == [1]
    await company.update("product", bad, portfolio, archived_at=None)
    await recompute(company)
    row = await company.score(portfolio)
    assert row["provisional_mp"] < 100_000
    assert row["excluded_lifecycles"] == []
    assert await faults(company) == []


async def test_an_initiative_in_no_product_counts_in_its_home_portfolio_only_until_it_joins_one(company: Company):
    portfolio = await company.add_portfolio()
    product = await company.add_product(portfolio)
    initiative = await company.add_initiative(portfolio)
    await company.measure(await company.add_kpi(initiative, {"target": 100}), 50)
    await recompute(company)
    row = await company.score(portfolio)
    assert any(path == f"CHILDREN/node:ini_{initiative}" for path in row["driver_paths"])
    await company.link(initiative, product)
    await recompute(company)
    row = await company.score(portfolio)
    assert not any("ini_" in path for path in row["driver_paths"])
    assert await faults(company) == []


async def test_planned_work_is_scored_from_its_start_day_on_without_any_write(company: Company):
    portfolio = await company.add_portfolio()
    product = await company.add_product(portfolio)
    start = company.hands.now.date() + timedelta(days=2)
    initiative = await company.add_initiative(portfolio, [product], state="PLANNED", start_on=start)
    await recompute(company)
    row, parent = await company.score(initiative), await company.score(product)
    assert row["lifecycle"] == "NOT_STARTED"
    assert parent["excluded_lifecycles"] == ["NOT_STARTED"]
    due = await company.fetch(
        "select due_at from signal where tenant_id = $1 and target_id = $2", company.tenant_id, initiative
    )
    assert due[0]["due_at"].date() == start
    company.hands.forward(days=2)
    async with company.change() as connection:
        await company.mark(connection, [initiative])
    await recompute(company)
    row, parent = await company.score(initiative), await company.score(product)
    assert row["lifecycle"] == "ACTIVE"
    assert parent["excluded_lifecycles"] == []


async def test_a_range_without_bounds_is_shown_as_a_kpi_without_a_target(company: Company):
    portfolio = await company.add_portfolio()
    product = await company.add_product(portfolio)
    await company.measure(await company.add_kpi(product, direction="RANGE", required=True), 5)
    await recompute(company)
    row = await company.score(product)
    assert row["driver_codes"] == ["KPI_NO_TARGET"]


async def test_a_new_band_is_an_event_and_a_small_move_is_not(company: Company):
    portfolio = await company.add_portfolio()
    product = await company.add_product(portfolio)
    kpi = await company.add_kpi(product, {"target": 100})
    for value in (50, 51, 70):
        await company.measure(kpi, value)
        await recompute(company)
    rows = await company.fetch(
        "select changes::text as changes from event where tenant_id = $1 and entity_id = $2 and type = 'HEALTH_CHANGED'"
        " order by id",
        *(company.tenant_id, product),
    )
    assert len(rows) == 2
    assert '"to": "CRITICAL"' in rows[0]["changes"]


async def test_the_band_remembers_the_day_before_and_tells_since_when_it_holds(company: Company):
    portfolio = await company.add_portfolio()
    product = await company.add_product(portfolio)
    kpi = await company.add_kpi(product, {"target": 100, "red_at": 0}, cadence_days=90)
    start = company.hands.now.date()
    bands: list[tuple[str, date]] = []
    for value in (95, 95, 20, 20):
        await company.measure(kpi, value)
        await recompute(company)
        row = await company.score(product)
        bands.append((row["band"], row["band_since"]))
        company.hands.forward(days=1)
    days = [start + timedelta(days=number) for number in range(4)]
    assert [since for _, since in bands] == [days[0], days[0], days[2], days[2]]
    assert await faults(company) == []


async def test_a_tree_of_portfolios_is_folded_deepest_first(company: Company):
    root = await company.add_portfolio()
    middle = await company.add_portfolio(root)
    leaf = await company.add_portfolio(middle)
    product = await company.add_product(leaf)
    kpi = await company.add_kpi(product, {"target": 100})
    await company.measure(kpi, 90)
    await recompute(company)
    rows = [await company.score(node) for node in (product, leaf, middle, root, company.tenant_id)]
    assert [row["provisional_mp"] for row in rows] == [70_000] * 5
    assert [row["revision"] for row in rows] == [1] * 5


@pytest.mark.parametrize("seed", range(4))
async def test_random_changes_give_the_scores_of_a_computation_from_nothing(application: Database, seed: int):
    draw = random.Random(seed)
    company = await Company(application, Hands()).found(draw.choice(["UTC", "Asia/Tokyo", "America/New_York"]))
    portfolios = [await company.add_portfolio()]
    for _ in range(3):
        portfolios.append(await company.add_portfolio(draw.choice([None, *portfolios])))
    products = [await company.add_product(draw.choice(portfolios)) for _ in range(5)]
    initiatives = [await company.add_initiative(draw.choice(portfolios)) for _ in range(6)]
    subjects = [*products, *initiatives, *portfolios, company.tenant_id]
    kpis = [
        await company.add_kpi(draw.choice(subjects), {"target": 100}, critical=draw.random() < 0.2) for _ in range(12)
    ]
    for _ in range(6):
        for _ in range(8):
            await _change_something(company, draw, (portfolios, products, initiatives, kpis))
        if draw.random() < 0.5:
            company.hands.forward(days=draw.randrange(1, 40))
            async with company.change() as connection:
                await company.mark(connection, subjects)
        await recompute(company)
        assert await waiting(company) == 0
        assert await faults(company) == []


async def _change_something(company: Company, draw: random.Random, things: tuple[list[UUID], ...]) -> None:
    portfolios, products, initiatives, kpis = things
    kind = draw.randrange(6)
    if kind == 0:
        await company.link(draw.choice(initiatives), draw.choice(products), draw.randrange(1, 1000))
    elif kind == 1:
        archived_at = draw.choice([None, company.hands.now])
        await company.update("product", draw.choice(products), *portfolios, archived_at=archived_at)
    elif kind == 2:
        state = draw.choice(["PROPOSED", "PLANNED", "ACTIVE", "PAUSED", "COMPLETED", "CANCELED"])
        start_on = company.hands.now.date() + timedelta(days=draw.randrange(-60, 10))
        target_on = start_on + timedelta(days=draw.randrange(20, 90))
        done = draw.randrange(0, 40)
        await company.update(
            "initiative",
            draw.choice(initiatives),
            state=state,
            start_on=start_on,
            target_on=target_on,
            progress_source="SNAPSHOT",
            total_scope=40,
            done_scope=done,
            total_items=40,
            done_items=done,
            weekly_throughput=[1, 2, 3, 4, 5],
            progress_observed_on=company.hands.now.date(),
            in_progress_items=3,
            blocked_items=1,
        )
    elif kind == 3:
        stage = draw.choice(["IDEA", "PILOT", "LIVE", "RETIRED"])
        await company.update("product", draw.choice(products), lifecycle_stage=stage)
    else:
        await company.measure(draw.choice(kpis), draw.randrange(60, 120), draw.randrange(0, 50))
