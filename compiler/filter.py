"""Filters: the input's tree → a condition on one alias."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from compiler.arguments import ArgumentLeaf
from compiler.comparison import LIST_OPERATORS, operator_sql
from compiler.mapping import Condition, Filter
from compiler.statement import Binding, Rejected, Statement

LIST_LIMIT = 250
DEPTH_LIMIT = 5
_LOWER = 'lower({} collate "C")'  # as the generated columns name_key do it
_DURATION = re.compile(
    r"(-?)P(?:(\d{1,4})Y)?(?:(\d{1,5})M)?(?:(\d{1,5})W)?(?:(\d{1,6})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,9})S)?)?"
)


def filter_sql(
    statement: Statement, tree: Mapping[str, Any], fields: Mapping[str, Any], alias: str, depth: int = 1
) -> str:
    """fields: GraphQL name → Filter, or a mapping of the same kind for a nested filter object."""
    if depth > DEPTH_LIMIT:
        raise Rejected("QUERY_TOO_DEEP", f"Filters nest at most {DEPTH_LIMIT} deep.", DEPTH_LIMIT, depth)
    conditions: list[str] = []
    for name, branch in tree.items():
        if branch is None:
            continue
        if name in ("and", "or"):
            parts = [filter_sql(statement, item, fields, alias, depth + 1) for item in branch if item is not None]
            joined = f" {name} ".join(f"({part})" for part in parts)
            conditions.append(f"({joined})" if parts else ("true" if name == "and" else "false"))
        elif name == "not":
            conditions.append(f"({filter_sql(statement, branch, fields, alias, depth + 1)}) is not true")
        elif fields[name] is None:
            raise Rejected(
                "BAD_USER_INPUT", f"`{name}` stands at the top of a filter, not inside `and`, `or` or `not`."
            )
        elif isinstance(fields[name], Condition):
            condition = statement.fill(fields[name].sql, {"self": alias})
            # Truth values are part of a plan's shape.
            conditions.append(f"({condition})" if branch.value else f"({condition}) is not true")
        elif isinstance(fields[name], Filter):
            conditions.append(_comparison_sql(statement, branch, fields[name], alias))
        else:
            conditions.append(filter_sql(statement, branch, fields[name], alias, depth + 1))
    return " and ".join(conditions) or "true"


def _comparison_sql(statement: Statement, branch: Mapping[str, Any], declared: Filter, alias: str) -> str:
    column = statement.fill(declared.expression, {"self": alias})
    parts: list[str] = []
    for operator, leaf in branch.items():
        if isinstance(leaf, ArgumentLeaf):
            parts.append(operator_sql(operator, column, _value_sql(statement, operator, leaf, declared)))
    return " and ".join(parts) or "true"


def _value_sql(statement: Statement, operator: str, leaf: ArgumentLeaf, declared: Filter) -> str:
    prefix = statement.prefixes[declared.kind] if declared.kind else None
    if operator == "isNull":
        return statement.parameter(lambda binding: leaf.read(binding.variables), "boolean")
    if operator in LIST_OPERATORS:

        def read_list(binding: Binding) -> list[Any]:
            items: list[Any] = leaf.read(binding.variables) or []
            if len(items) > LIST_LIMIT:
                raise Rejected(
                    "BAD_USER_INPUT",
                    f"A list in a filter has at most {LIST_LIMIT} items.",
                    LIST_LIMIT,
                    len(items),
                )
            values = [convert(item, declared, prefix, binding) for item in items if item is not None]
            return [value for value in values if value is not None]

        parameter = statement.parameter(read_list, f"{declared.sql_type}[]")
        return (
            f"array(select {_LOWER.format('item')} from unnest({parameter}) as item)"
            if declared.normalized
            else parameter
        )
    parameter = statement.parameter(
        lambda binding: convert(leaf.read(binding.variables), declared, prefix, binding),
        declared.sql_type,
    )
    return _LOWER.format(parameter) if declared.normalized else parameter


def convert(value: Any, declared: Filter, prefix: str | None, binding: Binding) -> Any:
    """A client's value as PostgreSQL takes it; null for an id that cannot exist."""
    match declared.comparator:
        case "ID" | "ID_LIST":
            return parse_public_id(value, prefix)
        case "FLOAT":
            return Decimal(repr(value))
        case "DATE_TIME":
            return resolve_instant(value, binding.now)
        case "POINTS":
            # Scores are 0 to 100000: what lies further out compares alike, and fits PostgreSQL's integer.
            return max(-1, min(value, 100_001))
        case _:
            return storable_text(value) if isinstance(value, str) else value


def storable_text(value: str) -> str:
    """The text as PostgreSQL takes it. Raises Rejected for U+0000 and for halves of surrogate pairs."""
    if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
        raise Rejected("BAD_USER_INPUT", "A text holds a character that no text here can hold.")
    return str(value)


def parse_public_id(value: Any, prefix: str | None) -> UUID | None:
    """UUID of a public id with this prefix (null: any); null when the text is no such id."""
    found, separator, rest = str(value).partition("_")
    if not separator or (prefix is not None and found != prefix):
        return None
    try:
        parsed = UUID(rest)
    except ValueError:
        return None
    return parsed if str(parsed) == rest else None


def resolve_instant(value: Any, now: datetime) -> datetime:
    """An instant from ISO 8601 text: an instant, a day (its start in UTC), or a duration relative to now such as -P2W.

    Months and years are calendar ones; a day that the month lacks becomes its last. Raises Rejected BAD_USER_INPUT.
    """
    if isinstance(value, datetime):
        return value
    text = str(value)
    match = _DURATION.fullmatch(text)
    if match and len(text) > 2 and not text.endswith(("P", "T")):
        return _shift(now, match)
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise bad_instant(text) from None


def _shift(now: datetime, match: re.Match[str]) -> datetime:
    sign = -1 if match.group(1) else 1
    years, months, weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups()[1:])
    try:
        index = now.year * 12 + now.month - 1 + sign * (years * 12 + months)
        year, month = index // 12, index % 12 + 1
        last_day = (date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)).day
        moved = now.replace(year=year, month=month, day=min(now.day, last_day))
        return moved + sign * timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    except (ValueError, OverflowError):
        raise bad_instant(match.group(0)) from None


def bad_instant(text: str) -> Rejected:
    return Rejected(
        "BAD_USER_INPUT",
        f"{text[:40]!r} is no instant: give ISO 8601 such as 2026-11-22T09:30:00Z, a day, or a duration such as -P2W.",
    )
