"""Comparators of filters: what clients may ask of a field, and the SQL of each question."""

from enum import StrEnum
from functools import cache
from typing import Any, Literal

import strawberry

# Two-valued where null could hide a row: an absent value is simply not equal, not less, not greater.
OPERATORS: dict[str, str] = {
    "eq": "{column} = {value}",
    "neq": "({column} = {value}) is not true",
    "in": "{column} = any({value})",
    "nin": "({column} = any({value})) is not true",
    "gt": "{column} > {value}",
    "gte": "{column} >= {value}",
    "lt": "{column} < {value}",
    "lte": "{column} <= {value}",
    "contains": "strpos({column}, {value}) > 0",
    "startsWith": "starts_with({column}, {value})",
    "isNull": "({column} is null) = {value}",
    "hasAny": "{column} && {value}",
    "hasNone": "not {column} && {value}",
}
ComparatorName = Literal["ID", "ID_LIST", "STRING", "INT", "FLOAT", "BOOLEAN", "DATE_TIME", "DATE", "POINTS"]
LIST_OPERATORS = frozenset({"in", "nin", "hasAny", "hasNone"})

_TEXTS = {
    "eq": "Equal to this value.",
    "neq": "Not equal to this value; a null is not equal to anything.",
    "in": "Equal to one of these values, at most 250.",
    "nin": "Equal to none of these values, at most 250.",
    "gt": "Greater than this value.",
    "gte": "Greater than or equal to this value.",
    "lt": "Less than this value.",
    "lte": "Less than or equal to this value.",
    "contains": "Contains this text.",
    "startsWith": "Starts with this text.",
    "isNull": "True: only absent values. False: only present ones.",
    "hasAny": "At least one of these values is among them, at most 250.",
    "hasNone": "None of these values is among them, at most 250.",
}
_PYTHON_NAMES = {
    "in": "in_",
    "startsWith": "starts_with",
    "isNull": "is_null",
    "hasAny": "has_any",
    "hasNone": "has_none",
}


def _comparator(name: str, value_type: Any, operators: str, subject: str) -> Any:
    annotations: dict[str, Any] = {}
    body: dict[str, Any] = {}
    for operator in operators.split():
        attribute = _PYTHON_NAMES.get(operator, operator)
        type_ = bool if operator == "isNull" else list[value_type] if operator in LIST_OPERATORS else value_type
        annotations[attribute] = type_ | None
        body[attribute] = strawberry.field(name=operator, description=_TEXTS[operator], default=strawberry.UNSET)
    cls = type(name, (), {"__annotations__": annotations, "__module__": __name__, **body})
    return strawberry.input(cls, description=f"Comparison of {subject}; all members given must hold.")


def build_comparators(scalars: dict[str, Any]) -> dict[str, Any]:
    """Comparator inputs by name; scalars gives the types of DATE_TIME, DATE and POINTS values."""
    return {
        "ID": _comparator("IdComparator", strawberry.ID, "eq neq in nin isNull", "ids"),
        "ID_LIST": _comparator("IdListComparator", strawberry.ID, "hasAny hasNone", "lists of ids"),
        "STRING": _comparator("StringComparator", str, "eq neq in nin contains startsWith isNull", "texts"),
        "INT": _comparator("IntComparator", int, "eq neq in nin gt gte lt lte isNull", "whole numbers"),
        "FLOAT": _comparator("FloatComparator", float, "eq neq gt gte lt lte isNull", "numbers"),
        "BOOLEAN": _comparator("BooleanComparator", bool, "eq", "truth values"),
        "DATE_TIME": _comparator("DateTimeComparator", scalars["DATE_TIME"], "gt gte lt lte isNull", "instants"),
        "DATE": _comparator("DateComparator", scalars["DATE"], "eq gt gte lt lte isNull", "days"),
        "POINTS": _comparator("PointsComparator", scalars["POINTS"], "eq neq gt gte lt lte isNull", "points, 0 to 100"),
    }


@cache
def enum_comparator(enum: type[StrEnum]) -> Any:
    return _comparator(f"{enum.__name__}Comparator", enum, "eq neq in nin isNull", f"values of {enum.__name__}")


def operator_sql(operator: str, column: str, value: str) -> str:
    return OPERATORS[operator].format(column=column, value=value)
