"""Exact integer arithmetic: one rounding rule, one way to hand out remainders, one decimal text."""

import re
from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from math import gcd

FULL_MP = 100_000

Ratio = tuple[int, int]

_DECIMAL = re.compile(r"([+-]?)([0-9]{1,400})(?:\.([0-9]{0,400}))?(?:[eE]([+-]?[0-9]{1,3}))?")
_FRACTION = re.compile(r"([+-]?[0-9]{1,400})/([0-9]{1,400})")


def round_quotient(numerator: int, denominator: int) -> int:
    """Half up, also below zero; the denominator is positive."""
    return (2 * numerator + denominator) // (2 * denominator)


def round_mp(numerator: int, denominator: int) -> int:
    """Rounded half up and clamped to 0..100000."""
    rounded = (2 * numerator + denominator) // (2 * denominator)
    return 0 if rounded < 0 else min(rounded, FULL_MP)


def apportion(numerators: Sequence[int], denominator: int, keys: Sequence[str], total: int) -> list[int]:
    """Integer parts of numerators/denominator that sum to `total` (Hamilton's rule).

    Floors towards minus infinity, then +1 to the largest remainders; ties go by key.
    """
    parts = [numerator // denominator for numerator in numerators]
    left = total - sum(parts)
    if left:
        order = sorted(range(len(parts)), key=lambda index: (-(numerators[index] % denominator), keys[index]))
        for index in order[:left]:
            parts[index] += 1
    return parts


def parse_ratio(value: object) -> Ratio | None:
    """An exact number as (numerator, positive denominator), or None if it is not one.

    Takes integers, `Decimal`, decimal strings and `n/d` strings; floats are never exact.
    """
    if isinstance(value, str):
        return _text_ratio(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value, 1
    if isinstance(value, Decimal) and value.is_finite():
        return value.as_integer_ratio()
    return None


# Targets and thresholds are read again at every evaluation: a hit costs a tenth of the parsing.
@lru_cache(maxsize=16_384)
def _text_ratio(text: str) -> Ratio | None:
    if match := _DECIMAL.fullmatch(text):
        return _decimal_ratio(*match.groups())
    if (match := _FRACTION.fullmatch(text)) and int(match[2]):
        return int(match[1]), int(match[2])
    return None


def _decimal_ratio(sign: str, whole: str, decimals: str | None, exponent: str | None) -> Ratio:
    digits = int(whole + decimals) if decimals else int(whole)
    shift = (int(exponent) if exponent else 0) - (len(decimals) if decimals else 0)
    if sign == "-":
        digits = -digits
    return (digits * 10**shift, 1) if shift > 0 else (digits, 10**-shift)


def ratio_text(ratio: Ratio, *, whole_as_fraction: bool = False) -> str:
    """Lowest terms `n/d`; a whole number without its denominator unless asked for."""
    divisor = gcd(*ratio)
    numerator, denominator = ratio[0] // divisor, ratio[1] // divisor
    if denominator == 1 and not whole_as_fraction:
        return str(numerator)
    return f"{numerator}/{denominator}"


def number_text(ratio: Ratio) -> str:
    """The one text of a number: plain decimal if it ends, else a fraction in lowest terms."""
    divisor = gcd(*ratio)
    numerator, denominator = ratio[0] // divisor, ratio[1] // divisor
    places = _decimal_places(denominator)
    if places is None:
        return f"{numerator}/{denominator}"
    if not places:
        return str(numerator)
    digits = str(abs(numerator) * 10**places // denominator).rjust(places + 1, "0")
    return f"{'-' if numerator < 0 else ''}{digits[:-places]}.{digits[-places:]}"


def _decimal_places(denominator: int) -> int | None:
    """How many decimals n/denominator needs in lowest terms; None if it never ends."""
    counts: list[int] = []
    for prime in (2, 5):
        count = 0
        while denominator % prime == 0:
            denominator //= prime
            count += 1
        counts.append(count)
    return max(counts) if denominator == 1 else None
