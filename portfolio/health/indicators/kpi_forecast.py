"""How likely a KPI is on target on its date: half its drift is trusted (method, section 8.2).

Not part of the score, so the tail of Student's t is a float, rounded to four digits.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction
from itertools import pairwise
from math import atan, cos, pi, sin, sqrt
from typing import Any, NamedTuple

from portfolio.health.fields import Fields
from portfolio.health.indicators.kpi import winning_measurements

FEWEST_DAYS, MOST_DAYS, SHORTEST_SPAN_DAYS = 4, 26, 14
LEAST_P, MOST_P = 0.0001, 0.9999

Points = Sequence[tuple[int, Fraction]]


class KpiForecast(NamedTuple):
    """`p` is None without enough data; `reason` says how it was found, or why it was not.

    `mean` is the value expected on the target date; `df` are the degrees of freedom.
    """

    p: float | None
    reason: str
    mean: Fraction | None = None
    df: int | None = None


def kpi_forecast(kpi: Mapping[str, Any], as_of: date) -> KpiForecast:
    """Raises InputError without a target, a target date, or with direction RANGE."""
    fields, today = Fields(kpi), as_of.toordinal()
    sign = 1 if fields.choice("direction", frozenset({"HIGHER", "LOWER"})) == "HIGHER" else -1
    target, target_on = sign * Fraction(*fields.required_number("target")), fields.required_day("target_on")
    winners = winning_measurements(fields)
    points = [(day, sign * Fraction(*winners[day].required_number("value"))) for day in sorted(winners) if day <= today]
    if not points:
        return KpiForecast(None, "NO_DATA")
    if today > target_on:
        return KpiForecast(float(points[-1][1] >= target), "TARGET_DATE_PASSED")
    points = points[-MOST_DAYS:]
    if len(points) < FEWEST_DAYS or points[-1][0] - points[0][0] < SHORTEST_SPAN_DAYS:
        return KpiForecast(None, "TOO_FEW_POINTS")
    forecast = _ahead(points, target, target_on - points[-1][0])
    return forecast if forecast.mean is None else forecast._replace(mean=sign * forecast.mean)


def _ahead(points: Points, target: Fraction, days: int) -> KpiForecast:
    """Half the drift ahead, with the variance of the increments and of the drift itself."""
    (first_on, first), (last_on, last) = points[0], points[-1]
    span, increments = last_on - first_on, len(points) - 1
    drift = (last - first) / span
    mean = last + drift * days / 2
    variance = _variance_a_day(points, drift) * days * (1 + Fraction(days, span))
    if not variance:
        return KpiForecast(float(mean >= target), "DETERMINISTIC", mean)
    p = student_t_below(float(mean - target) / sqrt(variance), increments - 1)
    return KpiForecast(round(min(max(p, LEAST_P), MOST_P), 4), "HALF_DRIFT_T", mean, increments - 1)


def _variance_a_day(points: Points, drift: Fraction) -> Fraction:
    steps = [(on - before_on, value - before) for (before_on, before), (on, value) in pairwise(points)]
    return sum(((move - drift * days) ** 2 / days for days, move in steps), Fraction(0)) / (len(steps) - 1)


def student_t_below(t: float, df: int) -> float:
    """P(T <= t), by the finite sums for whole degrees of freedom (Abramowitz and Stegun, 26.7.3 and 26.7.4)."""
    angle = atan(t / sqrt(df))
    term = total = cos(angle) if df % 2 else 1.0
    for step in range(3 if df % 2 else 2, df, 2):
        term *= cos(angle) ** 2 * (step - 1) / step
        total += term
    if df == 1:
        total = 0.0
    within = 2 / pi * (angle + sin(angle) * total) if df % 2 else sin(angle) * total
    return (1 + within) / 2
