"""How the numbers of Halden Group run over half a year: weekdays, drift, gaps and outliers.

Everything follows from the seed and the day: the same seed on the same day gives the same numbers.
"""

import math
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from cli.demo.company import WEEKS, Course, DemoInitiative, DemoKpi

_MISSING = 0.04
_OUTLIERS = 0.006
# Day to day, as a share of the distance between red and target, which is 60 points.
_NOISE = 0.035
_RED, _GREEN, _FULL = 40, 80, 100
JOURNEY_WEEKS = WEEKS + 8
"""A rollout goes on for two months from now."""


@dataclass(frozen=True)
class DemoProgress:
    total_items: int
    done_items: int
    in_progress_items: int
    blocked_items: int
    weekly_throughput: list[int]


def values_of_week(seed: str, kpi: DemoKpi, last_day: date, week: int) -> Iterator[tuple[date, float]]:
    """The seven days that end on last_day. Some are missing, as in life, and now and then a whole week but its end."""
    draw = random.Random(f"{seed}/{kpi.key}/{week}")
    outage = draw.random() < 0.02
    for back in range(6, -1, -1):
        day = last_day - timedelta(days=back)
        points = level(kpi.course, week - back / 7) + _swing(kpi, day) + draw.gauss(0, 60 * _NOISE)
        if draw.random() < _OUTLIERS and back:
            points += draw.choice((-1, 1)) * 40
        if draw.random() > _MISSING and not (outage and back):
            yield day, round(_value(kpi, points, week), kpi.facts.get("digits", 1))


def level(course: Course, week: float) -> float:
    (first, points), *rest = course
    for after, next_points in rest:
        if week < after:
            return points + (next_points - points) * max(0.0, (week - first) / (after - first))
        first, points = after, next_points
    return points


def _swing(kpi: DemoKpi, day: date) -> float:
    weekend = 60 * kpi.facts.get("weekend", 0) if day.weekday() >= 5 else 0
    return weekend + 1.5 * math.sin(day.toordinal() / 9 + len(kpi.key))


def _value(kpi: DemoKpi, points: float, week: float) -> float:
    """The value that is worth so many points; values better than the target are worth 100, too."""
    facts = kpi.facts
    if "range" in facts:
        low, high = facts["range"]
        return high + (high - low) / 2 * (_FULL - points) / 60
    if "journey" in facts:
        return _value_on_journey(facts, points, week)
    red, target = facts["red"], facts["target"]
    if "green" not in facts:
        return red + (target - red) * (points - _RED) / 60
    green = facts["green"]
    if points < _GREEN:
        return red + (green - red) * (points - _RED) / 40
    return green + (target - green) * (points - _GREEN) / 20


def _value_on_journey(facts: Mapping[str, float], points: float, week: float) -> float:
    """Of a rollout whose expected share grows from 0 in week 0 to 1 in the last: see the health method, TRAJECTORY."""
    expected = min(1.0, max(0.0, week / JOURNEY_WEEKS))
    share = expected * points / _FULL if expected >= 0.5 else expected - (_FULL - points) / 200
    return facts["journey"] + (facts["target"] - facts["journey"]) * share


def progress_of_week(seed: str, initiative: DemoInitiative, week: int) -> DemoProgress:
    """What is known of an initiative at the end of a week; slow ones have blocked items."""
    assert initiative.weeks is not None, "what is not planned has no progress"
    draw = random.Random(f"{seed}/{initiative.key}")
    total, first = draw.randrange(24, 60), initiative.weeks[0]
    jitter = [draw.gauss(0, 0.6) for _ in range(WEEKS + 12)]

    def done(upto: int) -> int:
        share = initiative.share(upto)
        wobble = jitter[upto + 12] if 0 < share < 1 else 0
        return min(total, max(0, round(total * share + wobble)))

    counts = [done(upto) for upto in range(max(first - 1, -12), week + 1)]
    counts = [max(counts[: place + 1]) for place in range(len(counts))]
    weekly = [after - before for before, after in pairwise(counts)][-12:]
    open_items = min(total - counts[-1], 5)
    blocked = min(open_items, max(0, round(4 * (0.95 - initiative.pace) * 2)))
    return DemoProgress(total, counts[-1], open_items, blocked, weekly)
