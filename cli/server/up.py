"""`folioscope up`: everything, in one command."""

import asyncio
import ctypes
import http.client
import os
import shlex
import signal
import socket
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Annotated, Literal

import typer

from cli.application import app, notices
from cli.progress import step
from cli.server.listening import address_of, connect, listen
from cli.server.serve import api_children
from cli.server.supervision import Supervised, stop_all, stop_on_signals, subcommand, supervise
from runtime.child_process import ChildProcess
from runtime.embedded.servers import EmbeddedServers
from runtime.failure import Failure
from runtime.migrate import migrate
from runtime.settings import Home, Settings, ensure_secret_key, load_settings

_FIRST_QUERY = '{"query":"{ organization { name health { score band coverage } } }"}'


@app.command()
def up(
    stop_with_parent: Annotated[bool, typer.Option(hidden=True)] = False,
) -> None:
    """Run everything: servers unless their URLs are set, migrations, demo data, API, worker."""
    if stop_with_parent:
        _stop_with_parent()
    stop_on_signals()
    try:
        with ExitStack() as stack:
            _run(stack)
    except KeyboardInterrupt:
        notices.print("Folioscope has stopped.")


def _run(stack: ExitStack) -> None:
    ensure_secret_key(Home().home)
    settings = load_settings()
    listener = stack.enter_context(listen(settings))
    servers = _start_servers(settings, stack)
    _prepare_database(settings)
    children = _children(settings, listener)
    stack.callback(stop_all, children)
    with step("Starting the API and the worker"):
        for child in children:
            child.start()
        _wait_until_ready(settings, children)
    _announce(settings)
    supervise(children, lambda: _revive(servers))


def _start_servers(settings: Settings, stack: ExitStack) -> EmbeddedServers | None:
    if not (settings.embedded_database or settings.embedded_redis):
        return None
    with step("Starting the embedded servers") as report:
        servers = EmbeddedServers(
            settings.home,
            progress=lambda what: report(what, 0, 1),
            only=_only(settings),
        )
        return stack.enter_context(servers)


def _only(settings: Settings) -> Literal["postgres", "valkey"] | None:
    if settings.embedded_database and settings.embedded_redis:
        return None
    return "postgres" if settings.embedded_database else "valkey"


def _prepare_database(settings: Settings) -> None:
    from cli.demo.seed import seed

    with step("Migrating the database") as report:
        asyncio.run(migrate(settings.database_url, progress=report))
    with step("Filling an empty database with the demo portfolio") as report:
        asyncio.run(seed(settings, report))


def _children(settings: Settings, listener: socket.socket) -> list[Supervised]:
    # The children may run elsewhere than we do, so the home is named in full.
    environment = {**os.environ, "FOLIOSCOPE_HOME": str(settings.home.absolute())}
    worker = ChildProcess("The worker", subcommand("worker"), environment)
    return [*api_children(listener, settings.api_processes, environment), Supervised(worker)]


def _wait_until_ready(settings: Settings, children: Sequence[Supervised]) -> None:
    deadline = time.monotonic() + 60
    while not _is_ready(settings):
        for child in children:
            if not child.process.is_running():
                raise Failure(
                    f"{child.process.name} ended with status {child.process.exit_status()}.",
                    "Its own messages stand above. `folioscope doctor` checks what it needs.",
                )
        if time.monotonic() > deadline:
            raise Failure(
                "The API did not become ready within 60 s.",
                "Its messages stand above. `folioscope doctor` checks what it needs.",
            )
        time.sleep(0.05)


def _is_ready(settings: Settings) -> bool:
    connection = connect(settings, 1)
    try:
        connection.request("GET", "/health/ready")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _announce(settings: Settings) -> None:
    address = address_of(settings)
    key_file = settings.home / "api-key"
    typer.echo(f"Folioscope is ready at {address}")
    if not key_file.exists():
        typer.echo(f"No API key is kept in {key_file}: use one of this database's keys.")
        return
    key = key_file.read_text().strip()
    typer.echo(f"API key: {key}")
    typer.echo("Ask it something:")
    typer.echo(
        f"  curl -s {address}graphql -H {shlex.quote(f'Authorization: Bearer {key}')} "
        f"-H 'Content-Type: application/json' -d {shlex.quote(_FIRST_QUERY)}"
    )
    typer.echo("Ctrl-C stops everything.")


def _revive(servers: EmbeddedServers | None) -> None:
    for name in servers.restart_stopped() if servers else ():
        notices.print(f"[yellow]{name} had stopped and was started again.[/]")


def _stop_with_parent() -> None:
    """Linux: SIGTERM reaches us when the process that started us dies, e.g. `make` by kill -9."""
    if sys.platform == "linux":
        set_parent_death_signal = 1
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGTERM)
