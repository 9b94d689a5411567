"""How likely the remaining items are done in the weeks left: exact, from past weeks' throughput."""

from collections.abc import Sequence

from portfolio.health.arithmetic import Ratio

MOST_ITEMS = 5_000
MOST_WEEKS = 260


def finish_probability(remaining: int, samples: Sequence[int], weeks: int) -> Ratio:
    """P(the sum of `weeks` uniform draws from `samples` reaches `remaining`), as a fraction."""
    certain = _certain(remaining, samples, weeks)
    if certain is not None:
        return certain
    outcomes = len(samples) ** weeks
    return outcomes - _outcomes_below(remaining, samples, weeks), outcomes


def is_affordable(remaining: int, samples: Sequence[int], weeks: int) -> bool:
    """False where the exact answer would cost seconds; no weekly plan reaches that far."""
    within = remaining <= MOST_ITEMS and weeks <= MOST_WEEKS
    return within or _certain(remaining, samples, weeks) is not None


def _certain(remaining: int, samples: Sequence[int], weeks: int) -> Ratio | None:
    if remaining <= 0:
        return 1, 1
    if weeks <= 0 or weeks * max(samples) < remaining:
        return 0, 1
    return (1, 1) if weeks * min(samples) >= remaining else None


def weeks_until_likely(remaining: int, samples: Sequence[int], level: Ratio) -> int | None:
    """The fewest weeks that finish with at least probability `level`; None beyond 260 weeks."""
    low, high = 0, MOST_WEEKS
    if not _reaches(finish_probability(remaining, samples, high), level):
        return None
    while low < high:
        middle = (low + high) // 2
        if _reaches(finish_probability(remaining, samples, middle), level):
            high = middle
        else:
            low = middle + 1
    return low


def _reaches(probability: Ratio, level: Ratio) -> bool:
    return probability[0] * level[1] >= level[0] * probability[1]


def _outcomes_below(remaining: int, samples: Sequence[int], weeks: int) -> int:
    """Sum of the coefficients of (sum of x^sample)^weeks below x^remaining.

    Each polynomial is one big integer (Kronecker substitution): a product of polynomials is a
    product of integers, cut off at x^remaining. The slots are one bit wider than the largest
    sum, so the coefficients' sum is the value modulo (2^width - 1).
    """
    width = (len(samples) ** weeks).bit_length() + 1
    cut = (1 << (width * remaining)) - 1
    square = sum(1 << (width * sample) for sample in samples if sample < remaining)
    power = 1
    while weeks:
        if weeks & 1:
            power = power * square & cut
        weeks >>= 1
        if weeks:
            square = square * square & cut
    return power % ((1 << width) - 1)
