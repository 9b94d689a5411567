"""The table of scorers: which parts a dimension has for a kind of node, and how it folds them.

A new scorer is one file with a function of this shape and one line here.
"""

from collections.abc import Callable
from typing import NamedTuple

from portfolio.health.aggregation.tree import Part
from portfolio.health.indicators.ai_model import model_groups
from portfolio.health.indicators.children import rolled_up_children, rolled_up_initiatives
from portfolio.health.indicators.context import NodeContext
from portfolio.health.indicators.delivery import delivery_components
from portfolio.health.indicators.opinion import latest_statuses, ratings
from portfolio.health.indicators.risk import risk_components
from portfolio.health.indicators.team import team_components


class Dimension(NamedTuple):
    """`aggregate` names a fold of the policy; KPIs of the dimension join the parts."""

    aggregate: str
    parts: Callable[[NodeContext], list[Part]] | None = None


_OF_KIND = {
    ("initiative", "DELIVERY"): Dimension("components", delivery_components),
    ("product", "DELIVERY"): Dimension("rollup", rolled_up_initiatives),
    ("portfolio", "CHILDREN"): Dimension("rollup", rolled_up_children),
    ("initiative", "TEAM"): Dimension("components", team_components),
    ("product", "TEAM"): Dimension("components", team_components),
    ("product", "MODEL"): Dimension("kpis", model_groups),
    ("product", "FEEDBACK"): Dimension("components", ratings),
}
_OF_ANY_KIND = {
    "OUTCOMES": Dimension("kpis"),
    "MODEL": Dimension("kpis"),
    "RISK": Dimension("components", risk_components),
    "STAKEHOLDER": Dimension("components", latest_statuses),
}
_COMPONENTS = Dimension("components")


def dimension_of(kind: str, name: str) -> Dimension:
    return _OF_KIND.get((kind, name)) or _OF_ANY_KIND.get(name, _COMPONENTS)
