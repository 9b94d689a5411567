"""Between dates and the day ordinals that the arithmetic counts in."""

from datetime import date

_LAST_DAY = date.max.toordinal()


def to_date(day: int | None) -> date | None:
    """None for none, and for days beyond the calendar's last year, 9999."""
    return None if day is None or day > _LAST_DAY else date.fromordinal(day)
