"""Typed reading of the facts of a node: every value is checked once, errors name their place."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, TypeVar, cast

from portfolio.health.arithmetic import Ratio, parse_ratio
from portfolio.health.errors import InputError

Value = TypeVar("Value")

_UNBOUNDED = 10**18


class Fields:
    """One object of the input with its place; null and absent are the same.

    The place is put into words only for an error: naming every measurement cost a tenth of a run.
    """

    __slots__ = ("_index", "_key", "_parent", "values")

    def __init__(self, values: object, parent: "Fields | None" = None, key: str = "", index: int = -1) -> None:
        self._parent, self._key, self._index = parent, key, index
        # The exact type first: asking the abstract class costs five times as much.
        if type(values) is not dict and not isinstance(values, Mapping):
            raise InputError(self.path, "must be an object")
        self.values: Mapping[str, Any] = values

    @property
    def path(self) -> str:
        """The place of this object, such as `kpis[2]`; empty for the node itself."""
        if self._parent is None:
            return ""
        place = self._parent.place(self._key)
        return f"{place}[{self._index}]" if self._index >= 0 else place

    def place(self, key: str) -> str:
        path = self.path
        return f"{path}.{key}" if path else key

    def refuse(self, key: str, message: str) -> InputError:
        return InputError(self.place(key), message)

    def text(self, key: str, default: str | None = None) -> str:
        value = self.values.get(key)
        if value is None:
            value = default
        if not isinstance(value, str):
            raise self.refuse(key, "must be a string")
        return value

    def choice(self, key: str, allowed: frozenset[str], default: str | None = None) -> str:
        value = self.text(key, default)
        if value not in allowed:
            raise self.refuse(key, f"must be one of {', '.join(sorted(allowed))}")
        return value

    def flag(self, key: str, default: bool = False) -> bool:
        value = self.values.get(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise self.refuse(key, "must be true or false")
        return value

    def integer(self, key: str, low: int = 0, high: int = _UNBOUNDED) -> int | None:
        value = self.values.get(key)
        if value is None:
            return None
        if type(value) is not int:  # a boolean is an int by inheritance, and never meant as one
            raise self.refuse(key, "must be an integer")
        if not low <= value <= high:
            raise self.refuse(key, f"must be between {low} and {high}")
        return value

    def number(self, key: str) -> Ratio | None:
        """An exact number as (numerator, denominator)."""
        value = self.values.get(key)
        if value is None:
            return None
        ratio = parse_ratio(value)
        if ratio is None:
            raise self.refuse(key, "must be an exact number: a decimal string or an integer")
        return ratio

    def day(self, key: str) -> int | None:
        """A date as its proleptic Gregorian ordinal, so that ages are plain differences."""
        value = self.values.get(key)
        if value is None:
            return None
        # The standard library also reads 20261122 and week dates; the format knows one spelling.
        if isinstance(value, str) and value[4:5] == value[7:8] == "-":
            try:
                return date.fromisoformat(value[:10]).toordinal()
            except ValueError:
                raise self.refuse(key, "must be a date, YYYY-MM-DD") from None
        if isinstance(value, date) and not isinstance(value, datetime):
            return value.toordinal()
        raise self.refuse(key, "must be a date, YYYY-MM-DD")

    def items(self, key: str) -> Iterator["Fields"]:
        """The objects of a list; an absent list is empty."""
        return (Fields(item, self, key, index) for index, item in enumerate(self.sequence(key)))

    def unique_items(self, key: str) -> Iterator["Fields"]:
        """The objects of a list, each with an `id` of its own."""
        seen: set[str] = set()
        for item in self.items(key):
            identity = item.text("id")
            if identity in seen:
                raise item.refuse("id", "is used twice")
            seen.add(identity)
            yield item

    def sequence(self, key: str) -> Sequence[Any]:
        value = self.values.get(key)
        if value is None:
            return ()
        if not isinstance(value, (list, tuple)):
            raise self.refuse(key, "must be a list")
        return cast(Sequence[Any], value)

    def texts(self, key: str) -> Sequence[str]:
        values = self.sequence(key)
        if not all(isinstance(value, str) for value in values):
            raise self.refuse(key, "must be a list of strings")
        return values

    def section(self, key: str) -> "Fields | None":
        value = self.values.get(key)
        return None if value is None else Fields(value, self, key)

    def required_number(self, key: str) -> Ratio:
        return _required(self, key, self.number(key))

    def required_integer(self, key: str, low: int = 0, high: int = _UNBOUNDED) -> int:
        return _required(self, key, self.integer(key, low, high))

    def required_day(self, key: str) -> int:
        return _required(self, key, self.day(key))


def _required(fields: Fields, key: str, value: Value | None) -> Value:
    if value is None:
        raise fields.refuse(key, "is missing")
    return value
