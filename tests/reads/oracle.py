"""The oracle: answers a query the slow way, from whole tables in Python, sharing no code with the compiler.

It reads each table by a plain select, keeps what the viewer may see, and resolves fields, filters, orders, pages and
cursors by itself. Its answer must equal the compiled one byte for byte.
"""

import base64
import hashlib
import hmac
import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from functools import cached_property
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_argument_values,
    get_directive_values,
    get_named_type,
    get_nullable_type,
    get_variable_values,
    is_list_type,
    specified_directives,
)

from runtime.viewer import Viewer
from tests.reads import oracle_fields as fields
from tests.reads import oracle_people as people
from tests.reads import oracle_plans as plans
from tests.reads import oracle_search as search
from tests.reads.domain import SUBJECTS, Row

DIRECTIVES = {directive.name: directive for directive in specified_directives}


class Universe:
    """Every row of every table, by tenant."""

    def __init__(self, tables: dict[str, list[Row]]) -> None:
        self.tables = tables
        self._by_tenant: dict[tuple[str, UUID], list[Row]] = {}
        for name, rows in tables.items():
            for row in rows:
                self._by_tenant.setdefault((name, row["tenant_id"]), []).append(row)

    def rows(self, table: str, tenant_id: UUID) -> list[Row]:
        return self._by_tenant.get((table, tenant_id), [])

    @classmethod
    async def read(cls, url: str) -> "Universe":
        connection = await asyncpg.connect(url)
        await connection.set_type_codec("jsonb", schema="pg_catalog", encoder=json.dumps, decoder=json.loads)
        names = await connection.fetch(
            "select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'"
            " where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v') and not c.relispartition"
        )
        tables: dict[str, list[Row]] = {
            name: [dict(row) for row in await connection.fetch(f"select * from {name}")] for (name,) in names
        }
        await connection.close()
        return cls(tables)


@dataclass
class View:
    """What one viewer may see of the universe."""

    universe: Universe
    viewer: Viewer
    now: datetime

    @property
    def restricted(self) -> bool:
        return self.viewer.granted_portfolio_ids is not None

    @cached_property
    def granted(self) -> frozenset[UUID]:
        top = self.viewer.granted_portfolio_ids or ()
        closure = self.rows("portfolio_closure")
        return frozenset(link["descendant_id"] for link in closure if link["ancestor_id"] in top)

    @cached_property
    def _homes(self) -> dict[UUID, UUID | None]:
        return {row["id"]: row["portfolio_id"] for row in self.rows("subject")}

    @cached_property
    def _indexes(self) -> dict[str, dict[UUID, Row]]:
        return {name: {row["id"]: row for row in self.all(name)} for name in fields.TABLES}

    def rows(self, table: str) -> list[Row]:
        return self.universe.rows(table, self.viewer.tenant_id)

    def all(self, type_name: str) -> list[Row]:
        return self.rows(fields.TABLES[type_name])

    @cached_property
    def _seen(self) -> dict[str, list[Row]]:
        return {name: [row for row in self.all(name) if self.sees(name, row)] for name in fields.TABLES}

    def seen(self, type_name: str) -> list[Row]:
        return self._seen[type_name]

    def sees(self, type_name: str, row: Row | None) -> bool:
        entity = fields.ENTITIES[type_name]
        return row is not None and entity.fence(self, row) and (not self.restricted or entity.sees(self, row))

    def prefix_of_kind(self, kind: str) -> str:
        return fields.PREFIXES[fields.TYPE_OF_KIND[kind]]

    def type_of_kind(self, kind: str) -> str:
        return fields.TYPE_OF_KIND[kind]

    def sees_health(self, score: Row) -> bool:
        return not self.restricted or self.home(score["node_id"]) in self.granted

    def find(self, type_name: str, identifier: UUID | None) -> Row | None:
        return self._indexes[type_name].get(identifier) if identifier is not None else None

    def home(self, node_id: UUID | None) -> UUID | None:
        return self._homes.get(node_id) if node_id is not None else None

    def report(self, node_id: UUID) -> Row:
        """What is reported of a node; empty when nothing was, and for whoever may not see it."""
        is_seen = not self.restricted or self.home(node_id) in self.granted
        found = (row for row in self.rows("subject_report") if row["subject_id"] == node_id)
        return next(found, {}) if is_seen else {}

    def links(self, work_item: Row) -> list[Row]:
        links = self.rows("work_item_link")
        return [link for link in links if link["work_item_id"] == work_item["id"] and link["valid_to"] is None]

    def works_on(self, initiative: Row, product: Row) -> bool:
        return any(
            link["initiative_id"] == initiative["id"] and link["product_id"] == product["id"]
            for link in self.rows("initiative_product")
        )

    def is_pending(self, node_id: UUID) -> bool:
        if self.restricted and self.home(node_id) not in self.granted:
            return False
        return any(
            row["target_id"] == node_id
            and row["job"] == "recompute_health"
            and row["generation"] > row["done_generation"]
            for row in self.rows("signal")
        )

    def day(self, instant: str | None) -> date:
        """Day of the organization at an instant, relative ones included; null: now."""
        zone = ZoneInfo(self.rows("organization")[0]["time_zone"])
        return (self.now if instant is None else self.instant(instant)).astimezone(zone).date()

    def instant(self, text: str) -> datetime:
        match = re.fullmatch(r"(-?)P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?)?", text)
        if match is None:
            moment = datetime.fromisoformat(text)
            return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        sign = -1 if match[1] else 1
        years, months, weeks, days, hours = (int(part or 0) for part in match.groups()[1:])
        year, month = divmod(self.now.year * 12 + self.now.month - 1 + sign * (12 * years + months), 12)
        moved = self.now.replace(day=1, year=year, month=month + 1)
        following = (moved + timedelta(days=31)).replace(day=1)
        moved = moved.replace(day=min(self.now.day, (following - timedelta(days=1)).day))
        return moved + sign * timedelta(weeks=weeks, days=days, hours=hours)


@dataclass(frozen=True)
class Thing:
    """An object to print: its concrete type and its row."""

    type_name: str
    row: Row


@dataclass(frozen=True)
class Paged:
    """A connection to print: the rows of the page and what surrounds them."""

    type_name: str
    rows: list[Row]
    total: int
    has_next: bool
    has_previous: bool
    cursors: list[str]


Selected = list[tuple[str, list[FieldNode]]]


@dataclass
class Oracle:
    """Answers one operation for one view."""

    schema: GraphQLSchema
    document: DocumentNode
    operation: OperationDefinitionNode
    variables: Mapping[str, Any]
    view: View
    cursor_secret: bytes
    fragments: dict[str, FragmentDefinitionNode] = field(init=False)
    printed: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.fragments = {
            item.name.value: item for item in self.document.definitions if isinstance(item, FragmentDefinitionNode)
        }
        definitions = self.operation.variable_definitions or ()
        self.coerced: Any = get_variable_values(self.schema, definitions, dict(self.variables))

    def answer(self) -> bytes:
        root = self.schema.query_type
        assert root is not None, "the schema can be queried"
        keys = next(row for row in self.view.all("ApiKey") if row["id"] == self.view.viewer.key_id)
        return self._object(Thing("Query", keys), self._collect(root, [self.operation.selection_set])).encode()

    # Selection -----------------------------------------------------------------------------------

    def _collect(self, type_: GraphQLObjectType, sets: list[SelectionSetNode | None]) -> Selected:
        found: dict[str, list[FieldNode]] = {}
        for selection_set in sets:
            for node in self._flatten(type_, selection_set):
                found.setdefault(node.alias.value if node.alias else node.name.value, []).append(node)
        return list(found.items())

    def _flatten(self, type_: GraphQLObjectType, selection_set: SelectionSetNode | None) -> Iterator[FieldNode]:
        for node in selection_set.selections if selection_set else ():
            if not self._included(node):
                continue
            if isinstance(node, FieldNode):
                yield node
            elif isinstance(node, InlineFragmentNode):
                if node.type_condition is None or self._is_a(type_, node.type_condition.name.value):
                    yield from self._flatten(type_, node.selection_set)
            elif isinstance(node, FragmentSpreadNode):
                fragment = self.fragments[node.name.value]
                if self._is_a(type_, fragment.type_condition.name.value):
                    yield from self._flatten(type_, fragment.selection_set)

    def _included(self, node: Any) -> bool:
        skip = get_directive_values(DIRECTIVES["skip"], node, self.coerced)
        include = get_directive_values(DIRECTIVES["include"], node, self.coerced)
        return not (skip and skip["if"]) and (include is None or include["if"])

    def _is_a(self, type_: GraphQLObjectType, name: str) -> bool:
        condition = self.schema.type_map[name]
        if isinstance(condition, GraphQLInterfaceType | GraphQLUnionType):
            return self.schema.is_sub_type(condition, type_)
        return condition is type_

    # Printing ------------------------------------------------------------------------------------

    def _object(self, thing: Thing | Paged | Mapping[str, Any], selected: Selected) -> str:
        members = [f"{json.dumps(key)}:{self._member(thing, nodes)}" for key, nodes in selected]
        return "{" + ",".join(members) + "}"

    def _member(self, thing: Any, nodes: list[FieldNode]) -> str:
        name = nodes[0].name.value
        type_name = self._type_name(thing)
        if name == "__typename":
            return json.dumps(type_name)
        type_: Any = self.schema.type_map[type_name]
        definition = type_.fields[name]
        arguments = get_argument_values(definition, nodes[0], self.coerced)
        value = self._resolve(thing, type_name, name, arguments)
        if value is not None:
            self.printed.add(f"{type_name}.{name}")
        return self._print(definition.type, value, nodes)

    def _type_name(self, thing: Any) -> str:
        if isinstance(thing, Thing):
            return thing.type_name
        return f"{thing.type_name}Connection" if isinstance(thing, Paged) else thing["__typename"]

    def _print(self, type_: Any, value: Any, nodes: list[FieldNode]) -> str:
        if value is None:
            return "null"
        inner = get_nullable_type(type_)
        if is_list_type(inner):
            return "[" + ",".join(self._print(inner.of_type, item, nodes) for item in value) + "]"
        if isinstance(value, Thing | Paged) or (isinstance(value, dict) and "__typename" in value):
            concrete: Any = self.schema.type_map[self._type_name(value)]
            return self._object(value, self._collect(concrete, [node.selection_set for node in nodes]))
        return print_scalar(get_named_type(inner).name, value)

    # Fields --------------------------------------------------------------------------------------

    def _resolve(self, thing: Any, type_name: str, name: str, arguments: Mapping[str, Any]) -> Any:
        if isinstance(thing, Paged):
            return self._resolve_page(thing, name)
        if not isinstance(thing, Thing):
            return thing[name]
        coordinate = f"{type_name}.{name}"
        if coordinate in fields.LISTS:
            return self._list(coordinate, thing.row, arguments)
        if type_name == "Query":
            return self._root(name, thing, arguments)
        return self._field(coordinate, thing, arguments)

    def _field(self, coordinate: str, thing: Thing, arguments: Mapping[str, Any]) -> Any:
        row, view = thing.row, self.view
        type_name, _, name = coordinate.partition(".")
        if coordinate in fields.ONES:
            return self._one(coordinate, row)
        if coordinate in fields.SUBJECTS:
            found = (self._see(type_, row["subject_id"]) for type_ in SUBJECTS)
            return next((item for item in found if item is not None), None)
        if coordinate == "SearchHit.node":
            return self._see(row["type_name"], row["id"])
        if coordinate in fields.PARTS:
            definition: Any = self.schema.type_map[type_name]
            return Thing(get_named_type(definition.fields[name].type).name, row)
        if coordinate in fields.VALUE_LISTS:
            item_type, resolve = fields.VALUE_LISTS[coordinate]
            return [Thing(item_type, item) for item in resolve(view, row)]
        if coordinate in fields.SCALARS:
            return fields.SCALARS[coordinate](view, row)
        match name:
            case "id":
                return fields.public_id(type_name, row["id"])
            case "health":
                return self._health(row, arguments)
            case "healthHistory":
                return [Thing("HealthPoint", item) for item in self._history(row, arguments)]
            case "capacity":
                buckets = people.capacity(self.view, type_name, row, arguments)
                return [Thing("CapacityBucket", item) for item in buckets]
            case "latestStatusUpdate":
                return self._see("StatusUpdate", view.report(row["id"]).get("latest_status_update_id"))
            case "divergence":
                report = view.report(row["id"])
                return Thing("Divergence", report) if report.get("divergence") else None
            case "dataGaps":
                return [Thing("DataGap", item) for item in plans.data_gaps(view, type_name, row)]
            case "errors":
                errors = plans.line_errors(view, row, arguments.get("afterLine"))
                return [Thing("JobLineError", item) for item in errors]
            case "movers":
                day, count = view.day(arguments["since"]), arguments.get("first")
                return [
                    Thing("Mover", item)
                    for item in plans.movers(view, type_name, row, day)[: 10 if count is None else count]
                ]
            case "rollup":
                return [Thing("RollupBucket", item) for item in self._rollup(type_name, row, arguments)]
            case _:
                return row.get(fields.snake_case(name)) if type_name == "Health" else row[fields.snake_case(name)]

    def _one(self, coordinate: str, row: Row) -> Thing | None:
        type_name, column = fields.ONES[coordinate]
        if coordinate in fields.WITHOUT_WALL:
            found = self.view.find(type_name, row[column])
            return Thing(type_name, found) if found is not None else None
        return self._see(type_name, row[column])

    def _see(self, type_name: str, identifier: UUID | None) -> Thing | None:
        row = self.view.find(type_name, identifier)
        return Thing(type_name, row) if row is not None and self.view.sees(type_name, row) else None

    def _root(self, name: str, thing: Thing, arguments: Mapping[str, Any]) -> Any:
        match name:
            case "viewer":
                return Thing("Viewer", thing.row)
            case "organization":
                return self._one("Query.organization", thing.row)
            case "node":
                return self._by_id(arguments["id"])
            case "search":
                return [Thing("SearchHit", item) for item in search.hits(self.view, arguments)]
            case "nodes":
                return [self._by_id(identifier) for identifier in arguments["ids"]]
            case "_entities":
                return [self._represented(item) for item in arguments["representations"]]
            case _:
                return self._lookup(name[0].upper() + name[1:], arguments["by"])

    def _by_id(self, text: str) -> Thing | None:
        prefix, _, rest = text.partition("_")
        type_name = fields.TYPE_OF_PREFIX.get(prefix)
        return self._see(type_name, parse_uuid(rest)) if type_name else None

    def _represented(self, item: Any) -> Thing | None:
        found = self._by_id(item["id"]) if isinstance(item.get("id"), str) else None
        return found if found is not None and found.type_name == item.get("__typename") else None

    def _lookup(self, type_name: str, by: Mapping[str, Any]) -> Thing | None:
        ((member, value),) = by.items()
        if member == "id":
            found = self._by_id(value)
            return found if found is not None and found.type_name == type_name else None
        if member == "name":
            wanted_name = ascii_lower(value)
            found_row = next((row for row in self.view.all(type_name) if row["name_key"] == wanted_name), None)
            return self._see(type_name, found_row["id"]) if found_row else None
        if member == "key":
            found_row = next((row for row in self.view.all(type_name) if row["key"] == value), None)
            return self._see(type_name, found_row["id"]) if found_row else None
        references = self.view.rows("external_link")
        system = unicodedata.normalize("NFKC", value["system"].strip()).strip()
        wanted = (fields.TABLES[type_name].upper(), system, value["id"].strip())
        ids = [row["node_id"] for row in references if (row["kind"], row["system"], row["external_id"]) == wanted]
        return self._see(type_name, ids[0]) if ids else None

    # Health --------------------------------------------------------------------------------------

    def _scores(self, row: Row) -> list[Row]:
        scores = self.view.rows("health_score")
        return [score for score in scores if score["node_id"] == row["id"] and score["series"] == "LIVE"]

    def _health(self, row: Row, arguments: Mapping[str, Any]) -> Thing:
        score: Row | None
        if arguments.get("asOf") is not None:
            day = self.view.day(arguments["asOf"])
            known = [score for score in self._scores(row) if score["as_of"] <= day]
            score = max(known, key=_newest, default=None)
        else:
            scores = self.view.rows("health_score")
            score = next((item for item in scores if item["id"] == row["health_score_id"]), None)
        if score is None or not self.view.sees_health(score):
            score = {}
        return Thing("Health", {**score, "parent_id_of_health": row["id"]})

    def _history(self, row: Row, arguments: Mapping[str, Any]) -> list[Row]:
        first, last = self.view.day(arguments["from"]), self.view.day(arguments.get("to"))
        by_day: dict[date, Row] = {}
        for score in sorted(self._scores(row), key=_newest):
            if first <= score["as_of"] <= last and self.view.sees_health(score):
                by_day[score["as_of"]] = score
        return [by_day[day] for day in sorted(by_day)][-400:]

    def _rollup(self, type_name: str, row: Row, arguments: Mapping[str, Any]) -> list[Row]:
        groups: dict[str, list[Row]] = {}
        for product in fields.rollup_members(self.view, type_name, row):
            for name in people.rollup_groups(self.view, product, plain(arguments["groupBy"])):
                groups.setdefault(name, []).append(product)
        first = arguments.get("first")
        largest = sorted(groups.items(), key=lambda group: (-len(group[1]), group[0]))[: 20 if first is None else first]
        return [
            {
                "group": name,
                "count": len(members),
                "average_score": _mean(members),
                "owner_id": UUID(name[4:]) if name.startswith("per_") else None,
                "team_id": UUID(name[4:]) if name.startswith("tea_") else None,
            }
            for name, members in sorted(largest)
        ]

    # Lists ---------------------------------------------------------------------------------------

    def _list(self, coordinate: str, row: Row, arguments: Mapping[str, Any]) -> Paged:
        type_name, belongs, default = fields.LISTS[coordinate]
        rows = [other for other in self.view.seen(type_name) if belongs(self.view, row, other)]
        condition = dict(arguments.get("filter") or {})
        archived_too = condition.pop("includeArchived", None)
        if not archived_too:
            rows = [other for other in rows if other.get("archived_at") is None or type_name == "Viewer"]
        rows = [other for other in rows if self.meets(type_name, condition, other)]
        order = order_of(arguments.get("orderBy"), default)
        rows.sort(key=lambda other: sort_key(other, order))
        return self._page(coordinate, type_name, order, rows, arguments)

    def _page(
        self, coordinate: str, type_name: str, order: "Order", rows: list[Row], arguments: Mapping[str, Any]
    ) -> Paged:
        total, backward = len(rows), arguments.get("last") is not None
        text = arguments.get("before" if backward else "after")
        if text is not None:
            bound = self._bound(text, type_name, order)
            beyond = (lambda key: key < bound) if backward else (lambda key: key > bound)
            rows = [row for row in rows if beyond(sort_key(row, order))]
        size = arguments["last"] if backward else arguments.get("first")
        size = 20 if size is None else size
        more = len(rows) > size
        page = (rows[-size:] if size else []) if backward else rows[:size]
        return Paged(
            type_name,
            page,
            total,
            text is not None if backward else more,
            more if backward else text is not None,
            [self.cursor(coordinate, order, row) for row in page],
        )

    def _resolve_page(self, page: Paged, name: str) -> Any:
        things = [Thing(page.type_name, row) for row in page.rows]
        match name:
            case "nodes":
                return things
            case "edges":
                return [
                    {"__typename": f"{page.type_name}Edge", "cursor": cursor, "node": thing}
                    for thing, cursor in zip(things, page.cursors, strict=True)
                ]
            case "totalCount":
                return page.total
            case _:
                return {
                    "__typename": "PageInfo",
                    "hasNextPage": page.has_next,
                    "hasPreviousPage": page.has_previous,
                    "startCursor": page.cursors[0] if page.cursors else None,
                    "endCursor": page.cursors[-1] if page.cursors else None,
                }

    def cursor(self, coordinate: str, order: "Order", row: Row) -> str:
        keys = ",".join(f"{name}{'-' if descending else '+'}" for name, descending in order)
        payload = json.dumps([database_text(order_value(row, name)) for name, _ in order], ensure_ascii=False)
        message = f"1|{self.view.viewer.tenant_id}|{coordinate}|{keys}|{payload}".encode()
        mac = hmac.new(self.cursor_secret, message, hashlib.sha256).digest()[:9]
        return base64.urlsafe_b64encode(mac + payload.encode()).decode()

    def _bound(self, cursor: str, type_name: str, order: "Order") -> Any:
        """Sort key of the item that a cursor names; the data stand still, so that it is looked up by its id."""
        values = json.loads(base64.urlsafe_b64decode(cursor)[9:])
        identifier = UUID(values[[name for name, _ in order].index("ID")])
        row = self.view.find(type_name, identifier)
        assert row is not None, "cursors are made from rows of the tenant"
        return sort_key(row, order)

    # Filters -------------------------------------------------------------------------------------

    def meets(self, type_name: str, condition: Mapping[str, Any], row: Row, path: str = "") -> bool:
        return all(
            self._meets(type_name, name, value, row, path) for name, value in condition.items() if value is not None
        )

    def _meets(self, type_name: str, name: str, value: Any, row: Row, path: str) -> bool:
        match name:
            case "and":
                return all(self.meets(type_name, item, row, path) for item in value)
            case "or":
                return any(self.meets(type_name, item, row, path) for item in value)
            case "not":
                return not self.meets(type_name, value, row, path)
            case "health":
                return self.meets(type_name, value, row, "health.")
        full = f"{path}{name}"
        actual = fields.compared(self.view, type_name, full, row)
        if isinstance(value, bool):
            return actual == value
        return all(
            self._compares(type_name, full, operator, actual, operand)
            for operator, operand in value.items()
            if operand is not None
        )

    def _compares(self, type_name: str, path: str, operator: str, actual: Any, operand: Any) -> bool:
        if operator == "isNull":
            return (actual is None) == operand
        if operator in ("hasAny", "hasNone"):
            named = [self._operand(type_name, path, actual, item) for item in operand if item is not None]
            return any(item in actual for item in named) == (operator == "hasAny")
        if operator in ("in", "nin"):
            among = actual is not None and actual in [
                self._operand(type_name, path, actual, item) for item in operand if item is not None
            ]
            return among == (operator == "in")
        wanted = self._operand(type_name, path, actual, operand)
        if operator in ("eq", "neq"):
            return (actual is not None and actual == wanted) == (operator == "eq")
        return actual is not None and _COMPARISONS[operator](actual, wanted)

    def _operand(self, type_name: str, path: str, actual: Any, operand: Any) -> Any:
        """A client's value as the thing it is compared with."""
        if path in fields.FOLDED:
            return ascii_lower(operand)
        if path == "id" or path in fields.FILTERED_IDS:
            wanted = fields.PREFIXES[type_name] if path == "id" else fields.FILTERED_IDS[path]
            prefix, _, rest = operand.partition("_")
            return parse_uuid(rest) if wanted is None or prefix == wanted else None
        if isinstance(actual, datetime):
            return self.view.instant(operand)
        if isinstance(actual, Decimal):
            return Decimal(str(operand))
        return plain(operand)


_COMPARISONS = {
    "gt": lambda actual, wanted: actual > wanted,
    "gte": lambda actual, wanted: actual >= wanted,
    "lt": lambda actual, wanted: actual < wanted,
    "lte": lambda actual, wanted: actual <= wanted,
    "contains": lambda actual, wanted: wanted in actual,
    "startsWith": lambda actual, wanted: actual.startswith(wanted),
}

Order = list[tuple[str, bool]]


def order_of(given: Any, default: str) -> Order:
    if given:
        order = [(plain(item["field"]), plain(item["direction"]) == "DESC") for item in given]
    else:
        name, _, direction = default.partition(" ")
        order = [(name, direction == "desc")]
    return order if any(name == "ID" for name, _ in order) else [*order, ("ID", False)]


def order_value(row: Row, name: str) -> Any:
    return row[fields.ORDERS.get(name, name.lower())]


def sort_key(row: Row, order: Order) -> tuple[Any, ...]:
    """Nulls last in either direction."""
    values = [(order_value(row, name), descending) for name, descending in order]
    return tuple((value is None, _Reversed(value) if descending else value) for value, descending in values)


@dataclass(frozen=True)
class _Reversed:
    value: Any

    def __lt__(self, other: "_Reversed") -> bool:
        return self.value is not None and other.value is not None and other.value < self.value

    def __gt__(self, other: "_Reversed") -> bool:
        return self.value is not None and other.value is not None and other.value > self.value


def _newest(score: Row) -> tuple[Any, ...]:
    return score["as_of"], score["revision"], score["id"]


def _mean(products: list[Row]) -> int | None:
    scores = [product["health_score_mp"] for product in products if product["health_score_mp"] is not None]
    return (2 * sum(scores) + len(scores)) // (2 * len(scores)) if scores else None


def plain(value: Any) -> Any:
    return value.value if isinstance(value, Enum) else value


def parse_uuid(text: str) -> UUID | None:
    match = re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", text)
    return UUID(text) if match else None


def ascii_lower(text: str) -> str:
    return "".join(letter.lower() if letter.isascii() else letter for letter in text)


def decimal_text(value: Decimal) -> str:
    text = format(value, "f")
    return (text.rstrip("0").rstrip(".") or "0") if "." in text else text


def database_text(value: Any) -> str | None:
    """A sort value as PostgreSQL writes it."""
    if value is None:
        return None
    if isinstance(value, datetime):
        text = value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f").rstrip("0").rstrip(".")
        return f"{text}+00"
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def print_scalar(type_name: str, value: Any) -> str:
    match type_name:
        case "Points":
            return decimal_text(Decimal(value) / 1000)
        case "Float":
            return decimal_text(Decimal(value))
        case "DateTime":
            return json.dumps(value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"))
        case "Int" | "Boolean":
            return json.dumps(value)
        case "JSON":
            return jsonb_text(value)
        case _:
            return json.dumps(str(value), ensure_ascii=False)


def jsonb_text(value: Any) -> str:
    """PostgreSQL's own print of a jsonb: keys by length, then by bytes."""
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: (len(key.encode()), key.encode()))
        return "{" + ", ".join(f"{json.dumps(key)}: {jsonb_text(value[key])}" for key in keys) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(jsonb_text(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False)
