"""Why a score is what it is: contributions and drivers that sum exactly to 100000 - score."""

from portfolio.health.aggregation.tree import Leaf, Part, group_contributions
from portfolio.health.arithmetic import FULL_MP, apportion

Rows = list[tuple[str, int]]


def in_order(rows: Rows) -> Rows:
    """Largest first, ties by key."""
    return sorted(rows, key=lambda row: (-row[1], row[0]))


def dimension_rows(costs: list[tuple[Part, int]]) -> Rows:
    """Every scored dimension, zero rows included."""
    return [(part.key, cost) for part, cost in costs]


def driver_rows(costs: list[tuple[Part, int]]) -> Rows:
    """The same points flattened to leaves; zero rows are left out."""
    rows: Rows = []
    for part, cost in costs:
        if cost:
            rows += _split(part, cost)
    return rows


def _split(part: Part, amount: int) -> Rows:
    """Hands the amount down in proportion to the children's own integer contributions."""
    costs = [] if isinstance(part, Leaf) else group_contributions(part)
    total = sum(cost for _, cost in costs)
    if not total:
        return [(part.path, amount)]
    keys = [child.key for child, _ in costs]
    shares = apportion([amount * cost for _, cost in costs], total, keys, amount)
    return driver_rows([(child, share) for (child, _), share in zip(costs, shares, strict=True)])


def stale_part_mp(leaf: Leaf, cost_mp: int) -> int:
    """How much of a driver is owed to the age of the fact, not to its value."""
    if leaf.raw_mp is None or leaf.effective_mp is None or leaf.raw_mp == leaf.effective_mp:
        return 0
    return cost_mp * (leaf.raw_mp - leaf.effective_mp) // (FULL_MP - leaf.effective_mp)
