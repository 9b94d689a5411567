"""The table of scorers: which parts a dimension has for a kind of node, and how it folds them.

A new scorer is one file with a function of this shape and one line here.
"""

from collections.abc import Callable
from typing import NamedTuple

from .context import NodeContext
from .delivery import delivery_components
from .rollup import rolled_up_children, rolled_up_initiatives
from .team import team_components
from .tree import Part


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
}
_OF_ANY_KIND = {"OUTCOMES": Dimension("kpis"), "MODEL": Dimension("kpis")}
_COMPONENTS = Dimension("components")

UNSUPPORTED_FACTS = ("models", "risk", "status_updates", "feedback")
"""Facts of the input format that have no scorer yet."""


def dimension_of(kind: str, name: str) -> Dimension:
    return _OF_KIND.get((kind, name)) or _OF_ANY_KIND.get(name, _COMPONENTS)
