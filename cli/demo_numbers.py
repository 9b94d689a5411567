"""How the numbers of Halden Group run over half a year.

Everything follows from the seed and the day: the same seed on the same day gives the same numbers.
"""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from cli.demo_company import KPIS, PRODUCTS, DemoKpi, DemoProduct, initiative_key, kpi_key

WEEKS = 26


@dataclass(frozen=True)
class Value:
    kpi_key: str
    day: date
    value: float


@dataclass(frozen=True)
class Progress:
    initiative_key: str
    total_items: int
    done_items: int
    in_progress_items: int
    blocked_items: int
    weekly_throughput: list[int]


def values_of_week(seed: int, today: date, week: int) -> Iterator[Value]:
    """Daily values of the week that ends `WEEKS - 1 - week` weeks before today. Some days are missing, as in life."""
    last_day = today - timedelta(weeks=WEEKS - 1 - week)
    for product in PRODUCTS:
        for name in product.kpis:
            draw = random.Random(f"{seed}/{product.key}/{name}/{week}")
            for back in range(6, -1, -1):
                day = last_day - timedelta(days=back)
                value = _value(KPIS[name], _level(product, week), day, draw)
                if draw.random() > 0.07:
                    yield Value(kpi_key(product, name), day, value)


def _level(product: DemoProduct, week: int) -> float:
    """From 0 to 1: where between bad and good the product stands in a week."""
    if product.turn is None or week < product.turn:
        start = 0.5 if product.turn is None else 0.85
        share = min(1.0, week / 12)
        return start + (product.health - start) * share if product.turn is None else start
    return 0.85 + (product.health - 0.85) * min(1.0, (week - product.turn + 1) / 5)


def _value(kpi: DemoKpi, level: float, day: date, draw: random.Random) -> float:
    middle = kpi.bad + (kpi.good - kpi.bad) * level
    season = 1 + (kpi.weekend if day.weekday() >= 5 else 0) + 0.015 * math.sin(day.toordinal() / 9)
    return round(middle * season + draw.gauss(0, 0.04) * abs(kpi.good - kpi.bad), kpi.digits)


def progress_of_week(seed: int, week: int) -> Iterator[Progress]:
    """What is known of each initiative at the end of a week; slow products finish fewer items."""
    for product in PRODUCTS:
        for position, _ in enumerate(product.initiatives):
            draw = random.Random(f"{seed}/{product.key}/{position}")
            total = draw.randrange(28, 60)
            pace = total / WEEKS * (0.55 + 0.6 * product.health)
            done_by_week = [max(0, round(draw.gauss(pace, pace / 3))) for _ in range(WEEKS)]
            done = min(total, sum(done_by_week[: week + 1]))
            open_items = min(total - done, 4)
            blocked = min(open_items, round(2 * (1 - product.health)))
            recent = done_by_week[max(0, week - 11) : week + 1]
            yield Progress(initiative_key(product, position), total, done, open_items, blocked, recent)
