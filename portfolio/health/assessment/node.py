"""From the facts of a node to its tree: lifecycle, dimensions, caps and days of change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from portfolio.health.aggregation.tree import Group, Part, Place, group, leaf_group
from portfolio.health.assessment.caps import Caps, CriticalKpi, fixed_caps
from portfolio.health.assessment.dimensions import dimension_of
from portfolio.health.fields import Fields
from portfolio.health.indicators.context import ChildEvaluation, NodeContext
from portfolio.health.indicators.kpi_leaf import is_critical, node_kpis
from portfolio.health.lifecycle import KINDS, NOT_STARTED, SCORED, lifecycle
from portfolio.health.policy.document import Policy


@dataclass(frozen=True, slots=True)
class NodeTree:
    """A node ready to be scored; `root` is None if its lifecycle is not scored."""

    lifecycle: str
    policy: Policy
    root: Group | None
    caps: Caps
    excluded_children: dict[str, int]
    spi_t: str | None
    finish_probability_mp: int | None
    waived: list[tuple[str, int]]
    next_day: int | None


def build_tree(node: Fields, as_of: int, policy: Policy, evaluate_child: ChildEvaluation) -> NodeTree:
    node.text("id")
    kind = node.choice("kind", KINDS)
    stage = lifecycle(node, as_of)
    context = NodeContext(node, kind, as_of, policy, evaluate_child)
    if stage not in SCORED:
        if stage == NOT_STARTED:
            context.changes_on(node.day("start_on"))
        return _tree(stage, context, None, Caps())
    kpis = node_kpis(context)
    kpi_leaves = {name: [leaf for _, leaf in found] for name, found in kpis.items()}
    dimensions = _dimensions(context, kpi_leaves)
    critical = [
        CriticalKpi(f"cap:critical_{leaf.key}", leaf)
        for found in kpis.values()
        for kpi, leaf in found
        if is_critical(kpi)
    ]
    root = group(Place("", "", 1), policy.fold_rules["dimensions"], dimensions)
    return _tree(stage, context, root, Caps(fixed_caps(context), critical))


def _tree(stage: str, context: NodeContext, root: Group | None, caps: Caps) -> NodeTree:
    return NodeTree(
        stage,
        context.policy,
        root,
        caps,
        context.excluded_children,
        context.spi_t,
        context.finish_probability_mp,
        sorted(context.waived),
        min(context.change_days, default=None),
    )


def _dimensions(context: NodeContext, kpis: Mapping[str, Sequence[Part]]) -> list[Group]:
    """A dimension exists if it has a part or is expected, and its weight is above 0."""
    policy, kind = context.policy, context.kind
    expected = policy.expected_dimensions.get(kind, frozenset())
    expected = expected.difference(context.node.texts("not_applicable"))
    found: list[Group] = []
    for name, weight in policy.dimension_weights[kind].items():
        dimension = dimension_of(kind, name)
        parts = dimension.parts(context) if dimension.parts and weight else []
        parts = [part for part in (*parts, *kpis.get(name, ())) if part.weight]
        if weight and (parts or name in expected):
            rule = policy.fold_rules[dimension.aggregate]
            place, usual = Place("", name, weight), policy.usual_importance if name == "CHILDREN" else None
            found.append(leaf_group(place, rule, parts, usual["portfolio"]) if usual else group(place, rule, parts))
    return found
