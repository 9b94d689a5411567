"""A KPI as a leaf of the tree: freshness, grace, waiver and the reason it costs points."""

from typing import NamedTuple

from portfolio.health.aggregation.tree import Fact, Leaf, Place, Reasons, measured_leaf, missing_leaf
from portfolio.health.calendar_days import to_date
from portfolio.health.fields import Fields
from portfolio.health.indicators.context import NodeContext
from portfolio.health.indicators.kpi import score_kpi
from portfolio.health.policy.document import Policy
from portfolio.health.policy.freshness import freshness, next_fading_day

HIGHEST_WEIGHT = 1000

_REASONS = Reasons("KPI_BELOW_TARGET", "KPI_STALE")


class KpiLeaf(NamedTuple):
    """A leaf with what kind `kpi` of the vectors asks beside it; days are ordinals."""

    leaf: Leaf
    mode: str | None
    problem: str | None
    fading_day: int | None
    change_days: tuple[int | None, ...]


def kpi_leaf(kpi: Fields, place: Place, as_of: int, policy: Policy, cadence_name: str = "kpi") -> KpiLeaf:
    scored = score_kpi(kpi, as_of, policy)
    cadence = kpi.integer("cadence_days", low=1) or policy.cadence_days[cadence_name]
    day, grace_end = scored.measured_day, None
    fading_day = None if day is None else next_fading_day(day, as_of, cadence, policy.staleness)
    if scored.raw_mp is None:
        grace_end = _grace_end(kpi, as_of, cadence)
        assumed = policy.prior_mp if is_required(kpi) and grace_end is None else None
        leaf = missing_leaf(place, scored.problem or "KPI_MISSING", assumed, to_date(day))
    else:
        fresh = freshness(day, as_of, cadence, policy.staleness)
        fact = Fact(scored.raw_mp, fresh, to_date(day))
        leaf = measured_leaf(place, fact, _REASONS, policy)
    days = (fading_day, scored.next_day, grace_end)
    return KpiLeaf(leaf, scored.mode, scored.problem, fading_day, days)


def node_kpis(context: NodeContext) -> dict[str, list[tuple[Fields, Leaf]]]:
    """The KPIs that count today, by dimension; waived ones and those of weight 0 do not."""
    found: dict[str, list[tuple[Fields, Leaf]]] = {}
    used = context.policy.dimension_weights[context.kind]
    for kpi in context.node.unique_items("kpis"):
        dimension = _dimension(kpi, context.policy)
        weight = kpi_weight(kpi)
        if not weight or not used.get(dimension):
            continue
        waived_until = kpi.day("waived_until")
        if waived_until is not None and waived_until >= context.as_of:
            context.changes_on(waived_until + 1)
            context.waived.append((f"{dimension}/kpi:{kpi.text('id')}", waived_until))
            continue
        factor = context.policy.kpi_weight_factors.get(dimension, 1)
        place = Place(dimension, f"kpi:{kpi.text('id')}", weight * factor)
        built = kpi_leaf(kpi, place, context.as_of, context.policy)
        for day in built.change_days:
            context.changes_on(day)
        found.setdefault(dimension, []).append((kpi, built.leaf))
    return found


def kpi_weight(kpi: Fields) -> int:
    weight = kpi.integer("weight", high=HIGHEST_WEIGHT)
    return 1 if weight is None else weight


def is_critical(kpi: Fields) -> bool:
    return kpi.flag("critical")


def is_required(kpi: Fields) -> bool:
    return kpi.flag("required") or is_critical(kpi)


def category(kpi: Fields) -> str:
    return kpi.text("category", "engagement").lower()


def _dimension(kpi: Fields, policy: Policy) -> str:
    name = category(kpi)
    dimension = policy.dimension_of_category.get(name)
    if dimension is None:
        raise kpi.refuse("category", f"{name!r} is not known to policy {policy.version}")
    return dimension


def _grace_end(kpi: Fields, as_of: int, cadence: int) -> int | None:
    """The day after a young KPI's grace, None if it is over."""
    created_on = kpi.day("created_on")
    if created_on is None or as_of - created_on > cadence:
        return None
    return created_on + cadence + 1
