"""What would help: the gain of each leaf alone at its target, and the ways to the next band."""

from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple

from portfolio.health.aggregation.tree import Leaf, leaves
from portfolio.health.arithmetic import FULL_MP
from portfolio.health.assessment.evaluation import evaluate_tree, provisional_mp, tree_of
from portfolio.health.assessment.explanation import Rows, in_order
from portfolio.health.assessment.node import NodeTree
from portfolio.health.policy.document import Policy

SHOWN_LIFTS = 5


class Way(NamedTuple):
    """The raw score a leaf has (None: unknown) and the smallest that alone is enough."""

    path: str
    present_mp: int | None
    needed_mp: int


class NextBand(NamedTuple):
    """`goal` is None if there is no better band or the score is not published."""

    goal: str | None
    need_mp: int | None
    ways: list[Way]


def lifts(node: Mapping[str, Any], as_of: date, policy: Policy) -> Rows:
    """The five largest exact gains of one leaf alone fresh and at target; they do not add up."""
    tree = tree_of(node, as_of, policy)
    present = provisional_mp(tree)
    if tree.root is None or present is None:
        return []
    rows: Rows = []
    for leaf in leaves(tree.root):
        lifted = provisional_mp(tree, {leaf.path: leaf.at(FULL_MP)})
        if lifted is not None and lifted > present:
            rows.append((leaf.path, lifted - present))
    return in_order(rows)[:SHOWN_LIFTS]


def next_band(node: Mapping[str, Any], as_of: date, policy: Policy) -> NextBand:
    """For each leaf the smallest raw score that alone lifts the node to the next band for good."""
    tree = tree_of(node, as_of, policy)
    band = evaluate_tree(tree, None).band
    better = [(name, edge) for name, edge in reversed(policy.bands)]
    names = ["CRITICAL", *(name for name, _ in better)]
    if band not in names or band == names[-1] or tree.root is None:
        return NextBand(None, None, [])
    goal, edge = better[names.index(band)]
    need = edge + policy.rise_mp
    ways = [
        Way(leaf.path, leaf.raw_mp, needed)
        for leaf in leaves(tree.root)
        if not leaf.is_node and (needed := _needed_mp(tree, leaf, need)) is not None
    ]
    ways.sort(key=lambda way: (way.needed_mp - (way.present_mp or 0), way.path))
    return NextBand(goal, need, ways)


def _needed_mp(tree: NodeTree, leaf: Leaf, need_mp: int) -> int | None:
    """Binary search, exact because the score is monotone in every leaf."""

    def is_enough(raw_mp: int) -> bool:
        score = provisional_mp(tree, {leaf.path: leaf.at(raw_mp)})
        return score is not None and score >= need_mp

    if not is_enough(FULL_MP):
        return None
    low, high = 0, FULL_MP
    while low < high:
        middle = (low + high) // 2
        if is_enough(middle):
            high = middle
        else:
            low = middle + 1
    return low
