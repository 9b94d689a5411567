"""The plan of an operation: walks its selection against the declarations and writes one statement."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import FragmentDefinitionNode, GraphQLObjectType, GraphQLSchema, OperationDefinitionNode
from graphql.execution.collect_fields import FieldDetails, FragmentDetails, collect_fields, collect_subfields
from graphql.execution.values import VariableValues

from compiler.arguments import argument_tree
from compiler.cursor import CursorKey
from compiler.declare import access_of, mapping_of
from compiler.fields import Site, print_field, single
from compiler.graphql_types import BACKREF
from compiler.mapping import Entities
from compiler.statement import Binding, Rejected, Statement, literal, print_members

Selection = list[tuple[str, list[FieldDetails]]]


@dataclass(frozen=True)
class Plan:
    """One statement and how to fill its parameters from a request."""

    sql: str
    binders: tuple[Callable[[Binding], Any], ...]
    checks: tuple[Callable[[Binding], None], ...] = ()

    def arguments(self, binding: Binding) -> list[Any]:
        for check in self.checks:
            check(binding)
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

    def plan_query(self, root: GraphQLObjectType) -> Plan:
        collected = collect_fields(self.catalogue.schema, self._details, self.variables, root, self.operation)
        return self.plan_fields(root, list(collected.grouped_field_set.items()))

    def plan_fields(self, root: GraphQLObjectType, selection: Selection) -> Plan:
        """A plan for some root fields."""
        return self._finish(*self.print_object(root, "claims", "claims", selection))

    def plan_object(self, type_: GraphQLObjectType, details: list[FieldDetails], condition: str) -> Plan:
        """A plan that prints one object, or null: condition on {other} with {value}, the second parameter."""
        value = self.statement.parameter(lambda _: None, "uuid")
        names = {"value": value}
        text, joins = single(
            self, type_, details, lambda other: self.statement.fill(condition, {**names, "other": other})
        )
        return self._finish(f"coalesce({text}, 'null')", joins)

    def subselection(self, type_: GraphQLObjectType, details: list[FieldDetails]) -> Selection:
        collected = collect_subfields(
            self.catalogue.schema, self._details, self.variables, self.operation, type_, details
        )
        return list(collected.grouped_field_set.items())

    def print_object(
        self, type_: GraphQLObjectType, alias: str, parent: str, selection: Selection
    ) -> tuple[str, list[str]]:
        """Text expression of an object whose row is `alias`, and the joins that it needs."""
        joins: list[str] = []
        members = [(key, self._print_field(type_, (alias, parent), details, joins)) for key, details in selection]
        return print_members(members), joins

    def _print_field(
        self, type_: GraphQLObjectType, aliases: tuple[str, str], details: list[FieldDetails], joins: list[str]
    ) -> list[str]:
        node = details[0].node
        if node.name.value == "__typename":
            return [literal(f'"{type_.name}"')]
        definition = type_.fields[node.name.value]
        declared = definition.extensions.get(BACKREF)
        coordinate = f"{type_.name}.{node.name.value}"
        access = access_of(declared)
        if access is not None and access.scope not in self.scopes:
            raise Rejected("FORBIDDEN", f"{coordinate} needs a key with scope {access.scope}.")
        arguments = argument_tree(definition, node, self.variables) if definition.args else {}
        mapping = Entities() if coordinate == "Query._entities" else mapping_of(declared)
        return print_field(mapping, Site(self, coordinate, definition, aliases, details, arguments, joins))

    def _finish(self, printed: str, joins: list[str]) -> Plan:
        # The claim is set by the row of `claims`, and everything else hangs below that row's projection: evaluated
        # after it, whatever PostgreSQL chooses (tests/compiler/test_claim_safety.py). A wrong order could only answer
        # nothing.
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
        return Plan(sql, tuple(self.statement.binders), tuple(self.statement.checks))
