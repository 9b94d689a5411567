"""The one rounding rule, the handing out of remainders and the one text of a number."""

from decimal import Decimal

import pytest

from portfolio.health.arithmetic import apportion, number_text, parse_ratio, round_mp, round_quotient


def test_halves_are_rounded_up_never_to_even():
    assert [round_quotient(numerator, 2) for numerator in (-3, -1, 1, 3, 5)] == [-1, 0, 1, 2, 3]
    assert [round_mp(numerator, 2) for numerator in (-3, 1, 200_001, 400_000)] == [0, 1, 100_000, 100_000]
    # Where a float division would already have lost the half.
    assert round_quotient(10**20 + 1, 2) == 5 * 10**19 + 1


def test_equal_remainders_go_by_key():
    assert apportion([1, 1, 1], 3, ["b", "a", "c"], 1) == [0, 1, 0]
    assert apportion([1, 1, 1], 3, ["b", "a", "B"], 1) == [0, 0, 1]
    assert apportion([-1, -1, 5], 2, ["x", "y", "z"], 2) == [0, 0, 2]


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ("1.50", "1.5"),
        ("1E+2", "100"),
        ("-0.0", "0"),
        ("+7", "7"),
        ("007.10", "7.1"),
        ("-0.05", "-0.05"),
        ("3/6", "0.5"),
        ("2/6", "1/3"),
        ("25e-3", "0.025"),
        (Decimal("12.3400"), "12.34"),
        (-12, "-12"),
    ],
)
def test_a_number_has_one_text(given: object, text: str):
    ratio = parse_ratio(given)
    assert ratio is not None
    assert number_text(ratio) == text
    assert parse_ratio(number_text(ratio)) is not None


@pytest.mark.parametrize("given", [0.5, True, None, "", "1.5.0", "NaN", "1/0", "٣", Decimal("Infinity"), "1e9999"])
def test_what_is_not_an_exact_number_is_not_read_as_one(given: object):
    assert parse_ratio(given) is None
