"""The tail of Student's t against the printed table, for odd and even degrees of freedom."""

import pytest

from portfolio.health.indicators.kpi_forecast import student_t_below


@pytest.mark.parametrize(
    ("df", "t"), [(1, 6.3138), (2, 2.9200), (3, 2.3534), (4, 2.1318), (5, 2.0150), (8, 1.8595), (25, 1.7081)]
)
def test_the_tail_is_the_printed_one(df: int, t: float):
    assert student_t_below(t, df) == pytest.approx(0.95, abs=0.0001)
    assert student_t_below(-t, df) == pytest.approx(0.05, abs=0.0001)
    assert student_t_below(0, df) == 0.5
