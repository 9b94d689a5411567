"""The statement under construction: parameters, aliases, and the text by which PostgreSQL prints JSON."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

# PostgreSQL takes at most 100 arguments a call.
_CONCAT_LIMIT = 90

BLOCK = re.compile(r"\{(within|restricted) ((?:[^{}]|\{\w+\})+)\}")
_NAME = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Binding:
    """What a request brings to a plan: its variables, its tenant, its grants (null: every portfolio), its instant."""

    variables: Mapping[str, Any]
    tenant_id: UUID
    granted_portfolio_ids: Sequence[UUID] | None
    key_id: UUID | None
    now: datetime


Binder = Callable[[Binding], Any]
Check = Callable[[Binding], None]


class Rejected(Exception):
    """The client's mistake, found while planning or binding. limit and actual are set when a number was too large."""

    def __init__(self, code: str, message: str, limit: int | None = None, actual: int | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.limit, self.actual = code, message, limit, actual


@dataclass(frozen=True)
class Instant:
    """An instant among the arguments of a field, which says what was: the day on which it lies has come.

    place: of the argument, for the client. parameter: its SQL.
    """

    place: str
    parameter: str
    read: Binder


@dataclass
class Statement:
    """Parameter 1 is the tenant. Equal binders (by `same`) share a parameter. prefixes: kind → prefix of its ids.

    checks: run before the binders of every request; they raise Rejected. instants: see Instant.
    """

    restricted: bool
    prefixes: Mapping[str, str]
    binders: list[Binder] = field(default_factory=lambda: [lambda binding: binding.tenant_id])
    checks: list[Check] = field(default_factory=list[Check])
    instants: list[Instant] = field(default_factory=list[Instant])
    _numbers: dict[Any, int] = field(default_factory=dict[Any, int])
    _aliases: dict[str, int] = field(default_factory=dict[str, int])

    def parameter(self, binder: Binder, sql_type: str, same: Any = None) -> str:
        number = self._numbers.get(same) if same is not None else None
        if number is None:
            self.binders.append(binder)
            number = len(self.binders)
            if same is not None:
                self._numbers[same] = number
        return f"${number}::{sql_type}"

    @property
    def tenant(self) -> str:
        return "$1::uuid"

    @property
    def now(self) -> str:
        return self.parameter(lambda binding: binding.now, "timestamptz", "now")

    @property
    def key_id(self) -> str:
        return self.parameter(lambda binding: binding.key_id, "uuid", "key")

    def alias(self, name: str) -> str:
        """Deterministic, and never equal to a table's own name."""
        self._aliases[name] = self._aliases.get(name, 0) + 1
        return f"{name}_{self._aliases[name]}"

    def fill(self, template: str, names: Mapping[str, str]) -> str:
        """Replaces {name}, {within x} and {restricted sql} of a template; other braces are left alone."""

        def block(match: re.Match[str]) -> str:
            if not self.restricted:
                return ""
            return match[2] if match[1] == "restricted" else f"and {match[2]} = any({{granted}})"

        def name(match: re.Match[str]) -> str:
            word = match.group(1)
            if word in names:
                return names[word]
            if word in ALWAYS_NAMED:
                return getattr(self, word)
            return GRANTED if word == "granted" else match.group(0)

        # Blocks first: a parameter that only a dropped block names must not be made.
        return _NAME.sub(name, BLOCK.sub(block, template))


# What every template may name; {granted} only where the viewer is restricted.
ALWAYS_NAMED = frozenset({"tenant", "now", "key_id"})
GRANTED = "(select granted.ids from granted)::uuid[]"


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def concat(pieces: Sequence[str]) -> str:
    """One call of concat; neighboring literals become one. Pieces must not be null: concat would drop them."""
    merged: list[str] = []
    for piece in pieces:
        if (
            merged
            and piece.startswith("'")
            and merged[-1].startswith("'")
            and _is_literal(piece)
            and _is_literal(merged[-1])
        ):
            merged[-1] = merged[-1][:-1] + piece[1:]
        else:
            merged.append(piece)
    while len(merged) > _CONCAT_LIMIT:
        merged = [
            f"concat({', '.join(merged[start : start + _CONCAT_LIMIT])})"
            for start in range(0, len(merged), _CONCAT_LIMIT)
        ]
    return merged[0] if len(merged) == 1 and _is_literal(merged[0]) else f"concat({', '.join(merged)})"


def print_members(members: Iterable[tuple[str, Sequence[str]]]) -> str:
    """Text of a JSON object from keys and the pieces of their values."""
    pieces = ["'{'"]
    for index, (key, value) in enumerate(members):
        pieces.append(literal(f'{"," if index else ""}"{key}":'))
        pieces.extend(value)
    return concat([*pieces, "'}'"])


def _is_literal(piece: str) -> bool:
    return re.fullmatch(r"'(?:[^']|'')*'", piece) is not None


# How each output scalar is printed. Texts are escaped by to_json; points and numbers are plain decimal text.
_PRINTERS: dict[str, str] = {
    "String": "to_json({}::text)::text",
    "Int": "{}::text",
    "Float": "trim_scale({})::text",
    "Boolean": "({})::text",
    "Points": "trim_scale({} / 1000.0)::text",
    "JSON": "{}::text",
    "ID": "to_json({}::text)::text",
}
# Texts that hold nothing to escape: a twentieth of the time of a wall.
_QUOTED: dict[str, str] = {
    "Enum": "{}",
    "Date": "{}",
    "DateTime": """to_char({}, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')""",
}


def print_scalar(type_name: str, expression: str, *, nullable: bool, prefix: str | None = None) -> list[str]:
    """Pieces that print one scalar. prefix: that of a public id."""
    if prefix is not None or type_name in _QUOTED:
        opening = literal(f'"{prefix}_' if prefix is not None else '"')
        text = _QUOTED.get(type_name, "{}").format(expression)
        if not nullable:
            return [opening, text, literal('"')]
        return [f"coalesce({opening} || {text} || '\"', 'null')"]
    printed = _PRINTERS.get(type_name, _PRINTERS["String"]).format(expression)
    return [f"coalesce({printed}, 'null')"] if nullable else [printed]


def print_list(type_name: str, expression: str, *, nullable: bool) -> str:
    """Prints a PostgreSQL array of scalars."""
    if type_name == "Points":
        items = f"unnest({expression}) with ordinality as list (item, place)"
        expression = f"(select array_agg(trim_scale(item / 1000.0) order by place) from {items})"
    printed = f"array_to_json({expression})::text"
    return f"coalesce({printed}, '{'null' if nullable else '[]'}')"
