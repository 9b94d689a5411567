"""Generated operations over the whole schema, each with many settings of its variables."""

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    is_list_type,
)

from tests.reads import oracle_fields as fields
from tests.reads.oracle import Oracle, Order, View

Settings = dict[str, Any]
Fill = Callable[[View], Settings]

_PAST_DURATIONS = ["-P2W", "-P1Y", "-PT36H", "-P10D", "P0D"]
_DURATIONS = [*_PAST_DURATIONS, "P1M"]


@dataclass(frozen=True)
class Word:
    """An enum value, which stands bare in a document and as text in variables."""

    name: str


@dataclass(frozen=True)
class Variable:
    name: str


@dataclass
class Generated:
    """A document and the makers of its variables' values."""

    chance: random.Random
    text: str = ""
    fills: list[Fill] = field(default_factory=list)
    _previous: dict[tuple[UUID, int], Settings] = field(default_factory=dict)

    def settings(self, view: View) -> Settings:
        """Mostly those of the request before but for a few variables, so that requests share shapes and hence plans."""
        found: Settings = {}
        for place, fill in enumerate(self.fills):
            key = (view.viewer.tenant_id, place)
            if key not in self._previous or self.chance.random() < 1.5 / len(self.fills):
                self._previous[key] = fill(view)
            found |= self._previous[key]
        return {name: bare(value) for name, value in found.items()}


class Maker:
    """Makes one operation. Everything random comes from `chance`."""

    def __init__(self, schema: GraphQLSchema, chance: random.Random, view: View, cursor_secret: bytes) -> None:
        self.schema, self.chance, self.view, self.secret = schema, chance, view, cursor_secret
        self.generated = Generated(chance)
        self.variables: dict[str, str] = {}
        self.fragments: list[str] = []
        self.aliases = 0

    def make(self) -> Generated:
        root = self.schema.query_type
        assert root is not None, "the schema can be queried"
        names = [name for name in root.fields if name != "_service"]
        chosen = self.chance.sample(names, self.chance.choice([1, 1, 2, 3]))
        body = " ".join(self.field(root, name, 4) for name in chosen)
        declared = ", ".join(f"${name}: {type_}" for name, type_ in self.variables.items())
        head = f"query Made({declared})" if declared else "query Made"
        self.generated.text = "\n".join([f"{head} {{ {body} }}", *self.fragments])
        return self.generated

    # Selections ----------------------------------------------------------------------------------

    def fresh(self, prefix: str) -> str:
        self.aliases += 1
        return f"{prefix}{self.aliases}"

    def selection(self, type_: Any, depth: int) -> str:
        if isinstance(type_, GraphQLInterfaceType | GraphQLUnionType):
            return self.abstract_selection(type_, depth)
        names = [name for name, item in type_.fields.items() if depth > 0 or not is_composite_type(named(item))]
        if type_.name.endswith("Connection"):
            chosen = self.chance.sample(names, self.chance.randint(1, len(names)))
        else:
            chosen = self.chance.sample(names, min(len(names), self.chance.choice([1, 2, 4, 8])))
        parts = [self.field(type_, name, depth - 1) for name in chosen]
        if not parts or self.chance.random() < 0.1:
            parts.append("__typename")
        if self.chance.random() < 0.1:
            parts.append(parts[0])
        return self.wrapped(type_.name, " ".join(parts))

    def abstract_selection(self, type_: Any, depth: int) -> str:
        possible = list(self.schema.get_possible_types(type_))
        parts = ["__typename"]
        if isinstance(type_, GraphQLInterfaceType) and self.chance.random() < 0.7:
            scalars = [name for name, item in type_.fields.items() if not is_composite_type(named(item))]
            parts += self.chance.sample(scalars, 1)
        for concrete in self.chance.sample(possible, min(len(possible), 3)):
            parts.append(f"... on {concrete.name} {{ {self.selection(concrete, depth)} }}")
        return " ".join(parts)

    def wrapped(self, type_name: str, text: str) -> str:
        """Sometimes the selection goes through a fragment, named or inline."""
        match self.chance.randrange(10):
            case 0:
                name = self.fresh("Part")
                self.fragments.append(f"fragment {name} on {type_name} {{ {text} }}")
                return f"...{name}"
            case 1:
                return f"... on {type_name}{self.condition()} {{ {text} }} __typename"
            case 2:
                return f"...{self.condition()} {{ {text} }} __typename"
            case _:
                return text

    def condition(self) -> str:
        if self.chance.random() < 0.5:
            return ""
        directive = self.chance.choice(["skip", "include"])
        if self.chance.random() < 0.3:
            return f" @{directive}(if: {self.chance.choice(['true', 'false'])})"
        name = self.variable("Boolean!", lambda _: self.chance.random() < 0.5)
        return f" @{directive}(if: ${name})"

    def field(self, type_: GraphQLObjectType, name: str, depth: int) -> str:
        definition = type_.fields[name]
        arguments = self.arguments(type_, name, definition)
        # An alias wherever a second selection of the same name could differ in arguments or in type.
        alias = f"{self.fresh('a')}: " if arguments or self.chance.random() < 0.9 else ""
        inner = named(definition)
        directive = self.condition() if self.chance.random() < 0.1 else ""
        body = f" {{ {self.selection(inner, depth)} }}" if is_composite_type(inner) else ""
        text = f"{alias}{name}{arguments}{directive}{body}"
        if body and alias and self.chance.random() < 0.1:
            # The same response key twice: the two selections are merged.
            text += f" {alias}{name}{arguments} {{ {self.selection(inner, 0)} }}"
        return text

    # Arguments -----------------------------------------------------------------------------------

    def variable(self, type_: str, make: Callable[[View], Any], *, optional: bool = False) -> str:
        """Declares a variable; an optional one is sometimes left out or null."""
        name = self.fresh("v")
        self.variables[name] = type_

        def fill(view: View) -> Settings:
            if optional and self.chance.random() < 0.25:
                return {} if self.chance.random() < 0.5 else {name: None}
            return {name: make(view)}

        self.generated.fills.append(fill)
        return name

    def arguments(self, type_: GraphQLObjectType, name: str, definition: GraphQLField) -> str:
        coordinate = f"{type_.name}.{name}"
        if coordinate in fields.LISTS:
            given = self.list_arguments(coordinate, definition)
        else:
            given = {
                argument: self.argument(coordinate, argument, item.type) for argument, item in definition.args.items()
            }
        shown = [f"{key}: {printed(value)}" for key, value in given.items() if value is not None]
        return f"({', '.join(shown)})" if shown else ""

    def argument(self, coordinate: str, name: str, type_: Any) -> Any:
        make = {
            "id": self.any_id,
            "ids": lambda view: [self.any_id(view) for _ in range(self.chance.randrange(5))],
            "representations": lambda view: [self.representation(view) for _ in range(self.chance.randrange(4))],
            "by": lambda view: self.by(coordinate, view),
            "first": lambda _: self.chance.choice([0, 1, 3, 100]),
            "groupBy": lambda _: Word(self.chance.choice(["BAND", "STAGE", "TIER", "OWNER", "TEAM"])),
            "query": self.query,
            "kinds": lambda _: [
                Word(name.upper()) for name in self.chance.sample(fields.SEARCHED, self.chance.randrange(1, 5))
            ],
            "afterLine": lambda _: self.chance.choice([0, 2, 7]),
            "bucket": lambda _: Word(self.chance.choice(["WEEK", "MONTH"])),
        }.get(name, self.past)
        if get_named_type(type_).name == "Date":
            # Before today or after it, so that a span never ends before it begins.
            make = lambda view: self.day_around(view, -1 if name == "from" else 1)  # noqa: E731
        optional = not isinstance(type_, GraphQLNonNull)
        if optional and self.chance.random() < 0.4:
            return None
        if name == "representations" or self.chance.random() < 0.6:
            return Variable(self.variable(str(type_), make, optional=optional))
        return make(self.view)

    def list_arguments(self, coordinate: str, definition: GraphQLField) -> dict[str, Any]:
        type_name, _, default = fields.LISTS[coordinate]
        given: dict[str, Any] = {}
        if self.chance.random() < 0.6:
            given["filter"] = self.filter_argument(type_name, named(definition.args["filter"]))
        order_type = named(definition.args["orderBy"])
        backward = self.chance.random() < 0.35
        size, bound = ("last", "before") if backward else ("first", "after")
        make_size = lambda _: self.chance.choice([0, 1, 2, 3, 5, 20, 100])  # noqa: E731 - used twice, below
        if backward or self.chance.random() < 0.7:
            if self.chance.random() < 0.4:
                given[size] = Variable(self.variable("Int!", make_size))
            else:
                given[size] = make_size(self.view)
        orders = [self.order(order_type) if self.chance.random() < 0.7 else [] for _ in range(2 if backward else 1)]
        if self.chance.random() < 0.4:
            self.varied_order(given, coordinate, order_type, bound)
            return given
        if orders[0] or self.chance.random() < 0.2:
            given["orderBy"] = orders[0]
        if self.chance.random() < 0.5:
            parsed = parse_order(orders[0], default)
            make = lambda view: self.cursor(coordinate, type_name, parsed, view)  # noqa: E731
            given[bound] = Variable(self.variable("String", make, optional=not backward))
        return given

    def varied_order(self, given: dict[str, Any], coordinate: str, order_type: Any, bound: str) -> None:
        """Order and cursor in variables, changing together from request to request."""
        type_name, _, default = fields.LISTS[coordinate]
        order_name, cursor_name = self.fresh("v"), self.fresh("v")
        self.variables[order_name], self.variables[cursor_name] = f"[{order_type.name}!]", "String"
        given["orderBy"], given[bound] = Variable(order_name), Variable(cursor_name)

        def fill(view: View) -> Settings:
            order = self.order(order_type)
            settings: Settings = {order_name: order}
            if self.chance.random() < 0.3:
                order = []
                settings = self.chance.choice([{}, {order_name: None}, {order_name: []}])
            if self.chance.random() < 0.6:
                parsed = parse_order(order, default)
                settings[cursor_name] = self.cursor(coordinate, type_name, parsed, view)
            return settings

        self.generated.fills.append(fill)

    def order(self, order_type: Any) -> list[dict[str, Any]]:
        words = list(named_input(order_type, "field").values)
        keys = []
        for word in self.chance.sample(words, self.chance.randint(1, min(3, len(words)))):
            key: dict[str, Any] = {"field": Word(word)}
            if self.chance.random() < 0.7:
                key["direction"] = Word(self.chance.choice(["ASC", "DESC"]))
            keys.append(key)
        return keys

    def cursor(self, coordinate: str, type_name: str, order: Order, view: View) -> str | None:
        rows = view.all(type_name)
        if not rows:
            return None
        oracle = object.__new__(Oracle)
        oracle.view, oracle.cursor_secret = view, self.secret
        return oracle.cursor(coordinate, order, self.chance.choice(rows))

    # Values --------------------------------------------------------------------------------------

    def any_id(self, view: View) -> str:
        """Mostly an object of the tenant, sometimes of another, of another kind, or nothing at all."""
        type_name = self.chance.choice(list(fields.TABLES))
        return self.id_of(type_name, view)

    def id_of(self, type_name: str, view: View) -> str:
        roll = self.chance.random()
        rows = view.all(type_name) if roll < 0.75 else view.universe.tables[fields.TABLES[type_name]]
        identifier = self.chance.choice(rows)["id"] if rows else UUID(int=0)
        prefix = fields.PREFIXES[type_name]
        if roll > 0.95:
            return self.chance.choice(["", "prd_", "nonsense", f"{prefix}_{identifier.hex}", f"prd_{identifier}"])
        return f"{prefix}_{identifier}"

    def representation(self, view: View) -> dict[str, Any]:
        type_name = self.chance.choice(list(fields.TABLES))
        wrong = self.chance.random() < 0.2
        named_type = self.chance.choice(list(fields.TABLES)) if wrong else type_name
        return {"__typename": named_type, "id": self.id_of(type_name, view)}

    def by(self, coordinate: str, view: View) -> dict[str, Any]:
        name = coordinate.partition(".")[2]
        type_name = name[0].upper() + name[1:]
        members = list(cast(GraphQLInputObjectType, self.schema.type_map[f"{type_name}By"]).fields)
        member = self.chance.choice(members)
        if member == "id":
            return {"id": self.id_of(type_name, view)}
        row = self.chance.choice(view.all(type_name))
        if member == "name":
            return {"name": row["name"].upper() if self.chance.random() < 0.5 else row["name"]}
        if member == "key":
            return {"key": row["key"] if self.chance.random() < 0.9 else "missing"}
        references = [other for other in view.rows("external_link") if other["node_id"] == row["id"]]
        if not references:
            return {"external": {"system": "JIRA", "id": "missing"}}
        reference = self.chance.choice(references)
        space = self.chance.choice(["", " ", "\u00a0"])
        return {"external": {"system": space + reference["system"], "id": reference["external_id"] + space}}

    def query(self, view: View) -> str:
        """Beginnings of words of some key or name, as people type them."""
        row = self.chance.choice(view.all(self.chance.choice(fields.SEARCHED)))
        there = re.findall(r"\w+", f"{row['key']} {row['name']}")
        chosen = self.chance.sample(there, min(len(there), self.chance.choice([1, 1, 2, 3])))
        typed = self.chance.choice([" ", "-", ", "]).join(word[: self.chance.randrange(1, 9)] for word in chosen)
        return self.chance.choice([row["key"], typed, typed.upper(), f" {typed}!"])

    def instant(self, view: View) -> str:
        roll = self.chance.random()
        if roll < 0.4:
            return self.chance.choice(_DURATIONS)
        moment = view.now - timedelta(days=self.chance.randrange(-2, 40), hours=self.chance.randrange(24))
        return moment.date().isoformat() if roll < 0.6 else moment.isoformat()

    def past(self, view: View) -> str:
        """What a field may be asked for: a day that has come."""
        if self.chance.random() < 0.4:
            return self.chance.choice(_PAST_DURATIONS)
        return (view.now - timedelta(days=self.chance.randrange(40), hours=self.chance.randrange(24))).isoformat()

    def day_around(self, view: View, direction: int) -> str:
        return (view.now.date() + direction * timedelta(days=self.chance.randrange(60))).isoformat()

    # Filters -------------------------------------------------------------------------------------

    def filter_argument(self, type_name: str, input_type: Any) -> Any:
        make = lambda view: self.filter(type_name, input_type, 2, view)  # noqa: E731
        if self.chance.random() < 0.4:
            return Variable(self.variable(input_type.name, make, optional=True))
        literal = self.filter(type_name, input_type, 2, self.view)
        return self.with_variables(type_name, input_type, literal, "")

    def filter(self, type_name: str, input_type: Any, depth: int, view: View, path: str = "") -> dict[str, Any]:
        names = [name for name in input_type.fields if depth > 0 or name not in ("and", "or", "not")]
        top = depth == 2 and not path
        names = [name for name in names if top or name != "includeArchived"]
        found: dict[str, Any] = {}
        for name in self.chance.sample(names, min(len(names), self.chance.choice([0, 1, 1, 2, 3]))):
            inner = get_named_type(input_type.fields[name].type)
            found[name] = self.member(type_name, name, inner, depth, view, path)
        return found

    def member(self, type_name: str, name: str, inner: Any, depth: int, view: View, path: str) -> Any:
        match name:
            case "and" | "or":
                count = self.chance.randrange(3)
                return [self.filter(type_name, inner, depth - 1, view) for _ in range(count)]
            case "not":
                return self.filter(type_name, inner, depth - 1, view)
            case "health":
                return self.filter(type_name, inner, 0, view, "health.")
            case "includeArchived":
                return self.chance.choice([True, False, None])
        if inner.name == "Boolean":
            return self.chance.choice([True, False, None])
        operators = self.chance.sample(
            list(inner.fields), self.chance.choice([1, 1, 2]) if len(inner.fields) > 1 else 1
        )
        return {operator: self.operand(type_name, f"{path}{name}", operator, inner, view) for operator in operators}

    def operand(self, type_name: str, path: str, operator: str, comparator: Any, view: View) -> Any:
        if self.chance.random() < 0.05:
            return None
        if operator == "isNull":
            return self.chance.random() < 0.5
        item = get_named_type(comparator.fields[operator].type)
        if is_list_type(get_nullable_type(comparator.fields[operator].type)):
            return [self.value(type_name, path, item, view) for _ in range(self.chance.randrange(4))]
        value = self.value(type_name, path, item, view)
        if operator in ("contains", "startsWith"):
            start = self.chance.randrange(3) if operator == "contains" else 0
            value = str(value)[start : start + self.chance.randrange(1, 9)]
        return value

    def value(self, type_name: str, path: str, item: Any, view: View) -> Any:
        """Mostly a value that some row has, so that equality finds something."""
        rows = view.all(type_name)
        found = fields.compared(view, type_name, path, self.chance.choice(rows)) if rows else None
        if isinstance(found, list):
            found = self.chance.choice(found) if found else None
        match item.name:
            case "ID":
                kind = fields.FILTERED_IDS.get(path)
                kind_name = type_name if path == "id" else fields.TYPE_OF_PREFIX.get(kind or "", "Product")
                if found is None or self.chance.random() < 0.2:
                    return self.id_of(kind_name, view)
                return f"{fields.PREFIXES[kind_name]}_{found}"
            case "Float":
                return float(found) if isinstance(found, Decimal) else self.chance.choice([0.0, 12.5, -1.5, 1e300])
            case "Int":
                return found if isinstance(found, int) else 100
            case "Points":
                points = found if isinstance(found, int) else self.chance.choice([64_820, -5, 10**9])
                return points / 1000
            case "Boolean":
                return self.chance.random() < 0.5
            case "DateTimeOrDuration":
                return (
                    found.isoformat()
                    if isinstance(found, datetime) and self.chance.random() < 0.6
                    else self.instant(view)
                )
            case "Date":
                return found.isoformat() if isinstance(found, date) else view.now.astimezone(UTC).date().isoformat()
        if isinstance(item, GraphQLEnumType):
            return Word(self.chance.choice(list(item.values)))
        text = found if isinstance(found, str) else "absent"
        return text.upper() if path == "name" and self.chance.random() < 0.3 else text

    def with_variables(self, type_name: str, input_type: Any, value: dict[str, Any], path: str) -> dict[str, Any]:
        """The same filter with some operands, or whole members, in variables of their own."""
        found: dict[str, Any] = {}
        for name, item in value.items():
            member = input_type.fields[name]
            inner = get_named_type(member.type)
            nested = isinstance(inner, GraphQLInputObjectType) and isinstance(item, dict)
            if name in ("and", "or", "includeArchived") or self.chance.random() < 0.5:
                found[name] = item
            elif nested and inner.name.endswith("Comparator") and self.chance.random() < 0.5:
                operators = {
                    operator: self.operand_variable(type_name, f"{path}{name}", operator, inner) for operator in item
                }
                found[name] = operators
            elif nested and name != "not":
                make = self.member_maker(type_name, name, inner, path)
                found[name] = Variable(self.variable(str(get_nullable_type(member.type)), make, optional=True))
            else:
                found[name] = item
        return found

    def member_maker(self, type_name: str, name: str, inner: Any, path: str) -> Callable[[View], Any]:
        return lambda view: self.member(type_name, name, inner, 1, view, path)

    def operand_variable(self, type_name: str, path: str, operator: str, comparator: Any) -> Variable:
        make = lambda view: self.operand(type_name, path, operator, comparator, view)  # noqa: E731
        type_ = str(get_nullable_type(comparator.fields[operator].type))
        return Variable(self.variable(type_, make, optional=True))


def named(definition: Any) -> Any:
    return get_named_type(definition.type)


def named_input(input_type: Any, name: str) -> Any:
    return get_named_type(input_type.fields[name].type)


def parse_order(order: list[dict[str, Any]], default: str) -> Order:
    if not order:
        name, _, direction = default.partition(" ")
        keys = [(name, direction == "desc")]
    else:
        keys = [(key["field"].name, key.get("direction", Word("ASC")).name == "DESC") for key in order]
    return keys if any(name == "ID" for name, _ in keys) else [*keys, ("ID", False)]


def bare(value: Any) -> Any:
    """A value as it stands in JSON variables."""
    if isinstance(value, Word):
        return value.name
    if isinstance(value, Mapping):
        return {name: bare(item) for name, item in value.items()}
    return [bare(item) for item in value] if isinstance(value, list) else value


def printed(value: Any) -> str:
    """A value as it stands in a document."""
    match value:
        case Variable(name):
            return f"${name}"
        case Word(name):
            return name
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return quoted(value)
        case dict():
            return "{" + ", ".join(f"{name}: {printed(item)}" for name, item in value.items()) + "}"
        case list():
            return "[" + ", ".join(printed(item) for item in value) + "]"
        case _:
            return repr(value)


def quoted(text: str) -> str:
    escaped = "".join(
        f"\\u{ord(letter):04x}"
        if ord(letter) < 32 or letter == "\x7f"
        else {'"': '\\"', "\\": "\\\\"}.get(letter, letter)
        for letter in text
    )
    return f'"{escaped}"'
