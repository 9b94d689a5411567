"""The plan of an operation: walks its selection against the declarations and writes one statement."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    FragmentDefinitionNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    get_named_type,
    get_nullable_type,
)
from graphql.execution.collect_fields import FieldDetails, FragmentDetails, collect_fields, collect_subfields
from graphql.execution.values import VariableValues

from compiler.arguments import Leaf, argument_tree
from compiler.cursor import CursorKey
from compiler.connection import ConnectionWriter
from compiler.declare import Lookup, Many, One, OneOf, Part, Refetch, Rows, Table, Value, access_of, mapping_of
from compiler.filter import filter_sql, parse_public_id, resolve_instant
from compiler.graphql_types import BACKREF, filter_fields, object_type
from compiler.graphql_types import table as declared_table
from compiler.page import MAXIMUM_PAGE_SIZE, plan_page
from compiler.statement import Binding, Rejected, Statement, concat, literal, print_list, print_scalar

Selection = list[tuple[str, list[FieldDetails]]]


@dataclass(frozen=True)
class Plan:
    """One statement and how to fill its parameters from a request."""

    sql: str
    binders: tuple[Callable[[Binding], Any], ...]

    def arguments(self, binding: Binding) -> list[Any]:
        return [bind(binding) for bind in self.binders]


@dataclass(frozen=True)
class Catalogue:
    """What the compiler must be told of a schema: kind → id prefix, and the secret that signs cursors."""

    schema: GraphQLSchema
    prefixes: Mapping[str, str]
    cursor_key: CursorKey


@dataclass
class Planner:
    """Plans one operation for one class of viewers: its scopes, and whether it is restricted to portfolios."""

    catalogue: Catalogue
    operation: OperationDefinitionNode
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: VariableValues
    scopes: frozenset[str]
    restricted: bool
    statement: Statement = field(init=False)

    def __post_init__(self) -> None:
        self.statement = Statement(self.restricted, self.catalogue.prefixes)
        self._details = {name: FragmentDetails(definition) for name, definition in self.fragments.items()}

    # Entry points --------------------------------------------------------------------------------

    def plan_query(self, root: GraphQLObjectType) -> Plan:
        collected = collect_fields(self.catalogue.schema, self._details, self.variables, root, self.operation)
        return self.plan_fields(root, list(collected.grouped_field_set.items()))

    def plan_fields(self, root: GraphQLObjectType, selection: Selection) -> Plan:
        """A plan for some root fields."""
        printed, joins = self.print_object(root, "claims", "claims", selection)
        return self._finish(printed, joins)

    def plan_object(self, type_: GraphQLObjectType, fields: list[FieldDetails], condition: str, value: tuple[Callable[[Binding], Any], str]) -> Plan:
        """A plan that prints one object of a table type, or null: condition on {other} with {value}."""
        parameter = self.statement.parameter(*value)
        item, joins = self._single(type_, fields, lambda alias: self.statement.fill(condition, {"other": alias, "value": parameter}))
        return self._finish(f"coalesce({item}, 'null')", joins)

    def subselection(self, type_: GraphQLObjectType, fields: list[FieldDetails]) -> Selection:
        collected = collect_subfields(self.catalogue.schema, self._details, self.variables, self.operation, type_, fields)
        return list(collected.grouped_field_set.items())

    def _finish(self, printed: str, joins: list[str]) -> Plan:
        # The claim is set by the row of `claims`, and everything else hangs below that row's projection: evaluated after it,
        # whatever the planner chooses (tests/compiler/test_claim_safety.py). A wrong order could only answer nothing.
        ctes = ["claims as materialized (select set_config('folioscope.tenant_id', $1::uuid::text, true) as tenant_id)"]
        if self.restricted:
            grants = self.statement.parameter(lambda binding: binding.granted_portfolio_ids, "uuid[]", "grants")
            ctes.append(
                "granted as materialized (select array(select closure.descendant_id from portfolio_closure closure"
                f" where claims.tenant_id is not null and closure.tenant_id = {self.statement.tenant}"
                f" and closure.ancestor_id = any({grants})) as ids from claims)"
            )
        with_ = ",\n".join(ctes)
        from_ = "(select where claims.tenant_id is not null) as root" + "".join(f"\n{join}" for join in joins)
        sql = f"with {with_}\nselect (select convert_to({printed}, 'UTF8')\nfrom {from_})\nfrom claims"
        return Plan(sql, tuple(self.statement.binders))

    # Objects -------------------------------------------------------------------------------------

    def print_object(self, type_: GraphQLObjectType, alias: str, parent: str, selection: Selection) -> tuple[str, list[str]]:
        """Text expression of an object whose row is `alias`, and the joins that it needs."""
        pieces: list[str] = ["'{'"]
        joins: list[str] = []
        for index, (key, details) in enumerate(selection):
            pieces.append(literal(f'{"," if index else ""}"{key}":'))
            pieces.extend(self._field(type_, alias, parent, details, joins))
        return concat([*pieces, "'}'"]), joins

    def _field(self, type_: GraphQLObjectType, alias: str, parent: str, details: list[FieldDetails], joins: list[str]) -> list[str]:
        node = details[0].node
        name = node.name.value
        if name == "__typename":
            return [literal(f'"{type_.name}"')]
        definition = type_.fields[name]
        declared = definition.extensions.get(BACKREF)
        access = access_of(declared)
        if access is not None and access.scope not in self.scopes:
            raise Rejected("FORBIDDEN", f"{type_.name}.{name} needs a key with scope {access.scope}.")
        mapping = mapping_of(declared)
        arguments = argument_tree(definition, node, self.variables) if definition.args else {}
        match mapping:
            case Value():
                return self._value(mapping, definition, alias, parent, arguments)
            case One():
                return [self._one(mapping, definition, (alias, parent), details, arguments, joins)]
            case Part():
                inner = object_type(definition)
                printed, inner_joins = self.print_object(inner, alias, parent, self.subselection(inner, details))
                joins.extend(inner_joins)
                return [printed]
            case OneOf():
                return [self._one_of(mapping, definition, alias, details, joins)]
            case Rows():
                return self._rows(mapping, definition, alias, details, arguments, joins)
            case Many():
                return [self._connection(mapping, definition, f"{type_.name}.{name}", alias, details, arguments, joins)]
            case Lookup():
                return [self._lookup(mapping, definition, details, arguments, joins)]
            case Refetch():
                return [self._refetch(mapping, definition, details, arguments, joins)]
            case _:
                raise LookupError(f"{type_.name}.{name} has no mapping")

    # Fields --------------------------------------------------------------------------------------

    def _template(self, source: Any, names: Mapping[str, str], arguments: Mapping[str, Any]) -> str:
        template = source({name: None if leaf is None else leaf.value for name, leaf in arguments.items()}) if callable(source) else source
        filled = dict(names)
        for name, leaf in arguments.items():
            if leaf is not None and f"{{{name}}}" in template:
                filled[name] = self._argument_parameter(leaf)
        return self.statement.fill(template, filled)

    def _argument_parameter(self, leaf: Leaf) -> str:
        """Arguments in templates are instants, relative ones included."""
        return self.statement.parameter(lambda binding: resolve_instant(leaf.read(binding.variables), binding.now), "timestamptz")

    def _value(self, mapping: Value, definition: GraphQLField, alias: str, parent: str, arguments: Mapping[str, Any]) -> list[str]:
        expression = self._template(mapping.expression, {"self": alias, "parent": parent}, arguments)
        nullable = not isinstance(definition.type, GraphQLNonNull)
        inner = get_nullable_type(definition.type)
        type_name = get_named_type(definition.type).name
        if isinstance(inner, GraphQLList):
            return [print_list(type_name, expression, nullable=nullable)]
        prefix = self.catalogue.prefixes[mapping.kind] if mapping.kind else None
        return print_scalar(type_name, expression, nullable=nullable, prefix=prefix)

    def _one(
        self, mapping: One, definition: GraphQLField, aliases: tuple[str, str], details: list[FieldDetails], arguments: Mapping[str, Any], joins: list[str]
    ) -> str:
        type_ = object_type(definition)
        table = declared_table(type_)
        other = self.statement.alias(table.name)
        names = {"self": aliases[0], "parent": aliases[1], "other": other}
        source = self._template(mapping.source, names, arguments) if mapping.source else ""
        on = [f"{other}.tenant_id = {self.statement.tenant}", self._template(mapping.on, names, arguments)]
        wall = mapping.wall if mapping.wall is not None else table.wall
        if self.restricted and wall:
            on.append(self.statement.fill(wall, {"self": other, **{key: value for key, value in names.items() if key != "self"}}))
        joins.append(f"left join {source or table.name} {other} on {' and '.join(part for part in on if part)}")
        printed, inner = self.print_object(type_, other, aliases[0], self.subselection(type_, details))
        joins.extend(inner)
        return printed if mapping.missing else f"case when {other}.tenant_id is null then 'null' else {printed} end"

    def _one_of(self, mapping: OneOf, definition: GraphQLField, alias: str, details: list[FieldDetails], joins: list[str]) -> str:
        condition = self.statement.fill(mapping.on, {"self": alias})
        parts = []
        for type_ in self._implementations(definition):
            item, inner = self._single(type_, details, lambda other, condition=condition: f"{other}.id = {condition}")
            joins.extend(inner)
            parts.append(item)
        return f"coalesce({', '.join(parts)}, 'null')"

    def _single(self, type_: GraphQLObjectType, details: list[FieldDetails], condition: Callable[[str], str]) -> tuple[str, list[str]]:
        """One row of a type by a condition, as a lateral join of its text; null when there is none."""
        table = declared_table(type_)
        alias = self.statement.alias(table.name)
        where = [f"{alias}.tenant_id = {self.statement.tenant}", condition(alias), *self._wall(table, alias)]
        printed, inner = self.print_object(type_, alias, alias, self.subselection(type_, details))
        name = self.statement.alias("item")
        body = f"select {printed} as text from {table.name} {alias}" + "".join(f" {join}" for join in inner)
        return f"{name}.text", [f"left join lateral ({body} where {' and '.join(where)} limit 1) {name} on true"]

    def _rows(
        self, mapping: Rows, definition: GraphQLField, alias: str, details: list[FieldDetails], arguments: Mapping[str, Any], joins: list[str]
    ) -> list[str]:
        type_ = object_type(definition)
        other = self.statement.alias("row")
        names = {"self": alias, "other": other}
        source = self._template(mapping.source, names, arguments)
        printed, inner = self.print_object(type_, other, alias, self.subselection(type_, details))
        name = self.statement.alias("list")
        order = self.statement.fill(mapping.order, names)
        body = f"select string_agg({printed}, ',' order by {order}) as text from {source}" + "".join(f" {join}" for join in inner)
        joins.append(f"left join lateral ({body}) {name} on true")
        return ["'['", f"{name}.text", "']'"]

    # Connections ---------------------------------------------------------------------------------

    def _connection(
        self, mapping: Many, definition: GraphQLField, coordinate: str, alias: str, details: list[FieldDetails], arguments: Mapping[str, Any], joins: list[str]
    ) -> str:
        connection_type = object_type(definition)
        node_type = object_type(connection_type.fields["nodes"])
        table = declared_table(node_type)
        page = plan_page(self.statement, table, arguments, mapping.order, coordinate)
        other = self.statement.alias(table.name)
        where = [f"{other}.tenant_id = {self.statement.tenant}", self.statement.fill(mapping.on, {"self": alias, "other": other}), *self._wall(table, other)]
        conditions = dict(arguments.get("filter") or {})
        if table.archivable:
            where.append(self._archived(conditions.pop("includeArchived", None), other))
        if conditions:
            where.append(filter_sql(self.statement, conditions, filter_fields(definition), other))
        writer = ConnectionWriter(self, page, node_type, table, other, [part for part in where if part != "true"])
        name = self.statement.alias("page")
        text = writer.write(connection_type, details)
        joins.append(f"left join lateral ({text}) {name} on true")
        return f"{name}.text"

    def _archived(self, include: Leaf | None, alias: str) -> str:
        """Archived rows stay out of lists unless they are asked for."""
        hidden = f"{alias}.archived_at is null"
        if include is None:
            return hidden
        return f"({hidden} or {self.statement.parameter(lambda binding: include.read(binding.variables), 'boolean')})"

    def _wall(self, table: Table, alias: str) -> list[str]:
        return [self.statement.fill(table.wall, {"self": alias})] if self.restricted and table.wall else []

    # Root look-ups -------------------------------------------------------------------------------

    def _lookup(self, mapping: Lookup, definition: GraphQLField, details: list[FieldDetails], arguments: Mapping[str, Any], joins: list[str]) -> str:
        type_ = object_type(definition)
        member, value = next(iter(arguments["by"].items()))
        template = mapping.conditions[member]
        names: dict[str, str] = {}
        if isinstance(value, dict):
            names = {name: self._text_parameter(leaf) for name, leaf in value.items()}
        elif member == "id":
            names["value"] = self._id_parameter(value, self.catalogue.prefixes[declared_table(type_).kind or ""])
        else:
            names["value"] = self._text_parameter(value)
        item, inner = self._single(type_, details, lambda alias: self.statement.fill(template, {**names, "other": alias}))
        joins.extend(inner)
        return f"coalesce({item}, 'null')"

    def _text_parameter(self, leaf: Leaf) -> str:
        return self.statement.parameter(lambda binding: leaf.read(binding.variables), "text")

    def _id_parameter(self, leaf: Leaf, prefix: str) -> str:
        return self.statement.parameter(lambda binding: parse_public_id(leaf.read(binding.variables), prefix), "uuid")

    def _refetch(self, mapping: Refetch, definition: GraphQLField, details: list[FieldDetails], arguments: Mapping[str, Any], joins: list[str]) -> str:
        by_prefix = {self.catalogue.prefixes[declared_table(type_).kind or ""]: type_ for type_ in self._implementations(definition)}
        if not mapping.many:
            prefix = str(arguments["id"].value).partition("_")[0]
            if prefix not in by_prefix:
                return "'null'"
            parameter = self._id_parameter(arguments["id"], prefix)
            item, inner = self._single(by_prefix[prefix], details, lambda alias: f"{alias}.id = {parameter}")
            joins.extend(inner)
            return f"coalesce({item}, 'null')"
        return self._refetch_many(by_prefix, arguments["ids"], details, joins)

    def _refetch_many(self, by_prefix: Mapping[str, GraphQLObjectType], leaf: Leaf, details: list[FieldDetails], joins: list[str]) -> str:
        wanted = {str(value).partition("_")[0] for value in leaf.value} & by_prefix.keys()
        ids = self.statement.parameter(lambda binding: _any_ids(leaf.read(binding.variables)), "uuid[]")
        list_name = self.statement.alias("list")
        inner_joins: list[str] = []
        items = []
        for prefix in sorted(wanted):
            known = self.statement.parameter(lambda binding, prefix=prefix: _ids_of(leaf.read(binding.variables), prefix), "uuid[]")
            condition = f"{{}}.id = asked.id and asked.id = any({known})"
            item, joined = self._single(by_prefix[prefix], details, lambda alias, condition=condition: condition.format(alias))
            inner_joins.extend(joined)
            items.append(item)
        text = f"coalesce({', '.join([*items, literal('null')])})"
        body = f"select string_agg({text}, ',' order by asked.place) as text from unnest({ids}) with ordinality as asked (id, place)"
        joins.append(f"left join lateral ({body}{''.join(f' {join}' for join in inner_joins)}) {list_name} on true")
        return f"concat('[', {list_name}.text, ']')"

    def _implementations(self, definition: GraphQLField) -> list[GraphQLObjectType]:
        interface = get_named_type(definition.type)
        types = self.catalogue.schema.get_possible_types(interface) if isinstance(interface, GraphQLInterfaceType) else [interface]
        return sorted((type_ for type_ in types if isinstance(type_, GraphQLObjectType)), key=lambda type_: type_.name)


def _any_ids(values: list[Any]) -> list[Any]:
    if len(values) > MAXIMUM_PAGE_SIZE:
        raise Rejected("BAD_USER_INPUT", f"`ids` has {len(values)} items; at most {MAXIMUM_PAGE_SIZE}.", MAXIMUM_PAGE_SIZE, len(values))
    return [parse_public_id(value, None) for value in values]


def _ids_of(values: list[Any], prefix: str) -> list[Any]:
    return [parsed for parsed in (parse_public_id(value, prefix) for value in values) if parsed is not None]
