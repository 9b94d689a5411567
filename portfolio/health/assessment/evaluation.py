"""The health of one node: a pure function of facts, date, policy and yesterday's band."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Any

from portfolio.health.aggregation.digest import ChildResult, Digest, leaf_digest, merged
from portfolio.health.aggregation.tree import Group, Leaf, Place, group, group_contributions, leaves, refold
from portfolio.health.arithmetic import FULL_MP, round_mp
from portfolio.health.assessment.caps import capped_range, listed_caps, lowest_hard_cap_mp, point_caps
from portfolio.health.assessment.explanation import Rows, dimension_rows, driver_rows, in_order
from portfolio.health.assessment.node import NodeTree, build_tree
from portfolio.health.assessment.status_flags import status_flags
from portfolio.health.calendar_days import to_date
from portfolio.health.errors import InputError
from portfolio.health.fields import Fields
from portfolio.health.policy.band import BANDS, UNKNOWN, band_of, limited_band
from portfolio.health.policy.document import Policy

ENGINE_VERSION = "1"

_CONFIDENCE_LEVELS = ((75_000, "HIGH"), (50_000, "MEDIUM"), (25_000, "LOW"), (0, "VERY_LOW"))


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Scores are millipoints, 0..100000; None means unknown or not scored.

    `score_mp` is the published score, `provisional_mp` the same before the publication rule.
    `contributions` and `drivers` each sum to 100000 - `provisional_mp`; rows are (key, mp).
    `digest` is what a portfolio hands to the one above it, None under policies that fold level by level.
    `waived` are the paths that count nowhere today, each with the last day of its waiver.
    `dimensions` are scores before caps. `spi_t` is a ratio in lowest terms. `next_change_on` is
    the earliest later day on which the result can differ without any write, None if there is none.
    """

    lifecycle: str
    score_mp: int | None = None
    provisional_mp: int | None = None
    band: str = UNKNOWN
    coverage_mp: int = 0
    freshness_mp: int = 0
    confidence_mp: int = 0
    confidence_level: str = "VERY_LOW"
    low_mp: int = 0
    high_mp: int = FULL_MP
    dimensions: Mapping[str, int | None] = field(default_factory=dict[str, int | None])
    contributions: tuple[tuple[str, int], ...] = ()
    drivers: tuple[tuple[str, int], ...] = ()
    caps: tuple[tuple[str, int], ...] = ()
    flags: tuple[str, ...] = ()
    excluded_children: Mapping[str, int] = field(default_factory=dict[str, int])
    spi_t: str | None = None
    finish_probability_mp: int | None = None
    leaves: tuple[Leaf, ...] = ()
    next_change_on: date | None = None
    digest: Digest | None = None
    waived: tuple[tuple[str, date], ...] = ()


def evaluate(node: Mapping[str, Any], as_of: date, policy: Policy, previous_band: str | None) -> Evaluation:
    """Raises InputError on malformed facts."""
    if previous_band is not None and previous_band not in BANDS and previous_band != UNKNOWN:
        raise InputError("previous_band", f"{previous_band!r} is not a band")
    return evaluate_tree(tree_of(node, as_of, policy), previous_band)


def tree_of(node: Mapping[str, Any], as_of: date, policy: Policy) -> NodeTree:
    return build_tree(Fields(node), as_of.toordinal(), policy, _evaluate_child)


def evaluate_tree(tree: NodeTree, previous_band: str | None) -> Evaluation:
    if tree.root is None:
        return Evaluation(tree.lifecycle, next_change_on=to_date(tree.next_day))
    return _evaluate(tree, tree.root, previous_band)


def _evaluate(tree: NodeTree, root: Group, previous_band: str | None) -> Evaluation:
    policy = tree.policy
    provisional, binding = _provisional(tree)
    low, high = capped_range(root.low_mp, root.high_mp, tree.caps, policy.critical_cap)
    score = provisional if _is_published(root, high, policy) else None
    costs = group_contributions(root)
    return Evaluation(
        lifecycle=tree.lifecycle,
        score_mp=score,
        provisional_mp=provisional,
        band=_band(tree, score, previous_band),
        coverage_mp=root.coverage_mp,
        freshness_mp=_freshness_mp(root),
        confidence_mp=root.confidence_mp,
        confidence_level=confidence_level(root.confidence_mp),
        low_mp=low,
        high_mp=high,
        dimensions={part.key: part.score_mp for part in root.children},
        contributions=tuple(in_order(dimension_rows(costs) + binding)),
        drivers=tuple(in_order(driver_rows(costs) + binding)),
        caps=tuple(listed_caps(tree.caps, policy.critical_cap)),
        flags=status_flags(root, policy),
        excluded_children=tree.excluded_children,
        spi_t=tree.spi_t,
        finish_probability_mp=tree.finish_probability_mp,
        leaves=tuple(leaves(root)),
        next_change_on=to_date(tree.next_day),
        digest=_digest(tree, root),
        waived=tuple((path, date.fromordinal(day)) for path, day in tree.waived),
    )


def _band(tree: NodeTree, score_mp: int | None, previous_band: str | None) -> str:
    hard_cap = lowest_hard_cap_mp(tree.caps, tree.policy.critical_cap)
    return limited_band(band_of(score_mp, previous_band, tree.policy), hard_cap, tree.policy)


def provisional_mp(tree: NodeTree, replaced: Mapping[str, Leaf] = MappingProxyType({})) -> int | None:
    """The score under caps, with other leaves at the paths in `replaced`."""
    if tree.root is None:
        return None
    score = refold(tree.root, replaced)
    if score is None:
        return None
    limits = point_caps(tree.caps, tree.policy.critical_cap, replaced)
    return min((cap for cap, _ in limits if cap < score), default=score)


def confidence_level(confidence_mp: int) -> str:
    return next(name for edge, name in _CONFIDENCE_LEVELS if confidence_mp >= edge)


def _provisional(tree: NodeTree) -> tuple[int | None, Rows]:
    """The score under caps and the row of the cap that binds, if one does."""
    score = tree.root.score_mp if tree.root else None
    if score is None:
        return None, []
    limits = point_caps(tree.caps, tree.policy.critical_cap, {})
    cap, key = min(limits, default=(FULL_MP, ""))
    return (cap, [(key, score - cap)]) if cap < score else (score, [])


def _is_published(root: Group, high_mp: int, policy: Policy) -> bool:
    """Enough is known, or what is known is bad whatever the rest turns out to be."""
    return root.coverage_mp >= policy.minimum_coverage_mp or high_mp < policy.edge_mp("WATCH")


def _freshness_mp(root: Group) -> int:
    return round_mp(FULL_MP * root.confidence_mp, root.coverage_mp) if root.coverage_mp else 0


def _digest(tree: NodeTree, root: Group) -> Digest | None:
    """A portfolio's leaves, and its own KPIs, risks and reports as one more with the share the policy gives them."""
    below = next((part for part in root.children if part.digest is not None), None)
    if below is None or below.digest is None:
        return None
    own = [part for part in root.children if part is not below]
    share, leaf = sum(part.weight for part in own), _own_leaf(tree, group(Place("", "", 1), root.rule, own))
    factor = share * below.digest.weight, below.weight * below.digest.per
    return merged([below.digest, leaf_digest(leaf, 1).times(factor)]) if factor[0] else below.digest


def _own_leaf(tree: NodeTree, own: Group) -> ChildResult:
    """A portfolio's own data as a leaf of those above: its caps limit it, and it is published like a node."""
    limit = min((cap for cap, _ in point_caps(tree.caps, tree.policy.critical_cap, {})), default=FULL_MP)
    low, high = capped_range(own.low_mp, own.high_mp, tree.caps, tree.policy.critical_cap)
    score = own.score_mp
    if score is not None:
        score = min(score, limit) if _is_published(own, high, tree.policy) else None
    return ChildResult(score, low, high, own.coverage_mp, own.confidence_mp)


def _evaluate_child(child: Fields, as_of: int, policy: Policy) -> tuple[ChildResult, Digest | None, int | None]:
    """A child sent with its own facts, scored on the same day without a previous band."""
    tree = build_tree(child, as_of, policy, _evaluate_child)
    result = evaluate_tree(tree, None)
    values = (result.low_mp, result.high_mp, result.coverage_mp, result.confidence_mp)
    return ChildResult(result.score_mp, *values), result.digest, tree.next_day
