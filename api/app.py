"""The API as an ASGI application: its parts, its routes, and how both begin and end."""

import gc
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import redis.asyncio
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Lifespan, Receive, Scope, Send

from api.bulk import BulkDoor
from api.door import Door, answer_exception
from api.graphql.gate import Gate
from api.graphql.view import GraphQLEndpoint
from api.ingest import IngestDoor
from api.pages import PATHS, StaticPage, all_pages
from api.probes import Probes, metrics
from api.viewer import Viewers
from api.webhooks import WebhookDoor
from resolvers.engine.execute import Executor, Schema
from runtime.clock import Clock
from runtime.encryption import SecretBox
from runtime.postgres import Database
from runtime.refusal import Refusal
from runtime.settings import Settings, load_settings
from runtime.telemetry import configure_logging


@dataclass(frozen=True)
class Parts:
    """What the routes stand on, from start-up to shutdown."""

    graphql: GraphQLEndpoint
    ingest: IngestDoor
    bulk: BulkDoor
    webhooks: WebhookDoor
    probes: Probes
    pages: Mapping[str, StaticPage]


def create_app(settings: Settings | None = None, clock: Clock | None = None) -> "Application":
    """Reads the environment unless told otherwise. Servers are reached when the application starts."""
    settings = settings or load_settings()
    clock = clock or Clock()
    configure_logging(settings.log_level, settings.log_format)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with open_parts(settings, clock) as parts:
            app.state.parts = parts
            # The schema stays: looking through it for garbage is a twentieth of the time of a small read.
            gc.freeze()
            yield

    return Application(lifespan)


_GRAPHQL = "/graphql"


class Application(Starlette):
    """Starlette, but its middleware and router are a sixth of the time of a small read: /graphql goes past them."""

    def __init__(self, lifespan: Lifespan[Starlette]) -> None:
        super().__init__(
            routes=ROUTES,
            middleware=[Middleware(Door)],
            exception_handlers={Refusal: answer_exception, HTTPException: answer_exception},
            lifespan=lifespan,
        )
        # It would redirect to whatever the Host header names.
        self.router.redirect_slashes = False
        self._door = Door(self._graphql, _GRAPHQL)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        short = scope["type"] == "http" and scope["path"] == _GRAPHQL
        await (self._door(scope, receive, send) if short else super().__call__(scope, receive, send))

    async def _graphql(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.state.parts.graphql(scope, receive, send)


@asynccontextmanager
async def open_parts(settings: Settings, clock: Clock) -> AsyncIterator[Parts]:
    database = await Database.open(settings.database_url, size=settings.database_pool_size)
    doorbell = redis.asyncio.from_url(
        settings.redis_url,
        max_connections=settings.redis_pool_size,
        socket_timeout=1,
        socket_connect_timeout=1,
    )
    try:
        schema, viewers = Schema(), Viewers(database, clock)
        executor = Executor(schema, database, clock, settings)
        yield Parts(
            graphql=GraphQLEndpoint(Gate(schema.graphql), viewers, executor.run),
            ingest=IngestDoor(database, viewers, clock),
            bulk=BulkDoor(database, viewers, clock),
            webhooks=WebhookDoor(database, SecretBox.from_settings(settings), clock),
            probes=Probes(database, doorbell),
            pages=all_pages(schema.print(), _address(settings)),
        )
    finally:
        await doorbell.aclose()
        await database.close()


def _address(settings: Settings) -> str:
    """Where a client on this machine finds the API."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"


def _parts(request: HttpRequest) -> Parts:
    return request.app.state.parts


async def _ingest(request: HttpRequest) -> Response:
    return await _parts(request).ingest.receive(request)


async def _import(request: HttpRequest) -> Response:
    return await _parts(request).bulk.receive(request)


async def _export(request: HttpRequest) -> Response:
    return await _parts(request).bulk.send(request)


async def _webhook(request: HttpRequest) -> Response:
    return await _parts(request).webhooks.receive(request)


async def _live(request: HttpRequest) -> Response:
    return await _parts(request).probes.live(request)


async def _ready(request: HttpRequest) -> Response:
    return await _parts(request).probes.ready(request)


async def _page(request: HttpRequest) -> Response:
    return await _parts(request).pages[request.scope["route"].path].answer(request)


ROUTES = [
    *(Route(path, _page) for path in PATHS),
    Route("/ingest/measurements", _ingest, methods=["POST"]),
    Route("/imports", _import, methods=["POST"]),
    Route("/exports/{job}", _export, methods=["GET"]),
    Route("/webhooks/{connection}", _webhook, methods=["POST"]),
    Route("/health/live", _live),
    Route("/health/ready", _ready),
    Route("/metrics", metrics),
]
