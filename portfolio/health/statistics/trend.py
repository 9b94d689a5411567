"""Where a score is heading: the Theil-Sen slope of its weekly closes (method, section 8.4)."""

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from itertools import combinations
from statistics import median
from typing import NamedTuple

from portfolio.health.arithmetic import round_quotient

FEWEST_CLOSES, MOST_CLOSES = 3, 8
LEAST_SLOPE_MP, LEAST_MOVE_MP = 500, 2000


class Trend(NamedTuple):
    """`trend` is IMPROVING, STEADY, DECLINING or INSUFFICIENT, which has no numbers; both are signed."""

    trend: str
    slope_mp_per_week: int | None = None
    delta_mp: int | None = None


def trend_of(closes: Sequence[tuple[date, int | None]]) -> Trend:
    """At most one close a week, all under one policy version; None is a day without a published score."""
    known = sorted((day, score) for day, score in closes if score is not None)[-MOST_CLOSES:]
    if len(known) < FEWEST_CLOSES:
        return Trend("INSUFFICIENT")
    slope = median(
        Fraction(7 * (later - score), (later_on - day).days)
        for (day, score), (later_on, later) in combinations(known, 2)
    )
    delta = known[-1][1] - known[0][1]
    return Trend(_name(slope, delta), _away_from_zero(slope), delta)


def _name(slope: Fraction, delta_mp: int) -> str:
    if slope >= LEAST_SLOPE_MP and delta_mp >= LEAST_MOVE_MP:
        return "IMPROVING"
    if slope <= -LEAST_SLOPE_MP and delta_mp <= -LEAST_MOVE_MP:
        return "DECLINING"
    return "STEADY"


def _away_from_zero(value: Fraction) -> int:
    """Halves are rounded away from zero, so that a fall is as steep as the same rise."""
    rounded = round_quotient(abs(value.numerator), value.denominator)
    return rounded if value >= 0 else -rounded
