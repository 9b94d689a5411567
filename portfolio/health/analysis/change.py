"""Why a score moved: POLICY, then TIME, then the changed inputs by their Shapley value."""

from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction
from functools import cache
from itertools import combinations
from math import factorial
from typing import Any, NamedTuple

from portfolio.health.aggregation.tree import Leaf, leaves
from portfolio.health.arithmetic import apportion
from portfolio.health.assessment.evaluation import provisional_mp, tree_of
from portfolio.health.assessment.explanation import Rows
from portfolio.health.assessment.node import NodeTree
from portfolio.health.policy.document import Policy

MOST_PLAYERS = 6
STRUCTURE = "STRUCTURE"


class NodeState(NamedTuple):
    """What a score was computed from."""

    node: Mapping[str, Any]
    as_of: date
    policy: Policy


class ScoreChange(NamedTuple):
    """Provisional scores and signed rows that sum exactly to their difference."""

    before_mp: int
    after_mp: int
    rows: Rows


def explain_change(before: NodeState, after: NodeState) -> ScoreChange | None:
    """None if any of the states compared has no score. Unchanged inputs never appear."""
    first = provisional_mp(tree_of(*before))
    other_policy = provisional_mp(tree_of(before.node, before.as_of, after.policy))
    old_tree = tree_of(before.node, after.as_of, after.policy)
    new_tree = tree_of(*after)
    later, last = provisional_mp(old_tree), provisional_mp(new_tree)
    if first is None or other_policy is None or later is None or last is None:
        return None
    rows = [("POLICY", other_policy - first), ("TIME", later - other_policy)]
    rows += _input_rows(old_tree, new_tree, last - later)
    rows = [row for row in rows if row[1]]
    return ScoreChange(first, last, sorted(rows, key=lambda row: (-abs(row[1]), row[0])))


class _Sides:
    """Both trees, and every half-way state between them."""

    def __init__(self, old: NodeTree, new: NodeTree) -> None:
        self.old, self.new = old, new
        self.old_leaves, self.new_leaves = _leaves(old), _leaves(new)
        self.shared = self.old_leaves.keys() & self.new_leaves.keys()
        self.changed = sorted(
            path for path in self.shared if _state(self.old_leaves[path]) != _state(self.new_leaves[path])
        )
        self.is_restructured = _structure(old) != _structure(new)

    def players(self) -> list[str]:
        return [STRUCTURE, *self.changed] if self.is_restructured else list(self.changed)

    def score_mp(self, moved: frozenset[str]) -> int | None:
        """The score with only the players in `moved` at their new state."""
        is_new = STRUCTURE in moved or not self.is_restructured
        values = {path: (self.new_leaves if path in moved else self.old_leaves)[path] for path in self.shared}
        return provisional_mp(self.new if is_new else self.old, values)


def _input_rows(old: NodeTree, new: NodeTree, move_mp: int) -> Rows:
    sides = _Sides(old, new)
    players = sides.players()
    if not players:
        return []
    share_out = _shapley if len(players) <= MOST_PLAYERS else _two_orders
    shares = share_out(players, sides)
    if shares is None:
        return [("INPUTS", move_mp)]
    scale = factorial(MOST_PLAYERS)
    numerators = [int(share * scale) for share in shares]
    return list(zip(players, apportion(numerators, scale, players, move_mp), strict=True))


def _shapley(players: Sequence[str], sides: _Sides) -> list[Fraction] | None:
    """The mean over all orders, taken over subsets; None if a half-way state has no score."""
    score = cache(sides.score_mp)
    count, shares = len(players), list[Fraction]()
    for player in players:
        others = [name for name in players if name != player]
        share = Fraction(0)
        for size in range(count):
            orders = factorial(size) * factorial(count - size - 1)
            for subset in combinations(others, size):
                low, high = score(frozenset(subset)), score(frozenset((*subset, player)))
                if low is None or high is None:
                    return None
                share += Fraction(orders * (high - low), factorial(count))
        shares.append(share)
    return shares


def _two_orders(players: Sequence[str], sides: _Sides) -> list[Fraction] | None:
    """For many players: the mean of the given order and its reverse."""
    shares = dict.fromkeys(players, Fraction(0))
    for order in (players, players[::-1]):
        moved: frozenset[str] = frozenset()
        standing = sides.score_mp(moved)
        for player in order:
            moved |= {player}
            score = sides.score_mp(moved)
            if standing is None or score is None:
                return None
            shares[player] += Fraction(score - standing, 2)
            standing = score
    return [shares[player] for player in players]


def _leaves(tree: NodeTree) -> dict[str, Leaf]:
    return {leaf.path: leaf for leaf in leaves(tree.root)} if tree.root else {}


def _state(leaf: Leaf) -> tuple[object, ...]:
    values: tuple[object, ...] = ()
    if leaf.is_node:
        values = (leaf.low_mp, leaf.high_mp, leaf.coverage_mp, leaf.confidence_mp, leaf.digest)
    return leaf.raw_mp, Fraction(*leaf.fresh), leaf.assumed, values


def _structure(tree: NodeTree) -> tuple[object, ...]:
    """Which leaves there are, their weights and the facts behind caps."""
    weights = {leaf.path: leaf.weight for leaf in _leaves(tree).values()}
    critical = sorted(cap.key for cap in tree.caps.critical)
    return weights, sorted(cap.cap_mp for cap in tree.caps.fixed), critical
