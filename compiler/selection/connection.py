"""The body of one connection: nodes, edges, pageInfo and totalCount over one limited set of rows."""

from collections.abc import Callable
from functools import cached_property

from graphql import GraphQLObjectType
from graphql.execution.collect_fields import FieldDetails

from compiler.graphql_types import object_type, table
from compiler.selection.page import Page
from compiler.selection.walk import Walk
from compiler.statement import literal, print_members


class ConnectionWriter:
    """where: conditions of the whole list on `alias`, made at most once, and only for a selection that needs them."""

    def __init__(
        self, walk: Walk, page: Page, node_type: GraphQLObjectType, alias: str, where: Callable[[], list[str]]
    ) -> None:
        self.walk, self.page, self.node_type, self.alias = walk, page, node_type, alias
        self._make_where = where
        self.table_name = table(node_type).name
        self.joins: list[str] = []
        self.looks_ahead = False
        self.reads_rows = False

    @cached_property
    def where(self) -> list[str]:
        # PostgreSQL refuses a parameter that no part of the statement uses.
        return self._make_where()

    def write(self, type_: GraphQLObjectType, details: list[FieldDetails]) -> str:
        """The select that prints the connection as one text."""
        selection = self.walk.subselection(type_, details)
        text = print_members([(key, self._member(type_, nodes)) for key, nodes in selection])
        if not self.reads_rows:
            # A page size out of range is refused all the same, and a parameter must be used.
            return f"select {text} as text where {self.page.size_sql} is not null"
        joins = "".join(f"\n{join}" for join in self.joins)
        return f"select {text} as text from ({self._page_rows()}) {self.alias}{joins}"

    def _page_rows(self) -> str:
        statement = self.walk.statement
        keyset = self.page.keyset_sql(statement, self.alias, self.walk.catalogue.cursor_key)
        where = " and ".join([*self.where, *([keyset] if keyset != "true" else [])])
        order = self.page.order_sql(statement, self.alias)
        limit = f"{self.page.size_sql} + 1" if self.looks_ahead else self.page.size_sql
        return (
            f"select {self.alias}.*, row_number() over (order by {order}) as position"
            f" from {self.table_name} {self.alias} where {where} order by {order} limit {limit}"
        )

    def _member(self, type_: GraphQLObjectType, nodes: list[FieldDetails]) -> list[str]:
        match name := nodes[0].node.name.value:
            case "__typename":
                return [literal(f'"{type_.name}"')]
            case "nodes":
                return ["'['", self._collect(self._node(nodes)), "']'"]
            case "edges":
                edge_type = object_type(type_.fields["edges"])
                selection = self.walk.subselection(edge_type, nodes)
                edge = print_members([(key, self._edge_member(edge_type, inner)) for key, inner in selection])
                return ["'['", self._collect(edge), "']'"]
            case "pageInfo":
                info_type = object_type(type_.fields["pageInfo"])
                selection = self.walk.subselection(info_type, nodes)
                return [print_members([(key, [self._page_info_member(info_type, inner)]) for key, inner in selection])]
            case "totalCount":
                where = " and ".join(self.where)
                return [f"(select count(*) from {self.table_name} {self.alias} where {where})"]
            case _:
                raise LookupError(f"{type_.name}.{name} has no mapping")

    def _collect(self, item: str) -> str:
        self.reads_rows = True
        direction = "desc" if self.page.backward else "asc"
        return f"string_agg({item}, ',' order by {self.alias}.position {direction}) filter (where {self._on_page()})"

    def _on_page(self) -> str:
        return f"{self.alias}.position <= {self.page.size_sql}"

    def _node(self, nodes: list[FieldDetails]) -> str:
        selection = self.walk.subselection(self.node_type, nodes)
        printed, joins = self.walk.print_object(self.node_type, self.alias, self.alias, selection)
        self.joins.extend(joins)
        return printed

    def _edge_member(self, type_: GraphQLObjectType, nodes: list[FieldDetails]) -> list[str]:
        match nodes[0].node.name.value:
            case "__typename":
                return [literal(f'"{type_.name}"')]
            case "cursor":
                return ["'\"'", self._cursor(), "'\"'"]
            case _:
                return [self._node(nodes)]

    def _cursor(self) -> str:
        statement = self.walk.statement
        values = self.page.values(statement, self.alias)
        return self.walk.catalogue.cursor_key.print_sql(statement, self.page.scope, values)

    def _page_info_member(self, type_: GraphQLObjectType, nodes: list[FieldDetails]) -> str:
        name = nodes[0].node.name.value
        if name == "__typename":
            return literal(f'"{type_.name}"')
        if name in ("hasNextPage", "hasPreviousPage"):
            if (name == "hasNextPage") == self.page.backward:
                # An item lies before an `after` cursor and behind a `before` cursor: the one that made it.
                return literal("true" if self.page.cursor is not None else "false")
            self.reads_rows = self.looks_ahead = True
            return f"(count(*) > {self.page.size_sql})::text"
        self.reads_rows = True
        direction = "asc" if (name == "startCursor") != self.page.backward else "desc"
        cursors = f"array_agg({self._cursor()} order by {self.alias}.position {direction})"
        return f"coalesce(to_json(({cursors} filter (where {self._on_page()}))[1])::text, 'null')"
