"""What is compared: three servers on the same database, each a process of its own."""

import json
import os
import socket
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from bench.operations import OPERATIONS
from cli.server.supervision import subcommand
from runtime.child_process import ChildProcess
from runtime.embedded.servers import EmbeddedServers

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Target:
    """A running server. key: null where none is asked for."""

    name: str
    port: int
    process: ChildProcess
    key: str | None = None
    one_path: bool = True

    def path(self, operation: str) -> str:
        return "/graphql" if self.one_path else f"/{operation}"

    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"} if self.key else {}

    def ask(self, operation: str) -> Any:
        """The data of one answer."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{self.path(operation)}",
            body_of(operation).encode(),
            {"Content-Type": "application/json", **self.headers()},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            document = json.load(answer)
        assert "errors" not in document, document
        return document["data"]

    def cpu_seconds(self) -> float:
        assert self.process.pid is not None, "a target runs"
        return cpu_seconds(self.process.pid)


def body_of(operation: str) -> str:
    asked = OPERATIONS[operation]
    return json.dumps({"query": asked.query, "variables": asked.variables})


def cpu_seconds(pid: int, *, with_ended_children: bool = False) -> float:
    """User and system time that a process has used, to about 10 ms; 0 when it has just ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return 0.0
    return sum(map(int, fields[11 : 15 if with_ended_children else 13])) / _TICKS


def postgres_cpu_seconds(servers: EmbeddedServers) -> float:
    """Of the server, its live backends, and those that ended."""
    assert servers.postgres.pid is not None, "PostgreSQL runs"
    children = Path(f"/proc/{servers.postgres.pid}/task/{servers.postgres.pid}/children").read_text().split()
    return cpu_seconds(servers.postgres.pid, with_ended_children=True) + sum(
        cpu_seconds(int(child)) for child in children
    )


@contextmanager
def targets(servers: EmbeddedServers, tenant_id: UUID, key: str) -> Iterator[dict[str, Target]]:
    """Folioscope, the limit, and DataLoaders, in this order; stopped at the end."""
    with ExitStack() as stack:
        environment = {
            **os.environ,
            "FOLIOSCOPE_HOME": str(servers.home),
            "FOLIOSCOPE_LOG_LEVEL": "warning",
            "FOLIOSCOPE_DATABASE_POOL_SIZE": "16",
            "BENCH_TENANT_ID": str(tenant_id),
            "BENCH_DATABASE_URL": servers.database_url,
        }
        found = {
            "folioscope": Target("folioscope", *_start(stack, subcommand("serve"), environment), key),
            "limit": Target("limit", *_start(stack, _uvicorn("bench.limit"), environment), None, one_path=False),
            "dataloaders": Target("dataloaders", *_start(stack, _uvicorn("bench.dataloaders"), environment)),
        }
        for target in found.values():
            _wait(target)
        yield found


def _uvicorn(module: str) -> tuple[str, ...]:
    """As cli/server/serve.py runs Folioscope."""
    options = (
        "--factory",
        "--loop",
        "uvloop",
        "--http",
        "httptools",
        "--no-access-log",
        "--no-server-header",
        "--no-proxy-headers",
    )
    return (sys.executable, "-m", "uvicorn", f"{module}:create_app", *options, "--log-level", "warning", "--port")


def _start(stack: ExitStack, command: tuple[str, ...], environment: dict[str, str]) -> tuple[int, ChildProcess]:
    port = free_port()
    if command[-1] == "--port":
        command = (*command, str(port))
    process = ChildProcess(command[3], command, environment | {"FOLIOSCOPE_PORT": str(port)})
    stack.callback(process.stop)
    process.start()
    return port, process


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait(target: Target) -> None:
    """Folioscope's socket listens before the application has started: only an answer tells."""
    deadline = time.monotonic() + 30
    while True:
        try:
            target.ask("rollup")
            return
        except OSError:
            if not target.process.is_running() or time.monotonic() > deadline:
                raise RuntimeError(f"{target.name} did not start") from None
            time.sleep(0.05)
