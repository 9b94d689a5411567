"""The company that is measured: ten tenants of the same size, the same rows for the same day."""

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from portfolio.identity import uuid7

TENANTS = 10
PRODUCTS = 200
"""Of each tenant, as all numbers below."""
WALL_PRODUCTS = 105
"""Products of the portfolio that the wall shows."""
INITIATIVES = 1000
PEOPLE = 40
KPIS_OF_PRODUCT = 4
MEASUREMENTS_OF_KPI = 30
OTHER_PORTFOLIOS = 4
WALL_KEY = "WALL"

_STAGES = ("LIVE", "LIVE", "LIVE", "PILOT", "DEVELOPMENT", "DEVELOPMENT", "DISCOVERY", "SUNSET")
_STATES = ("ACTIVE", "ACTIVE", "ACTIVE", "ACTIVE", "PLANNED", "PAUSED", "COMPLETED")
_KPIS = (
    ("ENGAGEMENT", "users", "HIGHER", 12_000),
    ("MODEL_PERFORMANCE", "%", "HIGHER", 92),
    ("LATENCY", "ms", "LOWER", 350),
    ("COST", "EUR", "LOWER", 4_800),
)


@dataclass
class Tenant:
    """Rows of one tenant by table. now: the instant of loading; all days are counted back from it."""

    number: int
    now: datetime
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    portfolio_ids: list[UUID] = field(default_factory=list)
    person_ids: list[UUID] = field(default_factory=list)
    product_ids: list[UUID] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = random.Random(self.number)
        self.created_at = self.now - timedelta(days=400)
        self.id = self.new_id()

    @property
    def today(self) -> date:
        return self.now.date()

    @property
    def stamps(self) -> dict[str, datetime]:
        return {"created_at": self.created_at, "updated_at": self.created_at}

    def new_id(self, at: datetime | None = None) -> UUID:
        return uuid7(at or self.created_at, self.random.getrandbits(74))

    def add(self, table: str, **row: Any) -> None:
        self.rows.setdefault(table, []).append({"tenant_id": self.id, **row})


def make_tenant(number: int, now: datetime) -> Tenant:
    """Tables come in an order in which their foreign keys hold."""
    tenant = Tenant(number, now)
    key = f"BENCH-{number}"
    tenant.add("organization", id=tenant.id, key=key, name=f"Company {number}", **tenant.stamps)
    tenant.add("subject", id=tenant.id, kind="ORGANIZATION")
    for position in range(PEOPLE):
        person_id = tenant.new_id()
        tenant.person_ids.append(person_id)
        tenant.add("person", id=person_id, key=f"person-{position}", name=_person_name(tenant.random), **tenant.stamps)
    _add_portfolios(tenant)
    for position in range(PRODUCTS):
        _add_product(tenant, position)
    for position in range(INITIATIVES):
        _add_initiative(tenant, position)
    return tenant


def _add_portfolios(tenant: Tenant) -> None:
    for position in range(2 + OTHER_PORTFOLIOS):
        portfolio_id = tenant.new_id()
        root = tenant.portfolio_ids[0] if tenant.portfolio_ids else None
        tenant.portfolio_ids.append(portfolio_id)
        tenant.add("subject", id=portfolio_id, kind="PORTFOLIO", portfolio_id=portfolio_id)
        key = ("ALL", WALL_KEY)[position] if position < 2 else f"AREA-{position - 1}"
        owner_id = tenant.random.choice(tenant.person_ids)
        tenant.add(
            "portfolio", id=portfolio_id, key=key, name=key.title(), owner_id=owner_id, parent_id=root, **tenant.stamps
        )
        closure = {"ancestor_id": portfolio_id, "descendant_id": portfolio_id, "depth": 0}
        tenant.add("portfolio_closure", **closure)
        if root:
            tenant.add("portfolio_closure", **closure | {"ancestor_id": root, "depth": 1})


def _add_product(tenant: Tenant, position: int) -> None:
    chance = tenant.random
    product_id = tenant.new_id()
    tenant.product_ids.append(product_id)
    home = 1 if position < WALL_PRODUCTS else 2 + position % OTHER_PORTFOLIOS
    portfolio_id = tenant.portfolio_ids[home]
    tenant.add("subject", id=product_id, kind="PRODUCT", portfolio_id=portfolio_id)
    tenant.add(
        "product",
        id=product_id,
        key=f"PRODUCT-{position}",
        name=f"{chance.choice(_ADJECTIVES)} {chance.choice(_NOUNS)} {position}",
        description="What it does, for whom, and how we know that it does.",
        portfolio_id=portfolio_id,
        owner_id=chance.choice(tenant.person_ids),
        lifecycle_stage=chance.choice(_STAGES),
        tier=f"TIER_{chance.randint(1, 4)}",
        importance=chance.choice((50, 100, 100, 200)),
        **tenant.stamps,
    )
    for number in range(KPIS_OF_PRODUCT):
        _add_kpi(tenant, product_id, position, number)


def _add_kpi(tenant: Tenant, product_id: UUID, position: int, number: int) -> None:
    category, unit, direction, target = _KPIS[number]
    kpi_id, target_id = tenant.new_id(), tenant.new_id()
    worse = 0.7 if direction == "HIGHER" else 1.4
    tenant.add(
        "kpi_target",
        id=target_id,
        kpi_id=kpi_id,
        target=target,
        red_at=round(target * worse, 2),
        recorded_at=tenant.created_at,
    )
    latest = _add_measurements(tenant, kpi_id, target * tenant.random.uniform(0.7, 1.2))
    tenant.add(
        "kpi",
        id=kpi_id,
        key=f"KPI-{position}-{number}",
        name=f"{category.replace('_', ' ').capitalize()} of product {position}",
        subject_id=product_id,
        category=category,
        unit=unit,
        direction=direction,
        cadence_days=7,
        target_id=target_id,
        latest_measurement_id=latest["id"],
        latest_value=latest["value"],
        latest_observed_at=latest["observed_at"],
        latest_observed_on=latest["observed_on"],
        created_on=tenant.created_at.date(),
        **tenant.stamps,
    )


def _add_measurements(tenant: Tenant, kpi_id: UUID, level: float) -> dict[str, Any]:
    """A value a day up to yesterday; the newest is returned."""
    newest: dict[str, Any] = {}
    for days in range(MEASUREMENTS_OF_KPI, 0, -1):
        at = datetime.combine(tenant.today - timedelta(days=days), datetime.min.time(), UTC).replace(hour=6)
        level *= tenant.random.uniform(0.97, 1.03)
        newest = {"id": tenant.new_id(at), "kpi_id": kpi_id, "value": round(level, 2), "observed_at": at}
        newest |= {"observed_on": at.date(), "recorded_at": at}
        tenant.add("measurement", **newest)
    return newest


def _add_initiative(tenant: Tenant, position: int) -> None:
    """On one to three products: five initiatives a product by home, about seven by links."""
    chance = tenant.random
    initiative_id = tenant.new_id()
    product_ids = [tenant.product_ids[position % PRODUCTS]]
    product_ids += chance.sample(tenant.product_ids, chance.choice((0, 0, 1, 2)))
    portfolio_id = tenant.rows["product"][position % PRODUCTS]["portfolio_id"]
    tenant.add("subject", id=initiative_id, kind="INITIATIVE", portfolio_id=portfolio_id)
    start_on = tenant.today - timedelta(days=chance.randint(20, 200))
    total, weeks = chance.randint(10, 60), [chance.randint(0, 5) for _ in range(10)]
    done = min(total, sum(weeks))
    tenant.add(
        "initiative",
        id=initiative_id,
        key=f"INITIATIVE-{position}",
        name=f"{chance.choice(_VERBS)} the {chance.choice(_NOUNS).lower()} {position}",
        portfolio_id=portfolio_id,
        owner_id=chance.choice(tenant.person_ids),
        state=chance.choice(_STATES),
        start_on=start_on,
        target_on=start_on + timedelta(days=chance.randint(100, 300)),
        progress_source="SNAPSHOT",
        total_scope=total,
        done_scope=done,
        total_items=total,
        done_items=done,
        in_progress_items=chance.randint(0, 6),
        blocked_items=chance.randint(0, 2),
        weekly_throughput=weeks,
        progress_observed_on=tenant.today - timedelta(days=chance.randint(0, 5)),
        **tenant.stamps,
    )
    for product_id in sorted(set(product_ids)):
        tenant.add("initiative_product", initiative_id=initiative_id, product_id=product_id, importance=100)


def columns_of(rows: Iterable[dict[str, Any]]) -> list[str]:
    """All columns that any of the rows has."""
    return list(dict.fromkeys(name for row in rows for name in row))


def records(rows: Iterable[dict[str, Any]], columns: list[str]) -> Iterator[tuple[Any, ...]]:
    return (tuple(row.get(name) for name in columns) for row in rows)


def _person_name(chance: random.Random) -> str:
    return f"{chance.choice(_FIRST_NAMES)} {chance.choice(_LAST_NAMES)}"


_FIRST_NAMES = ("Ada", "Alan", "Barbara", "Claude", "Edsger", "Frances", "Grace", "John", "Katherine", "Tony")
_LAST_NAMES = ("Allen", "Backus", "Dijkstra", "Hamilton", "Hoare", "Hopper", "Liskov", "Lovelace", "Shannon", "Turing")
_ADJECTIVES = ("Quiet", "Bright", "Northern", "Steady", "Open", "Swift", "Plain", "Deep")
_NOUNS = ("Forecast", "Assistant", "Recommender", "Screening", "Search", "Translator", "Router", "Vision")
_VERBS = ("Retrain", "Measure", "Launch", "Shadow", "Migrate", "Harden", "Distill", "Label")
