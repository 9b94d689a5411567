"""Every read: one selection, one statement."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import asyncpg
from graphql import GraphQLObjectType
from graphql.execution.collect_fields import FieldDetails
from graphql.execution.values import VariableValues

from compiler.arguments import variables_shape
from compiler.plan import Plan, Planner
from compiler.selection.walk import Catalogue
from compiler.statement import Binding, Rejected
from resolvers.engine.prepared import Prepared
from runtime.clock import Clock
from runtime.postgres import Database
from runtime.refusal import ErrorCode, Refusal
from runtime.viewer import Viewer

Result = TypeVar("Result")

_PLANS_KEPT = 2_000
_PLAN_BYTES_KEPT = 64 << 20


@dataclass
class PlanCache:
    """Plans by document, shape and rights; the least recently used go first. Values are never part of a plan."""

    entries: OrderedDict[Any, Plan] = field(default_factory=OrderedDict[Any, Plan])
    size_bytes: int = 0

    def get_or_make(self, key: Any, make: Callable[[], Plan]) -> Plan:
        plan = self.entries.get(key)
        if plan is not None:
            self.entries.move_to_end(key)
            return plan
        plan = make()
        self.entries[key] = plan
        self.size_bytes += len(plan.sql)
        while len(self.entries) > _PLANS_KEPT or (self.size_bytes > _PLAN_BYTES_KEPT and len(self.entries) > 1):
            _, dropped = self.entries.popitem(last=False)
            self.size_bytes -= len(dropped.sql)
        return plan


@dataclass(frozen=True)
class Operation:
    """An operation ready to run: validated document, coerced variables, and who asks."""

    text: str
    prepared: Prepared
    variables: VariableValues
    viewer: Viewer


@dataclass
class Reader:
    """Answers selections of one schema from one database."""

    catalogue: Catalogue
    database: Database
    clock: Clock
    plans: PlanCache = field(default_factory=PlanCache)

    def __post_init__(self) -> None:
        self._prefixes = frozenset(self.catalogue.prefixes.values())

    def planner(self, operation: Operation) -> Planner:
        viewer = operation.viewer
        return Planner(
            self.catalogue,
            operation.prepared.node,
            operation.prepared.fragments,
            operation.variables,
            viewer.scopes,
            viewer.granted_portfolio_ids is not None,
        )

    def binding(self, operation: Operation) -> Binding:
        viewer = operation.viewer
        return Binding(
            operation.variables.coerced,
            viewer.tenant_id,
            viewer.granted_portfolio_ids,
            viewer.key_id,
            self.clock.now(),
        )

    def plan(self, operation: Operation, part: Any, make: Callable[[Planner], Plan]) -> Plan:
        """The plan of a part of an operation, cached or made now. Raises Refusal for what the client did wrong."""
        viewer = operation.viewer
        prepared = operation.prepared
        shape = variables_shape(prepared.variable_types, operation.variables.coerced, self._prefixes)
        key = (
            operation.text,
            prepared.name,
            shape,
            viewer.scopes,
            viewer.granted_portfolio_ids is not None,
            part,
        )
        return _translated(lambda: self.plans.get_or_make(key, lambda: make(self.planner(operation))))

    def arguments(self, plan: Plan, operation: Operation) -> list[Any]:
        return _translated(lambda: plan.arguments(self.binding(operation)))

    async def query(
        self,
        operation: Operation,
        root: GraphQLObjectType,
        selection: list[tuple[str, list[FieldDetails]]],
    ) -> bytes:
        """JSON bytes of a query's data, as PostgreSQL printed them."""
        plan = self.plan(
            operation,
            tuple(key for key, _ in selection),
            lambda planner: planner.plan_fields(root, selection),
        )
        arguments = self.arguments(plan, operation)
        async with self.database.connection() as connection:
            return self._answered(plan, operation, await connection.fetchval(plan.sql, *arguments))

    async def object(self, connection: asyncpg.Connection, operation: Operation, plan: Plan, value: Any) -> bytes:
        """JSON bytes of one object, in the transaction of `connection`; `value` is the plan's second parameter."""
        arguments = self.arguments(plan, operation)
        arguments[1] = value
        return self._answered(plan, operation, await connection.fetchval(plan.sql, *arguments))

    def _answered(self, plan: Plan, operation: Operation, text: bytes | None) -> bytes:
        if text is None:
            raise _refusal(plan.refused(self.binding(operation)))
        return text


def _translated(work: Callable[[], Result]) -> Result:
    try:
        return work()
    except Rejected as error:
        raise _refusal(error) from None


def _refusal(error: Rejected) -> Refusal:
    return Refusal(ErrorCode(error.code), error.message, limit=error.limit, actual=error.actual)
