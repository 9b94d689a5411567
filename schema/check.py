"""Rules for single values. A check returns the value to store, or raises ValueError with a sentence."""

import json
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from schema.visible import refuse_control, refuse_unseen, with_plain_spaces, without_overrides

_KEY = re.compile(r"[A-Z][A-Z0-9-]{1,31}")
_ACCOUNT_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
_COLOR = re.compile(r"#[0-9A-Fa-f]{6}")
_NOT_IN_ADDRESS = re.compile(r"[\s<>\"\\]")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")

KEY = "Name that people use, unique in the organization: 2 to 32 characters A to Z, 0 to 9 and hyphens, a letter first."
ACCOUNT_KEY = (
    "Name that people use, unique in the organization: 1 to 64 letters, digits, dots, underscores, hyphens or @, such"
    " as ada.lovelace."
)

LONGEST_NAME = 200
LONGEST_TEXT = 20_000
MOST_ITEMS = 250
MOST_DIGITS = 15
FUTURE_TOLERATED = timedelta(minutes=5)

# Wide enough for every plan, and far enough from the calendar's ends to count days and zones on.
_FIRST_DAY, _LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)
_FIRST_INSTANT = datetime(1900, 1, 1, tzinfo=UTC)


class ItemError(ValueError):
    """One item of a list is wrong. index: its place, from 0."""

    def __init__(self, index: int, message: str) -> None:
        super().__init__(message)
        self.index = index


def each(rule: Callable[[Any], Any]) -> Callable[[Sequence[Any]], list[Any]]:
    """The rule for every item. Raises ItemError for the first that breaks it."""

    def check(values: Sequence[Any]) -> list[Any]:
        checked = []
        for index, value in enumerate(values):
            try:
                checked.append(rule(value))
            except ValueError as error:
                raise ItemError(index, str(error)) from None
        return checked

    return check


def key(value: str) -> str:
    if not _KEY.fullmatch(value):
        suggestion = re.sub(r"[^A-Z0-9-]+", "-", value[:40].upper()).strip("-0123456789")[:32]
        example = suggestion if _KEY.fullmatch(suggestion) else "CHURN-MODEL"
        raise ValueError(
            f"A key has 2 to 32 characters, A to Z, 0 to 9 and hyphens, and begins with a letter, such as {example}."
        )
    return value


def account_key(value: str) -> str:
    """Keys of people and service accounts are often login names."""
    if not _ACCOUNT_KEY.fullmatch(value):
        raise ValueError(
            "This key has 1 to 64 letters, digits, dots, underscores, hyphens or @, and begins "
            "with a letter or a digit, such as ada.lovelace."
        )
    return value


def line(longest: int = LONGEST_NAME) -> Callable[[str], str]:
    """One line of text, without spaces around it and without characters that nobody sees."""

    def check(value: str) -> str:
        stripped = with_plain_spaces(value).strip()
        if not 1 <= len(stripped) <= longest:
            raise ValueError(f"This has 1 to {longest} characters; {len(stripped)} were given.")
        refuse_unseen(stripped, len(value) - len(value.lstrip()))
        return stripped

    return check


def system(value: str) -> str:
    """Name of another system: what looks alike is alike."""
    return line(64)(normalized_system(value))


def normalized_system(value: str) -> str:
    return unicodedata.normalize("NFKC", value.strip()).strip()


def external_id(value: str) -> str:
    return line(255)(value)


def address(value: str) -> str:
    """An address that screens may make a link of: it leads where it seems to lead."""
    given = line(2000)(value)
    if _NOT_IN_ADDRESS.search(given):
        raise ValueError('An address holds no spaces and none of < > " \\; write them as %20, %3C and so on.')
    try:
        parts = urlsplit(given)
    except ValueError:
        raise ValueError("This is no address, such as https://jira.example/browse/AI-42.") from None
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise ValueError("An address begins with https:// or http:// and a host.")
    if "@" in parts.netloc:
        raise ValueError("An address holds no user name and no password.")
    return given


def text(value: str) -> str:
    """Text of several lines, without directional overrides; blank text is kept as it is."""
    if len(value) > LONGEST_TEXT:
        raise ValueError(f"This has at most {LONGEST_TEXT} characters; {len(value)} were given.")
    refuse_control(value, "\n\r\t")
    return without_overrides(value)


def json_text(longest: int) -> Callable[[Any], str]:
    """JSON as it is kept."""

    def check(value: Any) -> str:
        for part in _texts(value):
            refuse_control(part, "\n\r\t")
        kept = json.dumps(value, ensure_ascii=False)
        if len(kept) > longest:
            raise ValueError(f"This has at most {longest} characters as JSON; {len(kept)} were given.")
        return kept

    return check


def _texts(value: Any) -> Iterator[str]:
    """Every text in a JSON value, keys included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, member in value.items():
            yield name
            yield from _texts(member)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def color(value: str) -> str:
    if not _COLOR.fullmatch(value):
        raise ValueError("A color is written as #RRGGBB, such as #1F77B4.")
    return value.upper()


def email(value: str) -> str:
    stripped = line(320)(value)
    if not _EMAIL.fullmatch(stripped):
        raise ValueError("This is no e-mail address, such as ada@example.com.")
    return stripped


def whole(low: int, high: int) -> Callable[[int], int]:
    def check(value: int) -> int:
        if not low <= value <= high:
            raise ValueError(f"This is a whole number from {low} to {high}.")
        return value

    return check


def day(value: date) -> date:
    if not _FIRST_DAY <= value <= _LAST_DAY:
        raise ValueError("This is a day from 1900-01-01 to 2199-12-31.")
    return value


def observed(now: datetime, tolerated: timedelta = FUTURE_TOLERATED) -> Callable[[datetime], datetime]:
    """An instant in the past; a sender's clock may be so far ahead."""

    def check(value: datetime) -> datetime:
        if value > now + tolerated:
            clock = now.isoformat(timespec="seconds")
            raise ValueError(f"This instant is in the future: the server's clock says {clock}. Look at the sender's.")
        if value < _FIRST_INSTANT:
            raise ValueError("This instant is before 1900.")
        return value

    return check


def time_zone(value: str) -> str:
    """available_timezones first: ZoneInfo itself reads whatever file a name points to."""
    if value not in available_timezones():
        raise ValueError("This is no IANA time zone, such as Europe/Zurich.")
    return ZoneInfo(value).key


def decimal(value: Any) -> Decimal:
    """The number that a float's shortest text says: 0.1 is a tenth."""
    number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    if not number.is_finite():
        raise ValueError("This is no finite number.")
    digits = number.as_tuple().digits
    significant = len("".join(map(str, digits)).strip("0"))
    if significant > MOST_DIGITS:
        raise ValueError(f"A number has at most {MOST_DIGITS} significant digits; this one has {significant}.")
    # Without trailing zeros, which a database would keep and print: 120.0 is 120.
    return number.normalize() if number else Decimal(0)


def positive_decimal(value: Any) -> Decimal:
    number = decimal(value)
    if number <= 0:
        raise ValueError("This is a number above 0.")
    return number


def amount(value: Any) -> Decimal:
    number = decimal(value)
    if number < 0:
        raise ValueError("This is a number from 0 on.")
    return number


def share(value: Any) -> Decimal:
    number = decimal(value)
    if not 0 <= number <= 1:
        raise ValueError("This is a number from 0 to 1.")
    return number
