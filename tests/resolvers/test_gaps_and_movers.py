"""What is missing and what moved, as real scores tell it."""

from datetime import timedelta
from typing import Any

import pytest

from tests.resolvers.conftest import Ask
from tests.resolvers.tenant import Tenant
from workers.measurement.recompute_health import recompute_health


@pytest.fixture
async def sales(tenant: Tenant, product: str) -> str:
    """A required KPI of a live product."""
    await tenant.change("productUpdate", {"id": product, "lifecycle_stage": "LIVE"})
    target = {"target": 100.0}
    values = {"category": "REVENUE", "unit": "EUR", "direction": "HIGHER", "required": True, "target": target}
    return await tenant.made("kpiCreate", {"key": "SALES", "name": "Sales", "subject_id": product, **values})


async def _recompute(tenant: Tenant, days_later: int) -> None:
    tenant.clock.current += timedelta(days=days_later)
    await tenant.rows("select raise_signal('recompute_health', array_agg(id)) from subject")
    await recompute_health(tenant.database, tenant.clock.clock, tenant.id)


async def _measure(tenant: Tenant, value: float) -> None:
    row = {"kpi_key": "SALES", "value": value, "observed_at": tenant.clock.current}
    await tenant.change("measurementsRecord", {"measurements": [row]})


_GAPS = """query Gaps($id: ID!) {
  product(by: {id: $id}) { dataGaps { ...gap } }
  organization { dataGaps { ...gap } }
}
fragment gap on DataGap { subject { key } dimension kpi { key } since }"""


@pytest.mark.usefixtures("sales")
async def test_a_required_kpi_without_a_value_is_a_gap_until_it_is_measured(tenant: Tenant, ask: Ask, product: str):
    await _recompute(tenant, 40)
    gap = {"subject": {"key": "CHURN"}, "dimension": "OUTCOMES", "kpi": {"key": "SALES"}, "since": "2026-03-02"}
    found = await ask(_GAPS, id=product)
    assert gap in found["product"]["dataGaps"]
    assert gap in found["organization"]["dataGaps"]
    await _measure(tenant, 90)
    await _recompute(tenant, 0)
    gaps = (await ask(_GAPS, id=product))["product"]["dataGaps"]
    assert [item for item in gaps if item["kpi"]] == []


@pytest.mark.usefixtures("sales")
async def test_a_dimension_that_is_never_scored_is_a_gap_since_its_first_score(tenant: Tenant, ask: Ask, product: str):
    await _recompute(tenant, 0)
    await _measure(tenant, 90)
    await _recompute(tenant, 10)
    gaps = (await ask(_GAPS, id=product))["product"]["dataGaps"]
    model = [gap for gap in gaps if gap["dimension"] == "MODEL"]
    assert model == [{"subject": {"key": "CHURN"}, "dimension": "MODEL", "kpi": None, "since": "2026-03-02"}]


_MOVERS = """query Movers($since: DateTimeOrDuration!) {
  organization { movers(since: $since) { subject { key } from to delta } }
  portfolios { nodes { movers(since: $since, first: 0) { delta } } }
}"""


@pytest.mark.usefixtures("sales")
async def test_whose_published_score_moved_is_listed_with_its_move(tenant: Tenant, ask: Ask, product: str):
    await _measure(tenant, 100)
    await _recompute(tenant, 0)
    before = await _score(tenant, product)
    await _measure(tenant, 85)
    await _recompute(tenant, 5)
    after = await _score(tenant, product)
    found = await ask(_MOVERS, since="-P3D")
    moved = {"subject": {"key": "CHURN"}, "from": before, "to": after, "delta": round(after - before, 3)}
    assert found["organization"]["movers"] == [moved]
    assert found["portfolios"]["nodes"] == [{"movers": []}]
    assert (await ask(_MOVERS, since="P0D"))["organization"]["movers"] == []


async def _score(tenant: Tenant, product: str) -> Any:
    [row] = await tenant.rows("select health_score_mp from product")
    assert row["health_score_mp"] is not None, product
    return row["health_score_mp"] / 1000
