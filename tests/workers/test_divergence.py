"""Milestones in the score, and reports beside it: divergence begins and ends with the band, and with time."""

from datetime import date
from uuid import UUID

from tests.workers.company import Company
from workers.measurement.recompute_health import recompute_health

_REPORT = """
with made as (
  insert into status_update (tenant_id, id, subject_id, status, author_service_account_id, created_at, updated_at)
  values ($1, $2, $3, $4, $5, $6, $6) returning id)
insert into subject_report (tenant_id, subject_id, latest_status_update_id, reported_status, reported_at)
select $1, $3, made.id, $4, $6 from made
"""
_ACCOUNT = """
insert into service_account (tenant_id, id, key, name, created_at, updated_at) values ($1, $2, $3, 'Robot', $4, $4)
"""
_MILESTONE = """
insert into milestone (tenant_id, id, initiative_id, name, due_on, done_on, canceled_at, created_at, updated_at)
values ($1, $2, $3, 'M', $4, $5, $6, $7, $7)
"""


async def _recompute(company: Company) -> None:
    await recompute_health(company.database, company.hands.clock, company.tenant_id)


async def _report(company: Company, subject_id: UUID, status: str) -> None:
    account, now = company.new_id(), company.hands.now
    async with company.change() as connection:
        await connection.execute(_ACCOUNT, company.tenant_id, account, str(account), now)
        await connection.execute(_REPORT, company.tenant_id, company.new_id(), subject_id, status, account, now)
        await company.mark(connection, [subject_id])


async def _divergence(company: Company, subject_id: UUID) -> str | None:
    rows = await company.fetch("select divergence from subject_report where subject_id = $1", subject_id)
    return rows[0]["divergence"] if rows else None


async def _told(company: Company) -> list[str]:
    rows = await company.fetch(
        "select type from event where type in ('HEALTH_DIVERGED', 'HEALTH_CONVERGED') order by id"
    )
    return [row["type"] for row in rows]


async def _measured_product(company: Company) -> tuple[UUID, UUID]:
    product = await company.add_product(await company.add_portfolio())
    kpi = await company.add_kpi(product, {"target": 100}, required=True)
    return product, kpi


async def test_a_band_that_falls_under_a_green_report_diverges_and_converges_when_it_is_back(company: Company):
    product, kpi = await _measured_product(company)
    await company.measure(kpi, 100)
    await _report(company, product, "ON_TRACK")
    await _recompute(company)
    assert await _divergence(company, product) is None
    await company.measure(kpi, 70)
    await _recompute(company)
    assert await _divergence(company, product) == "OPTIMISTIC"
    await company.measure(kpi, 100)
    await _recompute(company)
    await _recompute(company)
    assert await _divergence(company, product) is None
    assert await _told(company) == ["HEALTH_DIVERGED", "HEALTH_CONVERGED"]


async def test_a_report_that_grew_old_is_stale_and_nothing_else(company: Company):
    product, kpi = await _measured_product(company)
    await company.measure(kpi, 100)
    await _report(company, product, "ON_TRACK")
    await _recompute(company)
    company.hands.forward(days=15)
    async with company.change() as connection:
        await company.mark(connection, [product])
    await company.measure(kpi, 100)
    await _recompute(company)
    assert await _divergence(company, product) == "STALE_REPORT"


async def test_the_day_on_which_a_report_grows_old_is_known_beforehand(company: Company):
    product = await company.add_product(await company.add_portfolio())
    await _report(company, product, "ON_TRACK")
    await _recompute(company)
    [row] = await company.fetch("select organization_day(due_at) as on from signal where target_id = $1", product)
    assert row["on"] == date(2026, 12, 9)


async def test_without_a_report_nothing_is_kept_or_told(company: Company):
    product, kpi = await _measured_product(company)
    await company.measure(kpi, 20)
    await _recompute(company)
    assert await _divergence(company, product) is None
    assert await _told(company) == []


async def _milestone(company: Company, initiative: UUID, due_on: date, done_on: date | None, canceled: bool) -> None:
    now = company.hands.now
    async with company.change() as connection:
        values = (company.tenant_id, company.new_id(), initiative, due_on, done_on, now if canceled else None, now)
        await connection.execute(_MILESTONE, *values)
        await company.mark(connection, [initiative])


async def test_milestones_count_for_delivery_even_without_any_other_progress(company: Company):
    initiative = await company.add_initiative(await company.add_portfolio())
    await _recompute(company)
    assert (await company.score(initiative))["provisional_mp"] is None
    due = date(2026, 11, 20)
    await _milestone(company, initiative, due, due, False)
    await _milestone(company, initiative, due, date(2026, 11, 21), False)
    await _milestone(company, initiative, due, None, False)
    await _milestone(company, initiative, due, None, True)
    await _milestone(company, initiative, date(2026, 12, 24), None, False)
    await _recompute(company)
    score = await company.score(initiative)
    delivery = score["dimension_points_mp"][score["dimension_names"].index("DELIVERY")]
    # On time 1, late three quarters, open 0; what is given up or not yet due is left out.
    assert delivery == 58_333
    assert score["coverage_mp"] > 0
    [row] = await company.fetch("select organization_day(due_at) as on from signal where target_id = $1", initiative)
    assert row["on"] == date(2026, 12, 24)
