"""Whether the newest value is suspect beside those before it (method, section 8.3). It never changes a score."""

from collections.abc import Sequence
from fractions import Fraction
from statistics import median
from typing import NamedTuple

from portfolio.health.arithmetic import parse_ratio, round_quotient
from portfolio.health.errors import InputError

FEWEST_BEFORE, MOST_BEFORE = 8, 24
LIMIT = Fraction(7, 2)

# Iglewicz and Hoaglin: what makes the median, or the mean, of the deviations the spread of a normal series.
_OF_MEDIAN, _OF_MEAN = Fraction("0.6745"), 1 / Fraction("1.253314")


class Anomaly(NamedTuple):
    """`is_anomaly` is None with too few values; `reason` stands where there is no z."""

    is_anomaly: bool | None
    reason: str | None = None
    z_milli: int | None = None


def anomaly_of(values: Sequence[object]) -> Anomaly:
    """Exact numbers, oldest first; the last is tested against the up to 24 before it."""
    *before, newest = (_exact(value, index) for index, value in enumerate(values[-MOST_BEFORE - 1 :]))
    if len(before) < FEWEST_BEFORE:
        return Anomaly(None, "TOO_FEW_POINTS")
    middle = median(before)
    deviations = [abs(value - middle) for value in before]
    distance = abs(newest - middle)
    if spread := median(deviations):
        return _judged(_OF_MEDIAN * distance / spread)
    if total := sum(deviations):
        return _judged(_OF_MEAN * distance * len(before) / total)
    return Anomaly(distance != 0, "CONSTANT_SERIES")


def _judged(z: Fraction) -> Anomaly:
    return Anomaly(z > LIMIT, None, round_quotient(1000 * z.numerator, z.denominator))


def _exact(value: object, index: int) -> Fraction:
    ratio = parse_ratio(value)
    if ratio is None:
        raise InputError(f"values[{index}]", "must be an exact number: a decimal string or an integer")
    return Fraction(*ratio)
