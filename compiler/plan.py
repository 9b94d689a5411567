"""The plan of an operation: walks its selection against the declarations and writes one statement."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from graphql import GraphQLObjectType
from graphql.execution.collect_fields import FieldDetails

from compiler.selection.fields import FIELDS
from compiler.selection.lookups import LOOKUPS
from compiler.selection.row import single
from compiler.selection.walk import Selection, Walk
from compiler.statement import Binding, Instant, Rejected


@dataclass(frozen=True)
class Plan:
    """One statement and how to fill its parameters from a request."""

    sql: str
    binders: tuple[Callable[[Binding], Any], ...]
    checks: tuple[Callable[[Binding], None], ...] = ()
    instants: tuple[Instant, ...] = ()

    def arguments(self, binding: Binding) -> list[Any]:
        for check in self.checks:
            check(binding)
        return [bind(binding) for bind in self.binders]

    def refused(self, binding: Binding) -> Rejected:
        """Why the statement answered nothing: a day that it was asked for has not come."""
        latest = max(self.instants, key=lambda instant: instant.read(binding))
        given = latest.read(binding).isoformat().replace("+00:00", "Z")
        message = f"{latest.place} is {given}, on a day that has not come; give now, today or what was."
        return Rejected("BAD_USER_INPUT", message)


class Planner(Walk):
    """Plans one operation for one class of viewers."""

    printers: ClassVar = {**FIELDS, **LOOKUPS}

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
        sql = (
            f"with {with_}\nselect (select convert_to({printed}, 'UTF8')\nfrom {from_})\nfrom claims{self._have_come()}"
        )
        statement = self.statement
        return Plan(sql, tuple(statement.binders), tuple(statement.checks), tuple(statement.instants))

    def _have_come(self) -> str:
        """Condition that the days of all instants have come, where the organization is. It depends on the row of
        `claims`, because a condition that does not would be looked at before the claim is set."""
        if not self.statement.instants:
            return ""
        now = self.statement.now
        conditions = " and ".join(
            f"({instant.parameter} <= {now} or organization_day({instant.parameter}) <= organization_day({now}))"
            for instant in self.statement.instants
        )
        return f"\nwhere case when claims.tenant_id is not null then {conditions} end"
