"""Stale good news fades, stale bad news stays: how the age of a fact weakens it."""

from portfolio.health.arithmetic import FULL_MP, Ratio, round_mp, round_quotient
from portfolio.health.policy.document import Policy, Staleness

FRESH: Ratio = (1, 1)
GONE: Ratio = (0, 1)


def freshness(observed_day: int | None, as_of: int, cadence: int, staleness: Staleness) -> Ratio:
    """1 up to the cadence, falling to 0; without a date, or dated ahead, a fact is current."""
    if observed_day is None or observed_day >= as_of:
        return FRESH
    age = (as_of - observed_day) * staleness.scale
    if age <= staleness.full * cadence:
        return FRESH
    if age >= staleness.dead * cadence:
        return GONE
    return staleness.dead * cadence - age, (staleness.dead - staleness.full) * cadence


def next_fading_day(observed_day: int | None, as_of: int, cadence: int, staleness: Staleness) -> int | None:
    """The next day on which `freshness` differs from today's; None if it never will."""
    if observed_day is None:
        return None
    first = observed_day + staleness.full * cadence // staleness.scale + 1
    if first > as_of:
        return first
    if (as_of - observed_day) * staleness.scale < staleness.dead * cadence:
        return as_of + 1
    return None


def faded(raw_mp: int, fresh: Ratio, policy: Policy, known: Ratio = FRESH) -> tuple[int, int, int, int]:
    """Effective score, low, high and confidence, all in millipoints (method, section 5).

    `known` is the share of the fact that there is data for: it widens the range, and leaves the score.
    """
    numerator, denominator = fresh
    if numerator == denominator and known[0] == known[1]:
        return raw_mp, raw_mp, raw_mp, FULL_MP
    prior = policy.prior_mp
    effective = raw_mp
    if raw_mp > prior:
        effective = prior + round_quotient((raw_mp - prior) * numerator, denominator)
    numerator, denominator = numerator * known[0], denominator * known[1]
    worst = round_mp(raw_mp * numerator, denominator)
    best = round_mp(raw_mp * numerator + FULL_MP * (denominator - numerator), denominator)
    confidence = round_mp(FULL_MP * numerator, denominator)
    return effective, min(effective, worst), max(effective, best), confidence
