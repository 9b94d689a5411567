"""`folioscope serve`: the API alone, as one process or several on one port."""

import os
import socket
from typing import Annotated

import typer

from cli.application import app
from cli.server.listening import listen
from cli.server.supervision import Supervised, stop_all, stop_on_signals, subcommand, supervise
from runtime.child_process import ChildProcess
from runtime.settings import load_settings


@app.command()
def serve(
    inherited_socket: Annotated[
        int | None, typer.Option("--socket", hidden=True, help="A listening socket's number.")
    ] = None,
) -> None:
    """Run the API on FOLIOSCOPE_HOST and FOLIOSCOPE_PORT, in FOLIOSCOPE_API_PROCESSES processes."""
    settings = load_settings()
    if inherited_socket is not None:
        _serve_on(socket.socket(fileno=inherited_socket))
        return
    listener = listen(settings)
    if settings.api_processes == 1:
        _serve_on(listener)
        return
    children = api_children(listener, settings.api_processes)
    stop_on_signals()
    try:
        for child in children:
            child.start()
        supervise(children)
    finally:
        stop_all(children)


def api_children(listener: socket.socket, number: int, environment: dict[str, str] | None = None) -> list[Supervised]:
    """API processes that accept from one socket: the kernel gives each connection to one."""
    descriptor = listener.fileno()
    command = subcommand("serve", "--socket", str(descriptor))
    return [
        Supervised(
            ChildProcess(
                name="The API" if number == 1 else f"API process {position}",
                command=command,
                environment=environment or dict(os.environ),
            ),
            inherited_files=(descriptor,),
        )
        for position in range(1, number + 1)
    ]


def _serve_on(listener: socket.socket) -> None:
    import uvicorn

    configuration = uvicorn.Config(
        "api.app:create_app",
        factory=True,
        lifespan="on",
        loop="uvloop",
        http="api.http.connection:HttpConnection",
        ws="websockets-sansio",
        ws_max_size=256 * 1024,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=30,
        # An open subscription would otherwise hold up the stop for as long as its client likes.
        timeout_graceful_shutdown=10,
    )
    uvicorn.Server(configuration).run(sockets=[listener])
