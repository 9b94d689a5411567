"""A whole Folioscope of its own: servers, API processes and workers, each of which may be killed at any moment."""

import asyncio
import os
import socket
import sys
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGCONT, SIGKILL, SIGQUIT, SIGSTOP
from types import TracebackType
from typing import Any, Self

import asyncpg
import httpx

from runtime.child_process import ChildProcess
from runtime.embedded.servers import EmbeddedServers
from runtime.migrate import migrate

_RESTART_SECONDS = 0.3
# A process that begins while PostgreSQL is away may end again; one that runs must not. These tell which it was.
_UVICORN_DID_NOT_START = 3
_WORKER_HAS_STARTED = b"worker runs"


@dataclass
class Installation:
    """Durable, since PostgreSQL is stopped in the middle. What dies is started again, as a supervisor would."""

    home: Path
    processes: dict[str, ChildProcess] = field(default_factory=dict)
    ports: list[int] = field(default_factory=list)
    crashes: list[str] = field(default_factory=list)
    """Processes that ended by themselves after they had begun their work."""
    _killed: set[str] = field(default_factory=set)
    _logged: dict[str, int] = field(default_factory=dict)
    _keeper: asyncio.Task[None] | None = None

    def __post_init__(self) -> None:
        self.servers = EmbeddedServers(self.home, durable=True)
        # Linux kills a child when the thread that started it ends: one thread starts everything.
        self._thread = ThreadPoolExecutor(1)

    async def __aenter__(self) -> Self:
        try:
            await self._in_thread(self.servers.start)
            await migrate(self.servers.database_url)
            for name in ("api-1", "api-2"):
                self.ports.append(_free_port())
                self._add(name, "-m", "cli", "serve", port=self.ports[-1])
            for name in ("worker-1", "worker-2"):
                self._add(name, "-m", "cli", "worker", "--only", "queue")
            self._add("relay-1", "-m", "cli", "worker", "--only", "relay,sweep,schedule")
            for name in self.processes:
                await self._start(name)
            self._keeper = asyncio.create_task(self._keep_running())
            await self.wait_until_ready()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.stop()

    async def stop(self) -> None:
        if self._keeper:
            self._keeper.cancel()
        for process in self.processes.values():
            await self._in_thread(process.stop)
        await self._in_thread(self.servers.stop)
        self._thread.shutdown()

    async def connect(self) -> asyncpg.Connection:
        """As superuser: sees all tenants."""
        return await asyncpg.connect(self.servers.database_url)

    async def wait_until_ready(self, seconds: float = 60) -> None:
        for port in self.ports:
            assert await until(lambda port=port: _is_ready(port), seconds), f"the API on {port} is not ready"

    # Faults --------------------------------------------------------------------------------------

    def kill(self, name: str) -> None:
        self._killed.add(name)
        self.processes[name].send(SIGKILL)

    def freeze(self, name: str) -> int | None:
        """Returns the number of the frozen process, to be woken even if another took its place."""
        self.processes[name].send(SIGSTOP)
        return self.processes[name].pid

    async def kill_valkey(self) -> None:
        """It comes back empty."""
        self.servers.valkey.send(SIGKILL)
        await self._in_thread(lambda: self.servers.valkey.wait(10))
        await self.mend_servers()

    async def stop_postgres_at_once(self, seconds: float) -> None:
        """As `pg_ctl stop -m immediate`: no checkpoint, no farewell; started again after so many seconds."""
        self.servers.postgres.send(SIGQUIT)
        await asyncio.sleep(seconds)
        await self._in_thread(lambda: self.servers.postgres.wait(30))
        await self.mend_servers()

    async def mend_servers(self) -> None:
        await self._in_thread(self.servers.restart_stopped)

    # ---------------------------------------------------------------------------------------------

    def _add(self, name: str, *arguments: str, port: int = 8000) -> None:
        environment = {
            **os.environ,
            "FOLIOSCOPE_HOME": str(self.home),
            "FOLIOSCOPE_PORT": str(port),
            "FOLIOSCOPE_LOG_LEVEL": "info",
            "FOLIOSCOPE_DATABASE_POOL_SIZE": "8",
        }
        command = (sys.executable, *arguments)
        self.processes[name] = ChildProcess(name, command, environment, self._log(name))

    async def _keep_running(self) -> None:
        while True:
            await asyncio.sleep(_RESTART_SECONDS)
            for name, process in self.processes.items():
                if process.is_running():
                    continue
                if name not in self._killed and self._had_started(name):
                    self.crashes.append(f"{name} with status {process.exit_status()}")
                self._killed.discard(name)
                await self._start(name)

    async def _start(self, name: str) -> None:
        log = self._log(name)
        self._logged[name] = log.stat().st_size if log.exists() else 0
        await self._in_thread(self.processes[name].start)

    def _had_started(self, name: str) -> bool:
        if name.startswith("api"):
            return self.processes[name].exit_status() != _UVICORN_DID_NOT_START
        return _WORKER_HAS_STARTED in self._log(name).read_bytes()[self._logged[name] :]

    def _log(self, name: str) -> Path:
        return self.home / f"{name}.log"

    async def _in_thread(self, work: Callable[[], Any]) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


def wake(pid: int | None) -> None:
    """Does nothing if the process has gone."""
    try:
        if pid is not None:
            os.kill(pid, SIGCONT)
    except ProcessLookupError:
        return


async def until(condition: Callable[[], Awaitable[bool]], seconds: float) -> bool:
    """Whether it came true within so many seconds."""
    deadline = asyncio.get_running_loop().time() + seconds
    while not await condition():
        if asyncio.get_running_loop().time() > deadline:
            return False
        await asyncio.sleep(0.05)
    return True


async def _is_ready(port: int) -> bool:
    try:
        async with httpx.AsyncClient() as client:
            answer = await client.get(f"http://127.0.0.1:{port}/health/ready")
        return answer.status_code == 200
    except httpx.TransportError:
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
