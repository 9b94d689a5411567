"""The score of one KPI: its definition decides the shape, its newest value the millipoints."""

from collections.abc import Mapping
from math import lcm
from typing import NamedTuple

from portfolio.health.arithmetic import FULL_MP, Ratio, round_mp
from portfolio.health.fields import Fields
from portfolio.health.policy.document import Anchors, Policy

DIRECTIONS = frozenset({"HIGHER", "LOWER", "RANGE"})
VALUE_MODES = frozenset({"LAST", "MEDIAN3"})
THRESHOLDS = ("target", "baseline", "red_at", "green_at", "tolerance", "range_low", "range_high")

RED_MP = 40_000
GREEN_MP = 80_000


class Level(NamedTuple):
    """Absolute thresholds, sign-flipped if lower is better, so that higher is better here."""

    sign: int
    red: int
    green: int | None
    target: int


class Range(NamedTuple):
    """Inside is 100 points; `tolerance` outside is red."""

    low: int
    high: int
    tolerance: int


class Trajectory(NamedTuple):
    """Progress from the baseline to the target, against the share of the journey expected."""

    baseline: int
    target: int


Shape = Level | Range | Trajectory
MODES: Mapping[type, str] = {Level: "LEVEL", Range: "RANGE", Trajectory: "TRAJECTORY"}


class NewestValue(NamedTuple):
    """The newest value: numerator and denominator, its day, and the next day with a later one."""

    value: Ratio | None
    day: int | None
    next_day: int | None


class KpiScore(NamedTuple):
    """`raw_mp` is None without data or with a problem; `problem` says what the definition lacks."""

    raw_mp: int | None
    mode: str | None
    problem: str | None
    measured_day: int | None
    next_day: int | None
    """The next day on which the raw score can change without a write."""


def score_kpi(kpi: Fields, as_of: int, policy: Policy) -> KpiScore:
    direction = kpi.choice("direction", DIRECTIONS)
    reading = newest_value(kpi, as_of)
    scaled = _scaled(kpi, reading.value, policy)
    if direction == "RANGE":
        for name in ("range_low", "range_high"):
            if name not in scaled:
                raise kpi.refuse(name, "is missing")
    shape = _shape(direction, scaled, policy)
    if isinstance(shape, str):
        return KpiScore(None, None, shape, reading.day, reading.next_day)
    mode, value, next_day = MODES[type(shape)], scaled.get("value"), reading.next_day
    if value is None or reading.day is None:
        return KpiScore(None, mode, None, None, next_day)
    if isinstance(shape, Trajectory):
        target_on = kpi.day("target_on")
        expected = _expected(kpi.day("start_on"), target_on, reading.day, as_of)
        raw = _trajectory_mp(shape, value, expected, policy.trajectory_minimum)
        if target_on is not None and expected[0] < expected[1]:
            next_day = min(next_day or target_on + 1, target_on + 1)
    elif isinstance(shape, Level):
        raw = _level_mp(shape, value)
    else:
        raw = _range_mp(shape, value)
    return KpiScore(raw, mode, None, reading.day, next_day)


def lower_is_better_mp(value: Ratio, anchors: Anchors) -> int:
    """The level score of one value against anchors of the policy, lower being better."""
    red, green, target = anchors
    scale = lcm(value[1], red[1], target[1], green[1] if green else 1)

    def flipped(number: Ratio) -> int:
        return -number[0] * (scale // number[1])

    level = Level(-1, flipped(red), flipped(green) if green else None, flipped(target))
    return _level_mp(level, -flipped(value))


def winning_measurements(kpi: Fields) -> dict[int, Fields]:
    """One measurement a day: corrections supersede by (recorded, id), then by list order."""
    winners: dict[int, Fields] = {}
    for measurement in kpi.items("measurements"):
        day = measurement.required_day("on")
        standing = winners.get(day)
        if standing is None or _rank(measurement) >= _rank(standing):
            winners[day] = measurement
    return winners


def _rank(measurement: Fields) -> tuple[str, str]:
    return measurement.text("recorded", ""), measurement.text("id", "")


def days_read(kpi: Fields) -> int:
    return 3 if kpi.choice("value_mode", VALUE_MODES, "LAST") == "MEDIAN3" else 1


def newest_value(kpi: Fields, as_of: int) -> NewestValue:
    """A measurement dated after `as_of` does not exist yet."""
    winners = winning_measurements(kpi)
    known = [day for day in winners if day <= as_of]
    ahead = [day for day in winners if day > as_of]
    next_day = min(ahead) if ahead else None
    if not known:
        return NewestValue(None, None, next_day)
    newest = sorted(known, reverse=True)[: days_read(kpi)]
    values = [winners[day].required_number("value") for day in newest]
    return NewestValue(values[0] if len(values) == 1 else _median(values), newest[0], next_day)


def _median(values: list[Ratio]) -> Ratio:
    scale = lcm(*(denominator for _, denominator in values))
    ordered = sorted(numerator * (scale // denominator) for numerator, denominator in values)
    if len(ordered) == 2:
        return ordered[0] + ordered[1], 2 * scale
    return ordered[1], scale


def _scaled(kpi: Fields, value: Ratio | None, policy: Policy) -> dict[str, int]:
    """The numbers a KPI has over one denominator, so that every formula below is in integers.

    The extra factors keep half a range and the maintain tolerance whole as well.
    """
    numbers = {name: ratio for name in THRESHOLDS if (ratio := kpi.number(name)) is not None}
    if value is not None:
        numbers["value"] = value
    scale = lcm(*(ratio[1] for ratio in numbers.values())) * 2 * policy.maintain_tolerance[1]
    return {name: ratio[0] * (scale // ratio[1]) for name, ratio in numbers.items()}


def _shape(direction: str, scaled: Mapping[str, int], policy: Policy) -> Shape | str:
    """The shape of the score, or the code of the problem that makes the KPI unscorable."""
    tolerance, target = scaled.get("tolerance"), scaled.get("target")
    if tolerance is not None and tolerance <= 0:
        return "KPI_BAD_TOLERANCE"
    if direction == "RANGE":
        return _range_shape(scaled["range_low"], scaled["range_high"], tolerance)
    if target is None:
        return "KPI_NO_TARGET"
    sign = 1 if direction == "HIGHER" else -1
    red = scaled.get("red_at")
    if red is None and tolerance is not None:
        red = target - sign * tolerance
    if red is None:
        return _shape_without_red(sign, target, scaled, policy)
    return _level_shape(sign, red, scaled.get("green_at"), target)


def _shape_without_red(sign: int, target: int, scaled: Mapping[str, int], policy: Policy) -> Shape | str:
    """A journey from the baseline if there is one, else a level to maintain."""
    baseline = scaled.get("baseline")
    if baseline is not None and baseline != target:
        is_conflict = (target > baseline) != (sign > 0)
        return "KPI_DIRECTION_CONFLICT" if is_conflict else Trajectory(baseline, target)
    if not target:
        return "KPI_NEEDS_TOLERANCE"
    share, whole = policy.maintain_tolerance
    red = target - sign * (abs(target) * share // whole)
    return _level_shape(sign, red, scaled.get("green_at"), target)


def _range_shape(low: int, high: int, tolerance: int | None) -> Range | str:
    if low > high:
        return "KPI_BAD_RANGE"
    if tolerance is None:
        if low == high:
            return "KPI_NEEDS_TOLERANCE"
        tolerance = (high - low) // 2
    return Range(low, high, tolerance)


def _level_shape(sign: int, red: int, green: int | None, target: int) -> Level | str:
    red, target = sign * red, sign * target
    green = None if green is None or sign * green == target else sign * green
    if red >= target or (green is not None and not red < green < target):
        return "KPI_BAD_THRESHOLDS"
    return Level(sign, red, green, target)


def _level_mp(level: Level, value: int) -> int:
    value *= level.sign
    if level.green is None:
        return _between(value, level.red, level.target, RED_MP, FULL_MP)
    if value < level.green:
        return _between(value, level.red, level.green, RED_MP, GREEN_MP)
    return _between(value, level.green, level.target, GREEN_MP, FULL_MP)


def _range_mp(shape: Range, value: int) -> int:
    outside = max(shape.low - value, value - shape.high, 0)
    return _between(-outside, -shape.tolerance, 0, RED_MP, FULL_MP)


def _between(value: int, start: int, end: int, start_mp: int, end_mp: int) -> int:
    """The straight line through (start, start_mp) and (end, end_mp), clamped to 0..100000."""
    length = end - start
    return round_mp(start_mp * length + (end_mp - start_mp) * (value - start), length)


def _expected(start: int | None, end: int | None, measured: int, as_of: int) -> Ratio:
    """The share of the journey that should be behind at the measurement's date."""
    if start is None or end is None or as_of > end or start >= end:
        return 1, 1
    return min(max(measured - start, 0), end - start), end - start


def _trajectory_mp(shape: Trajectory, value: int, expected: Ratio, minimum: Ratio) -> int:
    """Shortfall against the expected share, measured in units of at least `minimum` of it."""
    gone, journey = value - shape.baseline, shape.target - shape.baseline
    if journey < 0:
        gone, journey = -gone, -journey
    due, whole = expected
    shortfall = due * journey - gone * whole
    if shortfall <= 0:
        return FULL_MP
    unit, unit_scale = expected if due * minimum[1] >= minimum[0] * whole else minimum
    loss, loss_scale = shortfall * unit_scale, whole * journey * unit
    return round_mp(FULL_MP * (loss_scale - loss), loss_scale)
