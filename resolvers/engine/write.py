"""Every change: one transaction for rows, event, signals, idempotency record and answer."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import asyncpg
import structlog

from compiler.declare import snake_case
from portfolio.enumerations import Scope
from resolvers.engine.idempotency import Call, make_call
from resolvers.engine.mutation import DeclaredMutation
from resolvers.engine.outcome import Outcome, Rejection, UserErrorCode, reject
from resolvers.engine.session import Write
from runtime.clock import Clock
from runtime.events import Actor
from runtime.postgres import Database
from runtime.refusal import ErrorCode, Refusal
from runtime.viewer import Viewer
from schema.entities import CHANGED
from schema.entity import Entity

Answer = Callable[[asyncpg.Connection, Outcome], Awaitable[bytes]]

_TRIES = 4
_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class PayloadSelection:
    """What the payload shall tell. hash: that of its fields, by which a repeated call gets the same bytes."""

    answer: Answer
    hash: bytes = b""


@dataclass(frozen=True)
class WriteContext:
    """What a change needs of its request. via: the door, API or INGEST.

    idempotency_key: the request's header; the input's own key comes before it.
    encryption_key: 32 bytes, for secrets that are kept.
    """

    database: Database
    clock: Clock
    viewer: Viewer
    request_id: str | None = None
    idempotency_key: str | None = None
    encryption_key: bytes = b""
    via: str = "API"

    @property
    def actor(self) -> Actor:
        viewer = self.viewer
        holder = (viewer.person_id, viewer.service_account_id)
        return Actor(self.via, viewer.key_id, *holder, self.request_id)


async def change(
    context: WriteContext,
    field: str,
    change: DeclaredMutation,
    arguments: Mapping[str, Any],
    selection: PayloadSelection,
) -> bytes:
    """Carries out one mutation and returns the JSON of its payload, read before the commit.

    Raises Refusal FORBIDDEN or CONFLICT. An exception leaves no trace, so the call may be repeated.
    """
    viewer = context.viewer
    viewer.require(change.scope)
    if change.tenant_wide and viewer.granted_portfolio_ids is not None:
        message = "This concerns the whole organization; the key is limited to portfolios."
        raise Refusal(ErrorCode.FORBIDDEN, message)
    run = _MutationRun(context, change, arguments, selection.answer)
    try:
        call = make_call(viewer, field, arguments, context.idempotency_key, selection.hash)
    except Rejection as rejection:
        return await _read_only(run, rejection.outcome)
    for _ in range(_TRIES):
        try:
            async with context.database.transaction(viewer.tenant_id) as connection:
                return await run.once(connection, call)
        except (asyncpg.DeadlockDetectedError, asyncpg.SerializationError) as error:
            _log.info("change_retried", operation=field, reason=type(error).__name__)
        except asyncpg.LockNotAvailableError:
            break
    raise Refusal(ErrorCode.CONFLICT, "Other changes of the same objects are under way; try again.")


@dataclass(frozen=True)
class _MutationRun:
    context: WriteContext
    change: DeclaredMutation
    arguments: Mapping[str, Any]
    answer: Answer

    async def once(self, connection: asyncpg.Connection, call: Call) -> bytes:
        remembered = await call.recall(connection, self.context.clock.now())
        if remembered is None:
            outcome = await self._attempt(connection)
            answer = await self.print(connection, outcome)
            await call.remember(connection, outcome, answer)
            return answer
        if remembered.answer is not None:
            return remembered.answer
        return await self.print(connection, remembered.outcome)

    async def _attempt(self, connection: asyncpg.Connection) -> Outcome:
        """What was wrong with the input undoes the rows, but not the record of the call."""
        context = self.context
        try:
            async with connection.transaction():
                write = Write(connection, context.viewer, context.clock, context.encryption_key)
                outcome = await self.change.run(write, self.arguments)
                await write.finish(context.actor)
                return outcome
        except Rejection as rejection:
            return rejection.outcome
        except asyncpg.UniqueViolationError as error:
            return taken(error).outcome

    async def print(self, connection: asyncpg.Connection, outcome: Outcome) -> bytes:
        may_read = Scope.READ in self.context.viewer.scopes
        entities = outcome.entities if may_read else dict.fromkeys(outcome.entities)
        values = {**self.change.defaults, **outcome.values, **outcome.shown_once}
        return await self.answer(connection, replace(outcome, entities=entities, values=values))


async def _read_only(run: _MutationRun, outcome: Outcome) -> bytes:
    async with run.context.database.transaction(run.context.viewer.tenant_id) as connection:
        return await run.print(connection, outcome)


def taken(error: asyncpg.UniqueViolationError) -> Rejection:
    """Two objects with the same name, or the same of what each has once. Raises any other error again."""
    constraint = str(getattr(error, "constraint_name", ""))
    if constraint.endswith("_tenant_id_key_key"):
        return reject(UserErrorCode.DUPLICATE, "That key is taken; choose another one.", "key")
    entity = _ENTITY_OF_CONSTRAINT.get(constraint)
    if entity is None:
        raise error
    *others, last = entity.known_by
    same = f"{', '.join(others)} and {last}" if others else last
    return reject(UserErrorCode.DUPLICATE, f"There is {entity.with_article} with this {same} already.", last)


def _constraint(entity: Entity) -> str:
    """As PostgreSQL names it."""
    columns = "_".join(map(snake_case, entity.known_by))
    return f"{entity.table}_tenant_id_{columns}_key"


_ENTITY_OF_CONSTRAINT = {_constraint(entity): entity for entity in CHANGED if entity.is_unique}
