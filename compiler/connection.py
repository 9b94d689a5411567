"""The body of one connection: nodes, edges, pageInfo and totalCount over one limited set of rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from graphql import GraphQLObjectType
from graphql.execution.collect_fields import FieldDetails

from compiler.declare import Table
from compiler.graphql_types import object_type
from compiler.page import Page
from compiler.statement import concat, literal

if TYPE_CHECKING:
    from compiler.plan import Planner


class ConnectionWriter:
    """Writes the body of one connection: nodes, edges, pageInfo and totalCount over one limited set of rows."""

    def __init__(self, planner: Planner, page: Page, node_type: GraphQLObjectType, table: Table, alias: str, where: list[str]) -> None:
        self.planner, self.page, self.node_type, self.table, self.alias, self.where = planner, page, node_type, table, alias, where
        self.joins: list[str] = []
        self.looks_ahead = False
        self.reads_rows = False

    def write(self, type_: GraphQLObjectType, details: list[FieldDetails]) -> str:
        statement = self.planner.statement
        pieces = ["'{'"]
        for index, (key, nodes) in enumerate(self.planner.subselection(type_, details)):
            pieces.append(literal(f'{"," if index else ""}"{key}":'))
            pieces.extend(self._member(type_, nodes))
        text = concat([*pieces, "'}'"])
        if not self.reads_rows:
            return f"select {text} as text where {self.page.size_sql} is not null"  # a page size out of range is refused all the same
        keyset = self.page.keyset_sql(statement, self.alias, self.planner.catalogue.cursor_key)
        where = " and ".join([*self.where, *([keyset] if keyset != "true" else [])])
        order = self.page.order_sql(statement, self.alias)
        limit = f"{self.page.size_sql} + 1" if self.looks_ahead else self.page.size_sql
        rows = (
            f"select {self.alias}.*, row_number() over (order by {order}) as position from {self.table.name} {self.alias}"
            f" where {where} order by {order} limit {limit}"
        )
        return f"select {text} as text from ({rows}) {self.alias}" + "".join(f"\n{join}" for join in self.joins)

    def _member(self, type_: GraphQLObjectType, nodes: list[FieldDetails]) -> list[str]:
        name = nodes[0].node.name.value
        match name:
            case "__typename":
                return [literal(f'"{type_.name}"')]
            case "nodes":
                return ["'['", self._collect(self._node(nodes)), "']'"]
            case "edges":
                return ["'['", self._collect(self._edge(object_type(type_.fields["edges"]), nodes)), "']'"]
            case "pageInfo":
                return [self._page_info(object_type(type_.fields["pageInfo"]), nodes)]
            case "totalCount":
                return [f"(select count(*) from {self.table.name} {self.alias} where {' and '.join(self.where)})"]
            case _:
                raise LookupError(f"{type_.name}.{name} has no mapping")

    def _collect(self, item: str) -> str:
        self.reads_rows = True
        direction = "desc" if self.page.backward else "asc"
        return f"string_agg({item}, ',' order by {self.alias}.position {direction}) filter (where {self._on_page()})"

    def _on_page(self) -> str:
        return f"{self.alias}.position <= {self.page.size_sql}"

    def _node(self, nodes: list[FieldDetails]) -> str:
        printed, joins = self.planner.print_object(self.node_type, self.alias, self.alias, self.planner.subselection(self.node_type, nodes))
        self.joins.extend(joins)
        return printed

    def _edge(self, edge_type: GraphQLObjectType, nodes: list[FieldDetails]) -> str:
        pieces = ["'{'"]
        for index, (key, inner) in enumerate(self.planner.subselection(edge_type, nodes)):
            pieces.append(literal(f'{"," if index else ""}"{key}":'))
            name = inner[0].node.name.value
            if name == "__typename":
                pieces.append(literal(f'"{edge_type.name}"'))
            elif name == "cursor":
                pieces.extend(["'\"'", self._cursor(), "'\"'"])
            else:
                pieces.append(self._node(inner))
        return concat([*pieces, "'}'"])

    def _cursor(self) -> str:
        statement = self.planner.statement
        return self.planner.catalogue.cursor_key.print_sql(statement, self.page.scope, self.page.values(statement, self.alias))

    def _page_info(self, type_: GraphQLObjectType, nodes: list[FieldDetails]) -> str:
        pieces = ["'{'"]
        for index, (key, inner) in enumerate(self.planner.subselection(type_, nodes)):
            name = inner[0].node.name.value
            pieces.append(literal(f'{"," if index else ""}"{key}":'))
            pieces.append(literal(f'"{type_.name}"') if name == "__typename" else self._page_info_member(name))
        return concat([*pieces, "'}'"])

    def _page_info_member(self, name: str) -> str:
        if name in ("hasNextPage", "hasPreviousPage"):
            if (name == "hasNextPage") == self.page.backward:
                return literal("true" if self.page.cursor is not None else "false")
            self.reads_rows = self.looks_ahead = True
            return f"(count(*) > {self.page.size_sql})::text"
        self.reads_rows = True
        direction = "asc" if (name == "startCursor") != self.page.backward else "desc"
        first = f"(array_agg({self._cursor()} order by {self.alias}.position {direction}) filter (where {self._on_page()}))[1]"
        return f"coalesce(to_json({first})::text, 'null')"
