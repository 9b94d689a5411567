"""The fold: a weighted mean mixed with the mean of the weakest part, at every level the same."""

from collections.abc import Sequence

from portfolio.health.arithmetic import FULL_MP, apportion, round_mp
from portfolio.health.policy.document import FoldRule

Scored = Sequence[tuple[int, int]]
"""Pairs of (score in millipoints, weight above 0)."""


def fold(scored: Scored, rule: FoldRule) -> int:
    """The score of a group that is not empty, rounded once."""
    (tail, tail_scale), (reach, reach_scale) = rule
    total = weighted = 0
    for score, weight in scored:
        total += weight
        weighted += weight * score
    if not tail:
        return round_mp(weighted, total)
    left = reach * total
    weakest = 0
    for score, weight in sorted(scored):
        taken = min(left, reach_scale * weight)
        weakest += score * taken
        left -= taken
        if not left:
            break
    return round_mp((tail_scale - tail) * reach * weighted + tail * weakest, tail_scale * reach * total)


def effective_weights(scored: Scored, rule: FoldRule) -> tuple[list[int], int]:
    """Each child's exact share in the score, as numerators over one denominator.

    Children with equal scores share the edge of the weakest part in proportion to their weights.
    """
    (tail, tail_scale), (reach, reach_scale) = rule
    total = sum(weight for _, weight in scored)
    weight_at: dict[int, int] = {}
    for score, weight in scored:
        weight_at[score] = weight_at.get(score, 0) + weight
    left, taken_at, edge = reach * total, dict.fromkeys(weight_at, 0), 1
    for score in sorted(weight_at):
        if left <= 0:
            break
        taken_at[score] = min(left, reach_scale * weight_at[score])
        left -= taken_at[score]
        edge = weight_at[score]
    mean = (tail_scale - tail) * reach * edge
    numerators = [
        mean * weight + tail * (taken_at[score] * weight * edge // weight_at[score]) for score, weight in scored
    ]
    return numerators, tail_scale * reach * total * edge


def contributions(scored: Scored, rule: FoldRule, keys: Sequence[str], score_mp: int) -> list[int]:
    """What each child costs the group; sums exactly to 100000 - score_mp."""
    weights, denominator = effective_weights(scored, rule)
    losses = [weight * (FULL_MP - score) for weight, (score, _) in zip(weights, scored, strict=True)]
    return apportion(losses, denominator, keys, FULL_MP - score_mp)
