"""/graphql: one operation a request, through the gate and back."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from graphql import ExecutionResult, OperationType
from starlette.types import Receive, Scope, Send

from api import limits
from api.graphql.answer import JSON, Answer, answer_fault, answer_result, choose_media_type
from api.graphql.gate import Gate, ValidatedRequest
from api.graphql.parameters import Parameters, from_body, from_query_string
from api.http.body import read_body, require_json
from api.http.deadline import Deadline
from api.http.head import Head
from api.metrics import REFUSED, RUNNING, WAITING
from api.viewer import Viewers, presented_key
from resolvers.engine.execute import Context
from runtime.refusal import ErrorCode, Refusal
from runtime.telemetry import add_facts

_METHODS = ("POST", "GET", "HEAD")

# Runs an operation that passed the gate. The data may be orjson.Fragment; what is raised fails all.
Run = Callable[[ValidatedRequest, Context], Awaitable[ExecutionResult]]


@dataclass
class Turnstile:
    """At most so many operations run at once; one waits its second, then is told to come again."""

    places: int = limits.IN_FLIGHT
    wait_seconds: float = limits.WAIT_SECONDS
    running: int = 0
    waiting: int = 0
    _free: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        self._free = asyncio.Semaphore(self.places)

    async def __aenter__(self) -> None:
        if self._free.locked():
            await self._wait()
        else:
            await self._free.acquire()
        self.running += 1

    async def __aexit__(self, *_: object) -> None:
        self.running -= 1
        self._free.release()

    async def _wait(self) -> None:
        self.waiting += 1
        try:
            with Deadline(self.wait_seconds):
                await self._free.acquire()
        except TimeoutError:
            raise Refusal(ErrorCode.OVERLOADED, "Too many requests at the moment; try again.") from None
        finally:
            self.waiting -= 1


@dataclass
class GraphQLEndpoint:
    """Answers POST, and GET for queries. Every refusal is JSON of the one error shape."""

    gate: Gate
    viewers: Viewers
    run: Run
    turnstile: Turnstile = field(default_factory=Turnstile)
    run_seconds: float = limits.RUN_SECONDS

    def __post_init__(self) -> None:
        # Asked for at each scrape: counting up and down costs every request.
        RUNNING.set_function(lambda: self.turnstile.running)
        WAITING.set_function(lambda: self.turnstile.waiting)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        state: dict[str, Any] = scope["state"]
        head, request_id, method = state["head"], state["request_id"], scope["method"]
        media_type = JSON
        timing = _Timing(time.perf_counter())
        try:
            media_type = choose_media_type(head.getlist("accept"))
            answer = await self._answer(scope, receive, timing)
        except Exception as fault:
            answer = answer_fault(fault, request_id)
        if "data" not in answer.members:
            REFUSED.labels(answer.members["errors"][0]["extensions"]["code"]).inc()
        if method not in _METHODS:
            answer.headers["Allow"] = ", ".join(_METHODS)
        answer.headers["Server-Timing"] = timing.header()
        await answer.send(send, media_type)

    async def _answer(self, scope: Scope, receive: Receive, timing: "_Timing") -> Answer:
        head: Head = scope["state"]["head"]
        request_id: str = scope["state"]["request_id"]
        if scope["method"] not in _METHODS:
            raise Refusal(ErrorCode.METHOD_NOT_ALLOWED, "Send a query or a mutation by POST.")
        key = presented_key(head)
        parameters = await _parameters(scope, head, receive)
        timing.begin("gate")
        request = self.gate.admit(parameters, anonymous=key is None)
        timing.begin("execute")
        operation = request.operation.node
        if scope["method"] != "POST" and operation.operation is not OperationType.QUERY:
            raise Refusal(ErrorCode.METHOD_NOT_ALLOWED, "Send a mutation by POST.")
        async with self.turnstile:
            viewer = await self.viewers.find(key) if key else None
            context = Context(viewer, request_id, head.get("idempotency-key"))
            add_facts(operation=request.operation.name, cost=request.cost, key=viewer.key_id if viewer else None)
            return answer_result(await self._run(request, context), request_id)

    async def _run(self, request: ValidatedRequest, context: Context) -> ExecutionResult:
        deadline = Deadline(self.run_seconds)
        try:
            with deadline:
                return await self.run(request, context)
        except TimeoutError:
            if not deadline.expired:
                raise
            raise Refusal(ErrorCode.TIMEOUT, "The request took too long.") from None


class _Timing:
    """What the time goes to, part by part: how far a refused request came is told as well."""

    def __init__(self, now: float) -> None:
        self._parts, self._part, self._since = "", "receive", now

    def begin(self, part: str) -> None:
        now = time.perf_counter()
        self._parts += f"{self._part};dur={(now - self._since) * 1000:.2f}, "
        self._part, self._since = part, now

    def header(self) -> str:
        return f"{self._parts}{self._part};dur={(time.perf_counter() - self._since) * 1000:.2f}"


async def _parameters(scope: Scope, head: Head, receive: Receive) -> Parameters:
    if scope["method"] != "POST":
        return from_query_string(scope["query_string"])
    require_json(head)
    return from_body(await read_body(head, receive, limits.BODY_BYTES, limits.BODY_SECONDS))
