"""The exact finish forecast against plain enumeration and plain convolution."""

from fractions import Fraction
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from portfolio.health import finish_probability, weeks_until_likely
from portfolio.health.statistics.finish_probability import MOST_WEEKS, is_affordable

SAMPLES = st.lists(st.integers(0, 7), min_size=1, max_size=5)


@settings(max_examples=200, deadline=None)
@given(st.integers(-2, 25), SAMPLES, st.integers(-1, 4))
def test_the_probability_is_the_share_of_all_outcomes(remaining: int, samples: list[int], weeks: int):
    outcomes = [sum(draws) for draws in product(samples, repeat=max(weeks, 0))]
    reached = sum(total >= remaining for total in outcomes)
    expected = Fraction(reached, len(outcomes)) if remaining > 0 else Fraction(1)
    assert Fraction(*finish_probability(remaining, samples, weeks)) == expected


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 120), SAMPLES, st.integers(1, 30))
def test_the_probability_is_the_plain_convolution(remaining: int, samples: list[int], weeks: int):
    ways = {0: 1}
    for _ in range(weeks):
        following: dict[int, int] = {}
        for total, count in ways.items():
            for sample in samples:
                following[total + sample] = following.get(total + sample, 0) + count
        ways = following
    reached = sum(count for total, count in ways.items() if total >= remaining)
    expected = Fraction(reached, len(samples) ** weeks)
    assert Fraction(*finish_probability(remaining, samples, weeks)) == expected


def test_the_likely_week_is_the_first_that_reaches_the_level():
    samples, level = [3, 4, 5, 4, 0, 2], (85, 100)
    weeks = weeks_until_likely(40, samples, level)
    assert weeks is not None
    assert Fraction(*finish_probability(40, samples, weeks)) >= Fraction(*level)
    assert Fraction(*finish_probability(40, samples, weeks - 1)) < Fraction(*level)
    assert weeks_until_likely(0, samples, level) == 0
    assert weeks_until_likely(10, [0, 0], level) is None


def test_plans_beyond_the_guard_are_answered_only_where_the_answer_is_certain():
    assert is_affordable(5_000, [0, 40], MOST_WEEKS)
    assert not is_affordable(5_001, [0, 400], MOST_WEEKS)
    assert is_affordable(10**9, [1, 2], 10_000)
    assert finish_probability(10**9, [1, 2], 10_000) == (0, 1)
    assert is_affordable(10, [1, 2], 10_000)
    assert is_affordable(0, [0], 10_000)
