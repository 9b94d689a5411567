"""/graphql: one operation a request, through the gate and back."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from graphql import ExecutionResult, OperationType
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from structlog.contextvars import bind_contextvars

from api import limits
from api.answer import JSON, Answer, answer_fault, answer_result, choose_media_type
from api.body import read_body, require_json
from api.gate import Gate, Request
from api.metrics import REFUSED, RUNNING, WAITING
from api.parameters import Parameters, from_body, from_query_string
from api.viewer import Viewers, presented_key
from resolvers.execute import Context
from runtime.refusal import ErrorCode, Refusal

# Runs an operation that passed the gate. The data may be orjson.Fragment; what is raised fails all.
Run = Callable[[Request, Context], Awaitable[ExecutionResult]]


@dataclass
class Turnstile:
    """At most so many operations run at once; one waits its second, then is told to come again."""

    places: int = limits.IN_FLIGHT
    wait_seconds: float = limits.WAIT_SECONDS
    _free: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        self._free = asyncio.Semaphore(self.places)

    @asynccontextmanager
    async def pass_through(self) -> AsyncIterator[None]:
        with WAITING.track_inprogress():
            try:
                async with asyncio.timeout(self.wait_seconds if self._free.locked() else None):
                    await self._free.acquire()
            except TimeoutError:
                raise Refusal(ErrorCode.OVERLOADED, "Too many requests at the moment; try again.") from None
        try:
            with RUNNING.track_inprogress():
                yield
        finally:
            self._free.release()


@dataclass
class GraphQLEndpoint:
    """Answers POST, and GET for queries. Every refusal is JSON of the one error shape."""

    gate: Gate
    viewers: Viewers
    run: Run
    turnstile: Turnstile = field(default_factory=Turnstile)
    run_seconds: float = limits.RUN_SECONDS

    async def answer(self, http: HttpRequest) -> Response:
        media_type = JSON
        started = time.perf_counter()
        timing = _Timing(started, started)
        try:
            media_type = choose_media_type(http.headers.getlist("accept"))
            answer = await self._answer(http, timing)
        except Exception as fault:
            answer = answer_fault(fault, http.state.request_id)
        if "data" not in answer.members:
            REFUSED.labels(answer.members["errors"][0]["extensions"]["code"]).inc()
        response = answer.response(media_type)
        response.headers["Server-Timing"] = timing.header()
        return response

    async def _answer(self, http: HttpRequest, timing: "_Timing") -> Answer:
        key = presented_key(http.headers)
        parameters = await _parameters(http)
        timing.received = time.perf_counter()
        request = self.gate.admit(parameters, anonymous=key is None)
        timing.admitted = time.perf_counter()
        operation = request.operation
        if http.method != "POST" and operation.operation is not OperationType.QUERY:
            raise Refusal(ErrorCode.METHOD_NOT_ALLOWED, "Send a mutation by POST.")
        name = operation.name.value if operation.name else None
        bind_contextvars(operation=name, cost=request.cost)
        async with self.turnstile.pass_through():
            viewer = await self.viewers.find(key) if key else None
            context = Context(viewer, http.state.request_id, http.headers.get("idempotency-key"))
            bind_contextvars(key=str(viewer.key_id) if viewer else None)
            return answer_result(await self._run(request, context), http.state.request_id)

    async def _run(self, request: Request, context: Context) -> ExecutionResult:
        deadline = asyncio.timeout(self.run_seconds)
        try:
            async with deadline:
                return await self.run(request, context)
        except TimeoutError:
            if not deadline.expired():
                raise
            raise Refusal(ErrorCode.TIMEOUT, "The request took too long.") from None


@dataclass
class _Timing:
    """Moments of a request, on the clock of perf_counter."""

    received: float
    admitted: float

    def header(self) -> str:
        gate, run = self.admitted - self.received, time.perf_counter() - self.admitted
        return f"gate;dur={max(gate, 0) * 1000:.2f}, execute;dur={run * 1000:.2f}"


async def _parameters(http: HttpRequest) -> Parameters:
    if http.method != "POST":
        return from_query_string(http.scope["query_string"])
    require_json(http.headers)
    return from_body(await read_body(http, limits.BODY_BYTES, limits.BODY_SECONDS))
